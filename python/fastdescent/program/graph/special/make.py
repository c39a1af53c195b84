"""The nodes of special functions, which have derivatives of their own and no opcodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastdescent.program.graph.build import Builder, is_constant
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.special.bessel import modified, ordinary
from fastdescent.program.graph.special.gamma import gamma, gammaln, polygamma

#: What each is in terms of opcodes; `polygamma` has its order as attr, which is 0 for digamma.
EXPANSIONS: dict[str, Callable[[Builder, Node, Any], Node]] = {
    "gamma": lambda b, x, attr: gamma(b, x),
    "gammaln": lambda b, x, attr: gammaln(b, x),
    "polygamma": polygamma,
    "i0e": lambda b, x, attr: modified(b, x, 0),
    "i1e": lambda b, x, attr: modified(b, x, 1),
    "j0": lambda b, x, attr: ordinary(b, x, 0),
    "j1": lambda b, x, attr: ordinary(b, x, 1),
}


def special(b: Builder, op: str, x: Node, attr: int | None = None) -> Node:
    """The node of a function; its value, if the operand is a constant."""
    if is_constant(x):
        return EXPANSIONS[op](b, x, attr)
    return b.graph.node(op, (x,), x.shape, attr)
