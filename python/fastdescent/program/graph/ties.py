"""Derivatives at ties: where the operands of a maximum are equal, in whatever way the maximum is written.

With a constant the constant wins, so that relu'(0) = 0; between two variables each has half. A constant is what does
not depend on x. Spellings of max(z, 0) that are known:

    max(z, 0)    where(z >= 0, z, 0)    where(~(z < 0), z, 0)    (z >= 0) * z    (z + |z|) / 2    z - min(z, 0)

Those with > are right without being known.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from fastdescent.program.graph.build import Builder, constant_value
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.partial import Partial

Partials = tuple[Partial | None, ...]


def at_ties(b: Builder, node: Node, varies: Collection[int]) -> Partials | None:
    """The partial derivatives if the node may have a tie, otherwise None. `varies`: numbers of what depends on x."""
    rule = _RULES.get(node.op)
    return None if rule is None else rule(b, node, varies)


def _extremum(b: Builder, node: Node, varies: Collection[int]) -> Partials:
    p, q = node.inputs
    if p is q:
        return Partial(), None
    low, high = (p, q) if node.op == "max" else (q, p)  # p loses if low < high
    if q.number not in varies:
        return Partial(where=(b.elementwise("le", low, high), False)), None
    if p.number not in varies:
        return None, Partial(where=(b.elementwise("le", high, low), False))
    tie = b.elementwise("eq", p, q)
    return (
        Partial(where=(b.elementwise("lt", low, high), False), halved=tie),
        Partial(where=(b.elementwise("lt", high, low), False), halved=tie),
    )


def _select(b: Builder, node: Node, varies: Collection[int]) -> Partials | None:
    """where(u <= w, u, w) and its like, of which NaN takes the last branch."""
    condition, first, second = node.inputs
    negated = condition.op == "eq" and _is_zero(condition.inputs[1]) and condition.inputs[0].op in ("lt", "le")
    if negated:  # not u < w
        condition, first, second = condition.inputs[0], second, first
    if condition.op not in ("lt", "le") or not _are_same(condition.inputs, (first, second)):
        return None
    u, w = condition.inputs
    if second.number not in varies:
        found: Partials = Partial(where=(b.elementwise("lt", u, w), True)), None
    elif first.number not in varies:
        found = None, Partial(where=(b.elementwise("le", u, w), False))
    else:
        tie = b.elementwise("eq", u, w)
        found = (
            Partial(where=(b.elementwise("le", u, w), True), halved=tie),
            Partial(where=(b.elementwise("lt", u, w), False), halved=tie),
        )
    return (None, *(reversed(found) if negated else found))


def _product(b: Builder, node: Node, varies: Collection[int]) -> Partials | None:
    """(z >= 0) * z: the mask counts as 0 where z is 0."""
    for mask, z in (node.inputs, node.inputs[::-1]):
        if _holds_at_zero(mask, z):
            zero = b.const(0.0)
            of_z = Partial(1, b.select(z, mask, zero))
            return (Partial(1, z), of_z) if mask is node.inputs[0] else (of_z, Partial(1, z))
    return None


def _holds_at_zero(mask: Node, z: Node) -> bool:
    """Whether the mask is 0 <= z or z <= 0, the contrary of 0 < z or z < 0, or such a mask as a choice of constants."""
    if mask.op == "select" and all(constant_value(n) is not None for n in mask.inputs[1:]):
        return _compares_with_zero(mask.inputs[0], z)
    return mask.op != "lt" and _compares_with_zero(mask, z)


def _compares_with_zero(mask: Node, z: Node) -> bool:
    if mask.op == "eq" and _is_zero(mask.inputs[1]):
        mask = mask.inputs[0]
    if mask.op not in ("lt", "le"):
        return False
    u, w = mask.inputs
    return (u is z and _is_zero(w)) or (w is z and _is_zero(u))


def _sum(b: Builder, node: Node, varies: Collection[int]) -> Partials | None:
    """z +- |z|, where both may have the same constant factor, and z - min(z, c): z's own part is 0 at the kink."""
    minus = -1 if node.op == "sub" else 1
    for k, (a, c) in enumerate((node.inputs, node.inputs[::-1])):
        (z, scale), (other, other_scale) = _scaled(a), _scaled(c)
        kink: Node | None = None
        if other.op == "abs" and _up_to_sign(other.inputs[0]) is _up_to_sign(z) and scale is other_scale:
            kink = b.const(0.0)
        elif node.op == "sub" and k == 0 and other.op in ("max", "min") and z in other.inputs and scale is other_scale:
            kink = other.inputs[1 - other.inputs.index(z)]
            kink = None if kink.number in varies else kink
        if kink is not None:
            masked = Partial(1 if k == 0 else minus, where=(b.elementwise("eq", z, kink), False))
            return (masked, Partial(minus)) if k == 0 else (Partial(), masked)
    return None


def _up_to_sign(node: Node) -> Node:
    return node.inputs[0] if node.op == "neg" else node


def _scaled(node: Node) -> tuple[Node, Node | None]:
    """(z, c) of z * c with a constant c; (node, None) if it is none."""
    if node.op == "mul":
        for z, c in (node.inputs, node.inputs[::-1]):
            if constant_value(c) is not None:
                return z, c
    return node, None


def _is_zero(node: Node) -> bool:
    value = constant_value(node)
    return value is not None and not np.any(value)


def _are_same(some: tuple[Node, ...], others: tuple[Node, ...]) -> bool:
    """Whether two pairs are the same in this or the other order, constants by their values."""
    return any(all(_is_same(a, c) for a, c in zip(some, pair, strict=True)) for pair in (others, others[::-1]))


def _is_same(a: Node, c: Node) -> bool:
    if a is c:
        return True
    of_a, of_c = constant_value(a), constant_value(c)
    return of_a is not None and of_c is not None and np.array_equal(of_a, of_c)


_RULES = {"max": _extremum, "min": _extremum, "select": _select, "mul": _product, "add": _sum, "sub": _sum}
