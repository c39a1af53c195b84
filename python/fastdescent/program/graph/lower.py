"""The last pass that changes values: powers become products, and a product that is added becomes fma.

The pass depends on the graph alone, so that a value has the same bits in every program that it appears in. a*b + c is
always fma(a, b, c), and a*b + c*d is fma(a, b, c*d).
"""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.fold import power_chain
from fastdescent.program.graph.loops import is_progression
from fastdescent.program.graph.nodes import Node, reachable
from fastdescent.program.graph.views import View


def lower(b: Builder, outputs: Sequence[Node]) -> list[Node]:
    """The outputs, in terms of opcodes only."""
    new: dict[int, Node] = {}
    for node in reachable(outputs):
        inputs = tuple(new[n.number] for n in node.inputs)
        new[node.number] = _lowered(b, node, inputs)
    return [new[n.number] for n in outputs]


def _lowered(b: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
    if node.op == "powi":
        return _power(b, inputs[0], node.attr)
    if node.op == "add":
        return _sum_of_two(b, *inputs)
    if node.op == "sub":
        return _difference(b, *inputs)
    if node.op == "sum":
        product = _as_product(b, inputs[0])
        return _reduction(b, "dot" if product else "sum", product or inputs, node)
    if node.op == "choose":
        return b.select(*inputs)
    if node.op == "view":
        return b.place(inputs[0], view_of(node)[1])
    return node if inputs == node.inputs else b.graph.node(node.op, inputs, node.shape, node.attr)


def _power(b: Builder, a: Node, n: int) -> Node:
    powers = [a]
    for i, j in power_chain(abs(n)):
        powers.append(b.mul(powers[i], powers[j]))
    return b.div(b.const(1.0), powers[-1]) if n < 0 else powers[-1]


def _sum_of_two(b: Builder, p: Node, q: Node) -> Node:
    for product, other in ((_as_product(b, p), q), (_as_product(b, q), p)):
        if product:
            return b.graph.node("fma", (*product, other), other.shape)
    return b.add(p, q)


def _difference(b: Builder, p: Node, q: Node) -> Node:
    product = _as_product(b, p)
    if product:
        return b.graph.node("fms", (*product, q), q.shape)
    product = _as_product(b, q)
    if product:
        return b.graph.node("fnma", (*product, p), p.shape)
    return b.sub(p, q)


def _reduction(b: Builder, op: str, operands: tuple[Node, ...], node: Node) -> Node:
    """Operands are first copied, the summed axes last, if one loop cannot run through the summed axes."""
    if is_progression([view_of(n)[1] for n in operands], node.attr):
        return b.graph.node(op, operands, node.shape, node.attr)
    n_axes = len(operands[0].shape)
    order = [k for k in range(n_axes) if k not in node.attr] + list(node.attr)
    transposed = (b.view(n, lambda a: a.transpose(order)) for n in operands)
    copies = tuple(b.copy(n) for n in transposed)
    return b.graph.node(op, copies, node.shape, tuple(range(n_axes - len(node.attr), n_axes)))


def _as_product(b: Builder, node: Node) -> tuple[Node, Node] | None:
    """(a, b) if the node is a*b, or a view of such a product."""
    if node.op == "mul":
        return node.inputs[0], node.inputs[1]
    if node.op == "view" and node.inputs[0].op == "mul":
        first, second = node.inputs[0].inputs
        view: View = view_of(node)[1]
        return b.place(first, view), b.place(second, view)
    return None
