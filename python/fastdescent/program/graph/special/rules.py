"""Derivatives of special functions, in terms of the same functions (Abramowitz and Stegun, 6.3, 9.1.28, 9.6.27)."""

from __future__ import annotations

import math
from collections.abc import Callable

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.special.gamma import horner
from fastdescent.program.graph.special.make import special


def _over(b: Builder, node: Node, sign: float) -> Node:
    """node / x, for j1 (`sign` -1) and i1e (1); near 0 by its series, so that all derivatives are right there."""
    (x,) = node.inputs
    series = [0.5 * (0.25 * sign) ** k / (math.factorial(k) * math.factorial(k + 1)) for k in range(8)]
    near = horner(b, b.mul(x, x), series)
    if sign > 0.0:
        near = b.mul(near, b.elementwise("exp", b.neg(b.elementwise("abs", x))))
    is_near = b.elementwise("lt", b.elementwise("abs", x), b.const(0.5))
    return b.select(is_near, near, b.div(node, b.select(is_near, b.const(1.0), x)))


def _i0e(b: Builder, node: Node) -> Node:
    (x,) = node.inputs
    return b.sub(special(b, "i1e", x), b.mul(b.elementwise("sign", x), node))


def _i1e(b: Builder, node: Node) -> Node:
    (x,) = node.inputs
    slope = b.sub(special(b, "i0e", x), _over(b, node, 1.0))
    return b.sub(slope, b.mul(b.elementwise("sign", x), node))


#: The derivative of each by its operand.
DERIVATIVES: dict[str, Callable[[Builder, Node], Node]] = {
    "gamma": lambda b, n: b.mul(n, special(b, "polygamma", n.inputs[0], 0)),
    "gammaln": lambda b, n: special(b, "polygamma", n.inputs[0], 0),
    "polygamma": lambda b, n: special(b, "polygamma", n.inputs[0], n.attr + 1),
    "i0e": _i0e,
    "i1e": _i1e,
    "j0": lambda b, n: b.neg(special(b, "j1", n.inputs[0])),
    "j1": lambda b, n: b.sub(special(b, "j0", n.inputs[0]), _over(b, n, -1.0)),
}
