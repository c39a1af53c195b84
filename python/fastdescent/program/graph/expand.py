"""Replaces nodes of linear algebra and of special functions by what they are in opcodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.matrix import expansions as matrices
from fastdescent.program.graph.nodes import Node, reachable
from fastdescent.program.graph.special import make as special

_EXPANSIONS: dict[str, Callable[..., Node]] = {**matrices.EXPANSIONS, **special.EXPANSIONS}


def expanded(b: Builder, outputs: Sequence[Node]) -> list[Node]:
    nodes = reachable(outputs)
    if not any(n.op in _EXPANSIONS for n in nodes):
        return list(outputs)
    new: dict[int, Node] = {}
    for node in nodes:
        inputs = tuple(new[n.number] for n in node.inputs)
        new[node.number] = _expanded(b, node, inputs)
    return [new[n.number] for n in outputs]


def _expanded(b: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
    if node.op in _EXPANSIONS:
        return _EXPANSIONS[node.op](b, *inputs, node.attr)
    if node.op == "view":
        return b.place(inputs[0], view_of(node)[1])
    return node if inputs == node.inputs else b.graph.node(node.op, inputs, node.shape, node.attr)
