"""Copying a traced expression into another graph, with other nodes in place of its leaves."""

from __future__ import annotations

from collections.abc import Mapping

from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.nodes import LEAVES, Node, reachable
from fastdescent.program.graph.views import View
from fastdescent.program.opcodes import DRAWS, GATHER


def instantiate(b: Builder, output: Node, leaves: Mapping[str, Node]) -> Node:
    """A copy of `output` in the graph of `b`, each leaf replaced by the node that `leaves` has under its name."""
    new: dict[int, Node] = {}
    for node in reachable([output]):
        inputs = [new[n.number] for n in node.inputs]
        new[node.number] = _copied(b, node, inputs, leaves)
    return new[output.number]


def _copied(b: Builder, node: Node, inputs: list[Node], leaves: Mapping[str, Node]) -> Node:
    if node.value is not None:
        return b.graph.held(node.value)
    if node.op in LEAVES:
        return leaves[node.attr] if node.attr in leaves else b.graph.leaf(node.op, node.attr, node.shape)
    if node.op == "view":
        return b.place(inputs[0], view_of(node)[1])
    if node.op == "sum":
        return b.sum(inputs[0], node.attr)
    if node.op == "assemble":
        where = zip(inputs, node.attr, strict=True)
        return b.assemble(node.shape, [(n, View(o, s, n.shape)) for n, (o, s) in where])
    if node.op == "choose":
        return b.choose(*inputs)
    if node.op == "copy":
        return b.copy(inputs[0])
    if node.op in DRAWS or node.op == GATHER:
        return b.graph.node(node.op, tuple(inputs), node.shape, node.attr)
    return b.elementwise(node.op, *inputs, attr=node.attr)
