"""Recognizes sums of squares: numbers that are never negative, and whose derivative is 0 wherever they are 0.

Their square root is a norm. Its derivative x / norm is 0 / 0 at 0, and counts as 0.
"""

from __future__ import annotations

import numpy as np

from fastdescent.program.graph.build import constant_value
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.ranges import Ranges

_KEEPING = frozenset(("add", "sum", "view", "copy", "assemble", "max"))


def is_sum_of_squares(node: Node, ranges: Ranges) -> bool:
    """Whether all numbers certainly are such sums; factors and terms may be positive numbers."""
    seen, stack = set(), [node]
    while stack:
        n = stack.pop()
        if n.number in seen:
            continue
        seen.add(n.number)
        parts = _parts(n, ranges)
        if parts is None:
            return False
        stack += parts
    return True


def _parts(node: Node, ranges: Ranges) -> list[Node] | None:
    """The nodes that must be sums of squares if this one is to be one; None if it is not one."""
    value = constant_value(node)
    if value is not None:
        return [] if np.all(value >= 0.0) else None
    if node.op in _KEEPING:
        return list(node.inputs)
    if node.op == "select":
        return list(node.inputs[1:])
    if node.op == "powi":
        is_even = node.attr % 2 == 0 or ranges.of(node.inputs[0]).low >= 0.0
        return [] if node.attr > 1 and is_even else None
    if node.op == "pow":
        base, exponent = (ranges.of(n) for n in node.inputs)
        return [] if base.low >= 0.0 and exponent.low == exponent.high and exponent.low > 1.0 else None
    if node.op == "mul":
        p, q = node.inputs
        return [] if p is q else [n for n in (p, q) if not _is_positive(n, ranges)]
    if node.op == "div" and _is_positive(node.inputs[1], ranges):
        return [node.inputs[0]]
    return None


def _is_positive(node: Node, ranges: Ranges) -> bool:
    known = ranges.of(node)
    return known.low > 0.0 and not known.may_be_zero
