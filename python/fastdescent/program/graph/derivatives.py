"""The partial derivatives of every elementwise operation, written once for reverse and forward mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.partial import Partial
from fastdescent.program.graph.ranges import Ranges
from fastdescent.program.graph.squares import is_sum_of_squares
from fastdescent.program.graph.ties import at_ties

_ONE = Partial()
_MINUS = Partial(-1)
Rule = Callable[[Builder, Node], tuple[Partial | None, ...]]


@dataclass(frozen=True, slots=True)
class Scope:
    """What derivatives need to know beside the node: the numbers of the nodes that depend on x, and all ranges."""

    varies: Collection[int]
    ranges: Ranges


def partials(b: Builder, node: Node, scope: Scope) -> tuple[Partial | None, ...]:
    """One per input; None if the derivative is zero wherever it exists."""
    found = at_ties(b, node, scope.varies)
    if found is not None:
        return found
    if node.op in _ROOTS:
        return _ROOTS[node.op](b, node, scope)
    return _RULES[node.op](b, node)


def _times(factor: Node) -> Partial:
    return Partial(1, factor)


def _inverse(b: Builder, a: Node) -> Node:
    return b.div(b.const(1.0), a)


def _powi(b: Builder, node: Node) -> tuple[Partial | None, ...]:
    n = node.attr
    return (_times(b.mul(b.const(float(n)), b.power(node.inputs[0], n - 1))),)


def _pow(b: Builder, node: Node, scope: Scope) -> tuple[Partial | None, ...]:
    a, c = node.inputs
    by_base = b.mul(c, b.elementwise("pow", a, b.sub(c, b.const(1.0))))
    exponent = scope.ranges.of(c)
    if c.stage == 0:
        if exponent.low > 0.0 and exponent.high < 1.0 and is_sum_of_squares(a, scope.ranges):
            by_base = b.select(a, by_base, b.const(0.0))
        return _times(by_base), None
    by_exponent = b.mul(node, b.elementwise("log", a))
    if scope.ranges.of(a).may_be_zero:
        by_exponent = b.select(node, by_exponent, b.const(0.0))  # 0 ** c is 0 for all c > 0
    return _times(by_base), _times(by_exponent)


def _sqrt(b: Builder, node: Node, scope: Scope) -> tuple[Partial | None, ...]:
    """1 / (2 sqrt(x)), infinite at 0, unless x is a sum of squares."""
    factor = b.div(b.const(0.5), node)
    if scope.ranges.of(node).may_be_zero and is_sum_of_squares(node.inputs[0], scope.ranges):
        factor = b.select(node, factor, b.const(0.0))
    return (_times(factor),)


def _hypot(b: Builder, node: Node, scope: Scope) -> tuple[Partial | None, ...]:
    quotients = [b.div(a, node) for a in node.inputs]
    if not scope.ranges.of(node).may_be_zero:
        return tuple(_times(q) for q in quotients)
    return tuple(_times(b.select(node, q, b.const(0.0))) for q in quotients)


def _div(b: Builder, node: Node) -> tuple[Partial | None, ...]:
    inverse = _inverse(b, node.inputs[1])
    return _times(inverse), Partial(-1, b.mul(node, inverse))


def _atan2(b: Builder, node: Node) -> tuple[Partial | None, ...]:
    y, x = node.inputs
    r2 = b.add(b.mul(x, x), b.mul(y, y))
    return _times(b.div(x, r2)), Partial(-1, b.div(y, r2))


def _one_plus_square(b: Builder, a: Node) -> Node:
    return b.add(b.mul(a, a), b.const(1.0))


def _logarithm(base: float) -> Rule:
    return lambda b, n: (_times(b.div(b.const(1.0 / math.log(base)), n.inputs[0])),)


def _one_minus_square(b: Builder, a: Node) -> Node:
    """(1 - a) (1 + a), which keeps its digits near 1."""
    one = b.const(1.0)
    return b.mul(b.sub(one, a), b.add(one, a))


def _asin(b: Builder, node: Node) -> Node:
    return _inverse(b, b.elementwise("sqrt", _one_minus_square(b, node.inputs[0])))


def _acosh(b: Builder, node: Node) -> tuple[Partial | None, ...]:
    """1 / (sqrt(x - 1) sqrt(x + 1)), which is not 0 if x^2 overflows."""
    (a,), one = node.inputs, b.const(1.0)
    roots = b.mul(b.elementwise("sqrt", b.sub(a, one)), b.elementwise("sqrt", b.add(a, one)))
    return (_times(_inverse(b, roots)),)


def _bell(b: Builder, node: Node) -> Node:
    """2 / sqrt(pi) * exp(-x^2)."""
    (a,) = node.inputs
    return b.mul(b.const(2.0 / math.sqrt(math.pi)), b.elementwise("exp", b.neg(b.mul(a, a))))


def _expit(b: Builder, node: Node) -> tuple[Partial | None, ...]:
    """expit(x) expit(-x): unlike expit(x) (1 - expit(x)), it does not cancel for large x."""
    return (_times(b.mul(node, b.elementwise("expit", b.neg(node.inputs[0])))),)


def _logaddexp(b: Builder, node: Node) -> tuple[Partial | None, ...]:
    return tuple(_times(b.elementwise("exp", b.sub(a, node))) for a in node.inputs)


def _choice(b: Builder, node: Node) -> tuple[Partial | None, ...]:
    condition = node.inputs[0]
    return None, Partial(where=(condition, True)), Partial(where=(condition, False))


_RULES: dict[str, Rule] = {
    "copy": lambda b, n: (_ONE,),
    "neg": lambda b, n: (_MINUS,),
    "add": lambda b, n: (_ONE, _ONE),
    "sub": lambda b, n: (_ONE, _MINUS),
    "mul": lambda b, n: (_times(n.inputs[1]), _times(n.inputs[0])),
    "div": _div,
    "powi": _powi,
    "abs": lambda b, n: (_times(b.elementwise("sign", n.inputs[0])),),
    "exp": lambda b, n: (_times(n),),
    "log": lambda b, n: (_times(_inverse(b, n.inputs[0])),),
    "sin": lambda b, n: (_times(b.elementwise("cos", n.inputs[0])),),
    "cos": lambda b, n: (Partial(-1, b.elementwise("sin", n.inputs[0])),),
    "tan": lambda b, n: (_times(_one_plus_square(b, n)),),
    "tanh": lambda b, n: (_times(b.sub(b.const(1.0), b.mul(n, n))),),
    "atan": lambda b, n: (_times(_inverse(b, _one_plus_square(b, n.inputs[0]))),),
    "atan2": _atan2,
    "expm1": lambda b, n: (_times(b.elementwise("exp", n.inputs[0])),),
    "log1p": lambda b, n: (_times(_inverse(b, b.add(n.inputs[0], b.const(1.0)))),),
    "log2": _logarithm(2.0),
    "log10": _logarithm(10.0),
    "asin": lambda b, n: (_times(_asin(b, n)),),
    "acos": lambda b, n: (Partial(-1, _asin(b, n)),),
    "sinh": lambda b, n: (_times(b.elementwise("cosh", n.inputs[0])),),
    "cosh": lambda b, n: (_times(b.elementwise("sinh", n.inputs[0])),),
    "asinh": lambda b, n: (_times(_inverse(b, b.elementwise("hypot", n.inputs[0], b.const(1.0)))),),
    "acosh": _acosh,
    "atanh": lambda b, n: (_times(_inverse(b, _one_minus_square(b, n.inputs[0]))),),
    "cbrt": lambda b, n: (_times(b.div(b.const(1.0 / 3.0), b.mul(n, n))),),
    "erf": lambda b, n: (_times(_bell(b, n)),),
    "erfc": lambda b, n: (Partial(-1, _bell(b, n)),),
    "expit": _expit,
    "logaddexp": _logaddexp,
    "select": _choice,
    "choose": _choice,
} | dict.fromkeys(("sign", "floor", "ceil", "rint", "lt", "le", "eq", "ne"), lambda b, n: (None,) * len(n.inputs))

_ROOTS: dict[str, Callable[[Builder, Node, Scope], tuple[Partial | None, ...]]] = {
    "pow": _pow,
    "sqrt": _sqrt,
    "hypot": _hypot,
}

#: Elementwise operations that surfaces may have.
DIFFERENTIABLE = frozenset((*_RULES, *_ROOTS, "max", "min"))


def zeros_like(b: Builder, node: Node) -> Node:
    """A constant zero of the node's shape, without storage."""
    return b.broadcast(b.const(np.float64(0.0)), node.shape)
