"""Derivatives of special functions, in terms of the same functions (Abramowitz and Stegun, 6.3, 9.1.28, 9.6.27)."""

from __future__ import annotations

from collections.abc import Callable

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.special.make import special


def _over(b: Builder, function: Node, x: Node) -> Node:
    """function / x; 1/2 at 0, as of i1 and j1."""
    return b.select(x, b.div(function, x), b.const(0.5))


def _i0e(b: Builder, node: Node) -> Node:
    (x,) = node.inputs
    return b.sub(special(b, "i1e", x), b.mul(b.elementwise("sign", x), node))


def _i1e(b: Builder, node: Node) -> Node:
    (x,) = node.inputs
    slope = b.sub(special(b, "i0e", x), _over(b, node, x))
    return b.sub(slope, b.mul(b.elementwise("sign", x), node))


#: The derivative of each by its operand.
DERIVATIVES: dict[str, Callable[[Builder, Node], Node]] = {
    "gamma": lambda b, n: b.mul(n, special(b, "polygamma", n.inputs[0], 0)),
    "gammaln": lambda b, n: special(b, "polygamma", n.inputs[0], 0),
    "polygamma": lambda b, n: special(b, "polygamma", n.inputs[0], n.attr + 1),
    "i0e": _i0e,
    "i1e": _i1e,
    "j0": lambda b, n: b.neg(special(b, "j1", n.inputs[0])),
    "j1": lambda b, n: b.sub(special(b, "j0", n.inputs[0]), _over(b, n, n.inputs[0])),
}
