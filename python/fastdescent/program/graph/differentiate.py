"""Derivatives of graphs: reverse mode for gradients, forward mode for products with a direction.

Reverse mode goes from f to x, and gives every node its *adjoint*, df / d node. An adjoint that is zero is absent, not
a numeric zero. The adjoint of a view is added to the elements that the view shows, in a fixed order, and never padded
with zeros.

A worked example: f = x[0] * x[1] for x of shape (2,). The product's adjoint is 1. The views x[0] and x[1] receive x[1]
and x[0]. So x receives two contributions, each to one of its elements. No element receives both. Therefore
`_accumulated` adds nothing: it assembles (x[1], x[0]).
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastdescent.program.graph.build import Builder, constant_value, view_of
from fastdescent.program.graph.derivatives import Scope, partials, zeros_like
from fastdescent.program.graph.nodes import Node, Shape, reachable
from fastdescent.program.graph.ranges import Ranges
from fastdescent.program.graph.views import View, runs


@dataclass(frozen=True, slots=True)
class Contribution:
    """sign * node, to be added to the elements that `view` names. Node and view have one shape."""

    sign: int
    node: Node
    view: View


def gradient(b: Builder, f: Node, x: Node) -> Node:
    """df/dx for a scalar f, with x's shape."""
    if f.op == "choose":
        condition, *branches = f.inputs
        return _chosen(b, condition, *(_of_branch(b, n, x.shape, gradient(b, n, x)) for n in branches))
    pending: dict[int, list[Contribution]] = defaultdict(list)
    pending[f.number].append(Contribution(1, b.const(1.0), View.whole(())))
    between = _dependent([f], [x])
    scope = Scope({n.number for n in between}, Ranges(x))
    for node in reversed(between):
        received = pending.pop(node.number, [])
        if not received:
            continue
        sign, adjoint = _accumulated(b, received, node.shape)
        if node is x:
            return _signed(b, sign, adjoint)
        for target, c in _pullback(b, node, adjoint, scope):
            if target.number in scope.varies:
                pending[target.number].append(Contribution(sign * c.sign, c.node, c.view))
    return zeros_like(b, x)


def directional(b: Builder, output: Node, x: Node, direction: Node) -> Node:
    """The derivative of `output` along `direction`, which has x's shape."""
    return pushed_forward(b, [output], [(x, direction)])[0]


def pushed_forward(b: Builder, outputs: Sequence[Node], directions: Sequence[tuple[Node, Node]]) -> list[Node]:
    """The derivatives of `outputs` where several leaves move at once: pairs (leaf, its direction, of its shape)."""
    if any(n.op == "choose" for n in outputs):
        return [_pushed_through_choice(b, n, directions) for n in outputs]
    tangents: dict[int, Node] = {leaf.number: direction for leaf, direction in directions}
    leaves = [leaf for leaf, _ in directions]
    between = _dependent(outputs, leaves)
    scope = Scope({n.number for n in between}, Ranges(*leaves))
    for node in between:
        if node.number not in tangents:
            tangent = _pushforward(b, node, [tangents.get(n.number) for n in node.inputs], scope)
            if tangent is not None and not _is_zero(tangent):
                tangents[node.number] = tangent
    return [tangents.get(n.number) or zeros_like(b, n) for n in outputs]


def _pushed_through_choice(b: Builder, output: Node, directions: Sequence[tuple[Node, Node]]) -> Node:
    if output.op != "choose":
        return pushed_forward(b, [output], directions)[0]
    condition, *branches = output.inputs
    pushed = [_of_branch(b, n, n.shape, _pushed_through_choice(b, n, directions)) for n in branches]
    return _chosen(b, condition, *pushed)


def _of_branch(b: Builder, branch: Node, shape: Shape, derivative: Node) -> Node:
    """The derivative of a branch; NaN where the branch is, since there the function has no value."""
    value = constant_value(branch)
    is_undefined = value is not None and bool(np.isnan(value).all())
    return b.broadcast(b.const(math.nan), shape) if is_undefined else derivative


def _chosen(b: Builder, condition: Node, first: Node, second: Node) -> Node:
    """A choice of derivatives, of any shape."""
    return b.choose(b.broadcast(condition, first.shape), first, second)


def _dependent(outputs: Sequence[Node], leaves: Sequence[Node]) -> list[Node]:
    """The nodes between leaves and outputs, both included, in order of construction."""
    found, numbers = [], {leaf.number for leaf in leaves}
    for n in reachable([*outputs, *leaves]):
        if n in leaves or (any(i.number in numbers for i in n.inputs) and not _shows_others(n, numbers)):
            numbers.add(n.number)
            found.append(n)
    return found


def _shows_others(node: Node, numbers: set[int]) -> bool:
    """Whether the node is a view of an assembled array, and shows no element of the parts with these numbers."""
    if node.op != "view" or node.inputs[0].op != "assemble":
        return False
    (base,) = node.inputs
    if all(n.number in numbers for n in base.inputs):
        return False
    shown = np.zeros(base.size, dtype=bool)
    shown[view_of(node)[1].rows()] = True
    parts = zip(base.inputs, base.attr, strict=True)
    return not any(shown[View(o, s, n.shape).rows()].any() for n, (o, s) in parts if n.number in numbers)


def _is_zero(node: Node) -> bool:
    held, value = view_of(node)[0].value, constant_value(node)
    return held is not None and value is not None and not (np.any(held) and np.any(value))


def _pullback(b: Builder, node: Node, adjoint: Node, scope: Scope) -> list[tuple[Node, Contribution]]:
    """The contributions of a node with this adjoint to its inputs."""
    if node.op == "view":
        base, view = view_of(node)
        return [(base, _onto_view(b, adjoint, view))]
    if node.op == "assemble":
        return [
            (n, Contribution(1, b.place(adjoint, View(o, s, n.shape)), View.whole(n.shape)))
            for n, (o, s) in zip(node.inputs, node.attr, strict=True)
        ]
    if node.op == "sum":
        (a,) = node.inputs
        kept = tuple(1 if k in node.attr else n for k, n in enumerate(a.shape))
        spread = b.broadcast(b.reshape(adjoint, kept), a.shape)
        return [(a, Contribution(1, spread, View.whole(a.shape)))]
    return [
        (n, Contribution(p.sign, p.times(b, adjoint, scope.ranges), View.whole(node.shape)))
        for n, p in zip(node.inputs, partials(b, node, scope), strict=True)
        if p is not None
    ]


def _onto_view(b: Builder, adjoint: Node, view: View) -> Contribution:
    """The adjoint of a view, for the elements that it shows.

    Axes that the view repeats (stride 0) are summed first, so that no element is named twice. The other axes are put in
    the order of memory. The adjoint of a matrix in a product is then one piece, not one per column.
    """
    repeated = tuple(k for k, (n, s) in enumerate(zip(view.shape, view.strides, strict=True)) if s == 0 and n > 1)
    if repeated:
        adjoint = b.sum(adjoint, repeated)
        kept = [k for k in range(len(view.shape)) if k not in repeated]
        order = sorted(range(len(kept)), key=lambda i: -abs(view.strides[kept[i]]))
        if order != sorted(order):
            transposed = b.view(adjoint, operator.methodcaller("transpose", order))
            adjoint = transposed if view_of(transposed)[1].is_whole else b.copy(transposed)
        kept = [kept[i] for i in order]
        view = View(view.offset, tuple(view.strides[k] for k in kept), tuple(view.shape[k] for k in kept))
    return Contribution(1, adjoint, view)


def _accumulated(b: Builder, received: list[Contribution], shape: Shape) -> tuple[int, Node]:
    """The sum of contributions as (sign, node): a negation waits until it can become a subtraction."""
    size = math.prod(shape)
    if all(c.view.is_whole and c.node.size == size for c in received):
        return _total(b, [(c.sign, b.reshape(c.node, shape)) for c in received])
    pieces = []
    for contributors, elements, origins in _segments(received, size):
        view = _progression(elements)
        if not contributors:
            pieces.append((b.broadcast(b.const(0.0), view.shape), view))
            continue
        terms = [
            (received[k].sign, b.place(received[k].node, _progression(origin)))
            for k, origin in zip(contributors, origins, strict=True)
        ]
        pieces.append((_signed(b, *_total(b, terms)), view))
    return 1, b.assemble(shape, pieces)


def _total(b: Builder, terms: list[tuple[int, Node]]) -> tuple[int, Node]:
    """The sum of signed terms as (sign, node). It starts at the first positive term, if there is one."""
    first = next((k for k, (sign, _) in enumerate(terms) if sign > 0), 0)
    lead, total = terms[first]
    for sign, term in terms[:first] + terms[first + 1 :]:
        total = b.add(total, term) if sign == lead else b.sub(total, term)
    return lead, total


def _signed(b: Builder, sign: int, node: Node) -> Node:
    return b.neg(node) if sign < 0 else node


def _progression(numbers: np.ndarray) -> View:
    """A view of one axis that names these numbers, an arithmetic progression."""
    step = int(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    return View(int(numbers[0]), (step,), (len(numbers),))


def _segments(received: list[Contribution], size: int) -> list[tuple[tuple[int, ...], np.ndarray, np.ndarray]]:
    """Cuts `size` elements into arithmetic progressions that receive from the same contributions.

    Each is (contributors, elements, origins): numbers of contributions, the elements that receive, and for each
    contributor the elements of its node that they receive, which are a progression, too.
    """
    contributors: list[list[int]] = [[] for _ in range(size)]
    origins: list[list[int]] = [[] for _ in range(size)]
    for k, c in enumerate(received):
        for origin, element in enumerate(c.view.rows().ravel().tolist()):
            contributors[element].append(k)
            origins[element].append(origin)
    same: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for element in range(size):
        same[tuple(contributors[element])].append(element)
    out: list[tuple[tuple[int, ...], np.ndarray, np.ndarray]] = []
    for names, elements in same.items():
        table = np.array([[element, *origins[element]] for element in elements], dtype=np.int64).T
        out.extend((names, table[0, cut], table[1:, cut]) for cut in runs(table))
    return out


def _pushforward(b: Builder, node: Node, tangents: list[Node | None], scope: Scope) -> Node | None:
    if node.op == "view":
        (t,) = tangents
        return None if t is None else b.place(t, view_of(node)[1])
    if node.op == "sum":
        (t,) = tangents
        return None if t is None else b.sum(t, node.attr)
    if node.op == "assemble":
        parts = [zeros_like(b, n) if t is None else t for n, t in zip(node.inputs, tangents, strict=True)]
        return b.assemble(node.shape, [(p, View(o, s, p.shape)) for p, (o, s) in zip(parts, node.attr, strict=True)])
    terms = [
        (p.sign, p.times(b, t, scope.ranges, both=True))
        for p, t in zip(partials(b, node, scope), tangents, strict=True)
        if p is not None and t is not None
    ]
    return _signed(b, *_total(b, terms)) if terms else None
