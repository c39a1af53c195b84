"""What is known of a node's numbers before they are computed: bounds, and whether any can be infinite or NaN.

Derivatives are masked only where they need it, and here is told where they do not. The leaves are finite, of any size.
Bounds are loose, so that rounding, float32 included, does not leave them. Overflow of sums and products of finite
numbers is left out, or nearly everything could be infinite; that of exp is not.

A worked example: exp(-x) is from 0 to infinity, and may be infinite. 1 + exp(-x) is 1 at least. So 1 / (1 + exp(-x)) is
between 0 and 1, and finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fastdescent.program.graph.nodes import Node

_TINY = 1e-30  #: a size of which nothing in float32 loses sight
_LARGEST_POWER = 64.0  #: whose overflow is left out
_OVERFLOWS = 80.0  #: exp of more may be infinite in float32


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of all elements, and whether some may be infinite or NaN."""

    low: float = -math.inf
    high: float = math.inf
    infinite: bool = False
    nan: bool = False
    nonzero: bool = False  #: certainly, though there may be zero between the bounds

    @property
    def is_finite(self) -> bool:
        return not (self.infinite or self.nan)

    @property
    def may_be_zero(self) -> bool:
        return not self.nonzero and self.low <= _TINY and self.high >= -_TINY


_ANYTHING = Range(infinite=True, nan=True)


class Ranges:
    """The ranges of a graph's nodes, worked out when they are asked for. `xs` are finite, whatever they are made of."""

    def __init__(self, *xs: Node) -> None:
        self._known: dict[int, Range] = {x.number: Range() for x in xs}

    def of(self, node: Node) -> Range:
        stack = [node]
        while stack:
            n = stack[-1]
            missing = [i for i in n.inputs if i.number not in self._known]
            if n.number in self._known or not missing:
                stack.pop()
                if n.number not in self._known:
                    self._known[n.number] = self._worked_out(n)
            else:
                stack += missing
        return self._known[node.number]

    def _worked_out(self, node: Node) -> Range:
        args = [self._known[i.number] for i in node.inputs]
        if node.op == "select" and node.inputs[1].op == "div" and node.inputs[0] is node.inputs[1].inputs[1]:
            numerator = self._known[node.inputs[1].inputs[0].number]  # where the denominator is not zero
            return _hull(Range(infinite=numerator.infinite, nan=numerator.nan), args[2])
        return _range(node, args)


def _range(node: Node, args: list[Range]) -> Range:
    if node.value is not None:
        return _constant(node.value)
    if not args:
        return Range()
    if node.op == "mul" and node.inputs[0] is node.inputs[1]:
        return _power(args[0], 2)
    if node.op == "powi":
        return _power(args[0], node.attr)
    if node.op == "sum":
        return _sum(args[0], node.inputs[0].size // max(node.size, 1))
    if node.op == "sub" and node.inputs[1].op == "logaddexp" and node.inputs[0] in node.inputs[1].inputs:
        return replace(_add(args[0], _neg(args[1])), high=0.0)
    return range_of(node.op, args)


def range_of(op: str, args: Sequence[Range]) -> Range:
    """Of a result of the operation, for operands of these ranges; anything if no rule is known."""
    found = _RULES[op](*args) if op in _RULES else _ANYTHING
    return replace(found, infinite=found.infinite and (found.low == -math.inf or found.high == math.inf))


def _constant(value: np.ndarray) -> Range:
    if not value.size:
        return Range(0.0, 0.0)
    known = value[~np.isnan(value)]
    ends = (float(known.min()), float(known.max())) if known.size else (-math.inf, math.inf)
    return Range(*ends, infinite=bool(np.isinf(value).any()), nan=known.size < value.size,
                 nonzero=bool(np.all(np.abs(known) > _TINY)))  # fmt: skip


def _neg(a: Range) -> Range:
    return Range(-a.high, -a.low, a.infinite, a.nan)


def _abs(a: Range) -> Range:
    return Range(max(a.low, -a.high, 0.0), max(-a.low, a.high), a.infinite, a.nan)


def _hull(*args: Range) -> Range:
    ends = min(a.low for a in args), max(a.high for a in args)
    return Range(*ends, any(a.infinite for a in args), any(a.nan for a in args))


def _add(a: Range, b: Range) -> Range:
    opposite = (a.high == math.inf and b.low == -math.inf) or (a.low == -math.inf and b.high == math.inf)
    nan = a.nan or b.nan or (a.infinite and b.infinite and opposite)
    low, high = a.low + b.low, a.high + b.high
    return Range(-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high,
                 a.infinite or b.infinite, nan)  # fmt: skip


def _sum(a: Range, n: int) -> Range:
    both_signs = a.low == -math.inf and a.high == math.inf
    return Range(_times(n, a.low), _times(n, a.high), a.infinite, a.nan or (a.infinite and both_signs and n > 1))


def _times(p: float, q: float) -> float:
    """p * q, where zero times infinity is zero."""
    return 0.0 if p == 0.0 or q == 0.0 else p * q


def _mul(a: Range, b: Range) -> Range:
    corners = [_times(p, q) for p in (a.low, a.high) for q in (b.low, b.high)]
    nan = a.nan or b.nan or (a.infinite and b.may_be_zero) or (b.infinite and a.may_be_zero)
    return Range(min(corners), max(corners), a.infinite or b.infinite, nan)


def _div(a: Range, b: Range) -> Range:
    nan = a.nan or b.nan or (a.infinite and b.infinite)
    if not b.may_be_zero:
        inverse = Range(1.0 / b.high, 1.0 / b.low) if b.low > 0.0 or b.high < 0.0 else Range()
        found = _mul(a, inverse)
        return replace(found, infinite=a.infinite, nan=nan)
    return Range(infinite=True, nan=nan or a.may_be_zero)  # zero may have either sign


def _power(a: Range, n: int) -> Range:
    if n < 0:
        return _div(Range(1.0, 1.0), _power(a, -n))
    size = _abs(a) if n % 2 == 0 else a
    return Range(_raised(size.low, n), _raised(size.high, n), a.infinite, a.nan)


def _raised(a: float, n: int) -> float:
    try:
        return a**n
    except OverflowError:
        return math.inf if a > 0.0 or n % 2 == 0 else -math.inf


def _general_power(a: Range, c: Range) -> Range:
    nan = a.nan or c.nan or a.low < 0.0
    if c.low == c.high and abs(c.low) <= _LARGEST_POWER and (c.low > 0.0 or not a.may_be_zero):
        return Range(0.0 if a.low >= 0.0 else -math.inf, infinite=a.infinite, nan=nan)
    return Range(infinite=True, nan=nan)


def _sqrt(a: Range) -> Range:
    return Range(math.sqrt(max(a.low, 0.0)), math.sqrt(max(a.high, 0.0)), a.infinite, a.nan or a.low < 0.0)


def _exp(a: Range) -> Range:
    low, high = (math.exp(x) if x < _OVERFLOWS else math.inf for x in (a.low, a.high))
    return Range(low if low < math.inf else math.exp(_OVERFLOWS), high, infinite=high == math.inf, nan=a.nan)


def _expm1(a: Range) -> Range:
    return _add(_exp(a), Range(-1.0, -1.0))


def _growing(a: Range) -> Range:
    """sinh and cosh, loosely."""
    return Range(infinite=max(-a.low, a.high) >= _OVERFLOWS, nan=a.nan)


def _cosh(a: Range) -> Range:
    return replace(_growing(a), low=1.0)


def _log(a: Range) -> Range:
    pole = a.low <= _TINY
    return Range(infinite=a.infinite or pole, nan=a.nan or a.low < 0.0)


def _within(low: float, high: float, of_infinity: bool = True) -> Callable[..., Range]:
    """A bounded function, which has values `of_infinity` or is NaN there."""
    return lambda *args: Range(low, high, nan=any(a.nan or (a.infinite and not of_infinity) for a in args))


def _on_unit_interval(a: Range) -> Range:
    return Range(-4.0, 4.0, nan=a.nan or a.low < -1.0 or a.high > 1.0)


def _atanh(a: Range) -> Range:
    pole = a.low <= -1.0 + 1e-6 or a.high >= 1.0 - 1e-6
    return Range(infinite=pole, nan=a.nan or a.low < -1.0 or a.high > 1.0)


def _hypot(a: Range, b: Range) -> Range:
    return Range(max(_abs(a).low, _abs(b).low), math.inf, a.infinite or b.infinite, a.nan or b.nan)


def _extreme(pick: Callable[[float, float], float]) -> Callable[[Range, Range], Range]:
    return lambda a, b: replace(_hull(a, b), low=pick(a.low, b.low), high=pick(a.high, b.high))


_RULES: dict[str, Callable[..., Range]] = {
    "view": lambda a: a,
    "copy": lambda a: a,
    "gather": lambda index, data: data,
    "assemble": _hull,
    "neg": _neg,
    "abs": _abs,
    "sign": lambda a: Range(-1.0, 1.0, nan=a.nan),
    "add": _add,
    "sub": lambda a, b: _add(a, _neg(b)),
    "mul": _mul,
    "div": _div,
    "pow": _general_power,
    "sqrt": _sqrt,
    "exp": _exp,
    "expm1": _expm1,
    "sinh": _growing,
    "cosh": _cosh,
    "log": _log,
    "log2": _log,
    "log10": _log,
    "log1p": lambda a: _log(_add(a, Range(1.0, 1.0))),
    "sin": _within(-1.0, 1.0, of_infinity=False),
    "cos": _within(-1.0, 1.0, of_infinity=False),
    "tan": _within(-math.inf, math.inf, of_infinity=False),
    "tanh": _within(-1.0, 1.0),
    "erf": _within(-1.0, 1.0),
    "erfc": _within(0.0, 2.0),
    "expit": _within(0.0, 1.0),
    "atan": _within(-2.0, 2.0),
    "atan2": _within(-4.0, 4.0),
    "asin": _on_unit_interval,
    "acos": _on_unit_interval,
    "asinh": lambda a: Range(infinite=a.infinite, nan=a.nan),
    "acosh": lambda a: Range(0.0, math.inf, a.infinite, a.nan or a.low < 1.0),
    "atanh": _atanh,
    "cbrt": lambda a: Range(infinite=a.infinite, nan=a.nan),
    "hypot": _hypot,
    "logaddexp": lambda a, b: replace(_hull(a, b), low=max(a.low, b.low), high=max(a.high, b.high) + 1.0),
    "max": _extreme(max),
    "min": _extreme(min),
    "select": lambda c, a, b: _hull(a, b),
    "choose": lambda c, a, b: _hull(a, b),
}
_RULES |= dict.fromkeys(("floor", "ceil", "rint"), lambda a: _add(a, Range(-1.0, 1.0)))
_RULES |= dict.fromkeys(("lt", "le", "eq", "ne"), lambda a, b: Range(0.0, 1.0))
_RULES |= dict.fromkeys(("draw_uniform", "draw_normal", "draw_integer", "draw_shuffled"), lambda *args: Range())
