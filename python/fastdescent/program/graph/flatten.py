"""Graphs as flat lists, for pickles. A pickle of linked nodes would recurse as deep as the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastdescent.program.graph.nodes import Graph, Node, reachable

Record = tuple[Any, ...]


def flatten(outputs: Sequence[Node]) -> tuple[list[Record], list[int]]:
    """A record per node, in order of construction, and the positions of the outputs among them."""
    nodes = reachable(outputs)
    positions = {n.number: k for k, n in enumerate(nodes)}
    records = [
        (n.value,) if n.value is not None else (n.op, tuple(positions[i.number] for i in n.inputs), n.shape, n.attr)
        for n in nodes
    ]
    return records, [positions[n.number] for n in outputs]


def rebuild(graph: Graph, records: Sequence[Record], outputs: Sequence[int]) -> list[Node]:
    """Builds the outputs in a graph, which may hold other nodes."""
    nodes: list[Node] = []
    for record in records:
        if len(record) == 1:
            nodes.append(graph.const(record[0]))
        else:
            op, inputs, shape, attr = record
            nodes.append(graph.node(op, tuple(nodes[i] for i in inputs), shape, attr))
    return [nodes[k] for k in outputs]
