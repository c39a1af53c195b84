"""Proves, if it can, that f is finite on a box. Steps then need not compute f only to test that.

Interval arithmetic over the traced graph, one interval per node. Rounding is monotone, so bounds that are computed in
floating point bound the values that engines compute. A slack covers sums and fused operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from fastdescent.program.graph.nodes import Node, reachable
from fastdescent.program.graph.ranges import Range, range_of

Interval = tuple[float, float]
_SLACK = 1e-9  #: relative


class _Unbounded(Exception):
    """No finite bound is known."""


def certainly_finite(f: Node, leaves: Mapping[str, Interval], largest: float) -> bool:
    """Whether f and all intermediate values certainly stay within +-`largest`, for leaves in their intervals."""
    found: dict[int, Interval] = {}
    try:
        for node in reachable([f]):
            low, high = _bounds(node, [found[n.number] for n in node.inputs], leaves)
            low, high = low - abs(low) * _SLACK, high + abs(high) * _SLACK
            if not (-largest < low and high < largest):
                return False
            found[node.number] = low, high
    except (_Unbounded, OverflowError):
        return False
    return True


def hull(values: npt.ArrayLike) -> Interval:
    """Smallest and largest of some numbers."""
    array = np.asarray(values, dtype=np.float64)
    return float(array.min()), float(array.max())


def _bounds(node: Node, args: list[Interval], leaves: Mapping[str, Interval]) -> Interval:
    if node.value is not None:
        if node.size and not np.all(np.isfinite(node.value)):
            raise _Unbounded
        return hull(node.value) if node.size else (0.0, 0.0)
    if not args:
        return leaves[node.attr]
    if node.op == "sum":
        n = node.inputs[0].size // max(node.size, 1)
        return n * args[0][0], n * args[0][1]
    if node.op == "assemble":
        return _hull_of(*args)
    if node.op == "powi":
        return _integer_power(args[0], node.attr)
    if node.op == "mul" and node.inputs[0] is node.inputs[1]:
        return _integer_power(args[0], 2)
    rule = _RULES.get(node.op)
    return _bounds_of_range(node.op, args) if rule is None else rule(*args)


def _bounds_of_range(op: str, args: list[Interval]) -> Interval:
    known = range_of(op, [Range(*a) for a in args])
    if not (known.is_finite and math.isfinite(known.low) and math.isfinite(known.high)):
        raise _Unbounded
    return known.low, known.high


def _hull_of(*args: Interval) -> Interval:
    return min(a[0] for a in args), max(a[1] for a in args)


def _product(a: Interval, b: Interval) -> Interval:
    corners = [p * q for p in a for q in b]
    return min(corners), max(corners)


def _quotient(a: Interval, b: Interval) -> Interval:
    if b[0] <= 0.0 <= b[1]:
        raise _Unbounded
    return _product(a, (1.0 / b[1], 1.0 / b[0]))


def _integer_power(a: Interval, n: int) -> Interval:
    if n < 0:
        return _quotient((1.0, 1.0), _integer_power(a, -n))
    ends = a[0] ** n, a[1] ** n
    inside = a[0] < 0.0 < a[1] and n % 2 == 0
    return 0.0 if inside else min(ends), max(ends)


def _rising(function: Callable[[float], float], above: float = -math.inf) -> Callable[[Interval], Interval]:
    """A function that rises for x >= `above`, and is not defined below."""

    def rule(a: Interval) -> Interval:
        if not a[0] >= above:
            raise _Unbounded
        return function(a[0]), function(a[1])

    return rule


def _rising_past(function: Callable[[float], float], low: float, high: float = math.inf) -> Callable[..., Interval]:
    """A function that rises for low < x < high, with poles at both ends."""

    def rule(a: Interval) -> Interval:
        if not (a[0] > low and a[1] < high):
            raise _Unbounded
        return function(a[0]), function(a[1])

    return rule


def _on_unit_interval(low: float, high: float) -> Callable[[Interval], Interval]:
    """A function that is defined for -1 <= x <= 1, with values between `low` and `high`."""

    def rule(a: Interval) -> Interval:
        if not (a[0] >= -1.0 and a[1] <= 1.0):
            raise _Unbounded
        return low, high

    return rule


def _cosh(a: Interval) -> Interval:
    ends = math.cosh(a[0]), math.cosh(a[1])
    return 1.0 if a[0] < 0.0 < a[1] else min(ends), max(ends)


def _general_power(a: Interval, b: Interval) -> Interval:
    if not a[0] > 0.0:
        raise _Unbounded
    corners = [p**q for p in a for q in b]
    return min(corners), max(corners)


#: Of operations whose bounds on bounded numbers are tighter than what `ranges` knows.
_RULES: dict[str, Callable[..., Interval]] = {
    "mul": _product,
    "div": _quotient,
    "sqrt": _rising(math.sqrt, above=0.0),
    "exp": _rising(math.exp),
    "expm1": _rising(math.expm1),
    "sinh": _rising(math.sinh),
    "cosh": _cosh,
    "asinh": _rising(math.asinh),
    "acosh": _rising(math.acosh, above=1.0),
    "atanh": _rising_past(math.atanh, -1.0, 1.0),
    "cbrt": _rising(math.cbrt),
    "log": _rising_past(math.log, 0.0),
    "log1p": _rising_past(math.log1p, -1.0),
    "log2": _rising_past(math.log2, 0.0),
    "log10": _rising_past(math.log10, 0.0),
    "asin": _on_unit_interval(-2.0, 2.0),
    "acos": _on_unit_interval(0.0, 4.0),
    "floor": lambda a: (a[0] - 1.0, a[1]),
    "ceil": lambda a: (a[0], a[1] + 1.0),
    "rint": lambda a: (a[0] - 0.5, a[1] + 0.5),
    "hypot": lambda a, b: (0.0, math.hypot(max(map(abs, a)), max(map(abs, b)))),
    "pow": _general_power,
}
