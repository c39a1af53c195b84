"""Cuts the body of a loop out of the graph in which it was traced.

What does not depend on the step is computed once, outside, and comes in. Products that are added inside are an
exception: they are computed inside, where they become part of an fma, as they would without a loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.program.graph.build import Builder, constant_value, view_of
from fastdescent.program.graph.instantiate import copied
from fastdescent.program.graph.nodes import Node, reachable
from fastdescent.program.graph.scan.loop import Plan, Scan

Carried = Sequence[tuple[Node, Node, Node]]  #: at first; its leaf in the graph; what is carried on
Rows = Sequence[tuple[Node, Node]]  #: an array with a row for each step; the leaf that stands for one


def scan_of(b: Builder, n: int, carried: Carried, each: Rows) -> Scan:
    """The scan of n steps. The leaves are nodes of the graph of `b`, which nothing else may depend on."""
    cut = _Cut([*(leaf for _, leaf, _ in carried), *(leaf for _, leaf in each)])
    for node in reachable([after for _, _, after in carried]):
        cut.add(node)
    plan = Plan(n, same=cut.same)
    plan.carried = [(first, cut.leaves[leaf.number], cut.inside(after, "")) for first, leaf, after in carried]
    plan.each = [(rows, cut.leaves[leaf.number]) for rows, leaf in each]
    return plan.scan(b)


class _Cut:
    def __init__(self, leaves: Sequence[Node]) -> None:
        self._inner = Builder()
        graph = self._inner.graph
        self.leaves = {leaf.number: graph.leaf("input", f"leaf {k}", leaf.shape) for k, leaf in enumerate(leaves)}
        self._new = dict(self.leaves)  # node that depends on the step -> the body's
        self._given: dict[int, Node] = {}  # node from outside -> the body's leaf
        self.same: list[tuple[Node, Node]] = []

    def add(self, node: Node) -> None:
        """Copies a node that depends on the step; its inputs come first."""
        if node.number not in self._new and any(i.number in self._new for i in node.inputs):
            inputs = [self.inside(i, node.op) for i in node.inputs]
            self._new[node.number] = copied(self._inner, node, inputs, {})

    def inside(self, node: Node, reader: str) -> Node:
        """A node as the body sees it."""
        if node.number in self._new:
            return self._new[node.number]
        if constant_value(node) is not None:
            base, view = view_of(node)
            assert base.value is not None
            return self._inner.place(self._inner.graph.held(base.value), view)
        base, view = view_of(node)
        if reader in ("add", "sub") and base.op in ("mul", "powi"):
            product = copied(self._inner, base, [self.inside(i, "") for i in base.inputs], {})
            return self._inner.place(product, view)
        if node.number not in self._given:
            leaf = self._inner.graph.leaf("input", f"given {node.number}", node.shape)
            self._given[node.number] = leaf
            self.same.append((node, leaf))
        return self._given[node.number]
