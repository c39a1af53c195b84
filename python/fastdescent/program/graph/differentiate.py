"""Derivatives of graphs: reverse mode for gradients, forward mode for products with a direction.

An adjoint that is zero is absent, not a numeric zero. The adjoint of a view is added to the rows that it shows, in a
fixed order, never padded with zeros.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from fastdescent.program.graph.build import Builder, constant_value, view_of
from fastdescent.program.graph.derivatives import partials, zeros_like
from fastdescent.program.graph.nodes import Node, Shape, reachable
from fastdescent.program.graph.views import View, runs


@dataclass(frozen=True, slots=True)
class Contribution:
    """sign * node, to be added to the rows that `view` names (node and view have one shape)."""

    sign: int
    node: Node
    view: View


def gradient(b: Builder, f: Node, x: Node) -> Node:
    """df/dx for a scalar f, with x's shape."""
    pending: dict[int, list[Contribution]] = defaultdict(list)
    pending[f.number].append(Contribution(1, b.const(1.0), View.whole(())))
    between = _dependent(f, x)
    dependent = {n.number for n in between}
    for node in reversed(between):
        received = pending.pop(node.number, [])
        if not received:
            continue
        sign, adjoint = _accumulated(b, received, node.shape)
        if node is x:
            return _signed(b, sign, adjoint)
        for target, c in _pullback(b, node, adjoint):
            if target.number in dependent:
                pending[target.number].append(Contribution(sign * c.sign, c.node, c.view))
    return zeros_like(b, x)


def directional(b: Builder, output: Node, x: Node, direction: Node) -> Node:
    """The derivative of `output` along `direction`, which has x's shape."""
    tangents: dict[int, Node] = {x.number: direction}
    for node in _dependent(output, x):
        if node is not x:
            tangent = _pushforward(b, node, [tangents.get(n.number) for n in node.inputs])
            if tangent is not None and not _is_zero(tangent):
                tangents[node.number] = tangent
    return tangents.get(output.number) or zeros_like(b, output)


def _dependent(output: Node, x: Node) -> list[Node]:
    """The nodes between x and the output, both included, in order of construction."""
    found, numbers = [], {x.number}
    for n in reachable([output, x]):
        if n is x or any(i.number in numbers for i in n.inputs):
            numbers.add(n.number)
            found.append(n)
    return found


def _is_zero(node: Node) -> bool:
    held, value = view_of(node)[0].value, constant_value(node)
    return held is not None and value is not None and not (np.any(held) and np.any(value))


# ---------------------------------------------------------------------- reverse
def _pullback(b: Builder, node: Node, adjoint: Node) -> list[tuple[Node, Contribution]]:
    """What each input receives when the node has this adjoint."""
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
        (n, Contribution(p.sign, p.times(b, adjoint), View.whole(node.shape)))
        for n, p in zip(node.inputs, partials(b, node), strict=True)
        if p is not None
    ]


def _onto_view(b: Builder, adjoint: Node, view: View) -> Contribution:
    """Axes that the view repeats (stride 0) are summed first, so that no row is named twice.

    The sums are put in the order of the rows: those of a product of matrices are then one piece, not one a column.
    """
    repeated = tuple(k for k, (n, s) in enumerate(zip(view.shape, view.strides, strict=True)) if s == 0 and n > 1)
    if repeated:
        adjoint = b.sum(adjoint, repeated)
        kept = [k for k in range(len(view.shape)) if k not in repeated]
        order = sorted(range(len(kept)), key=lambda i: -abs(view.strides[kept[i]]))
        if order != sorted(order):
            turned = b.view(adjoint, operator.methodcaller("transpose", order))
            adjoint = turned if view_of(turned)[1].is_whole else b.copy(turned)
        kept = [kept[i] for i in order]
        view = View(view.offset, tuple(view.strides[k] for k in kept), tuple(view.shape[k] for k in kept))
    return Contribution(1, adjoint, view)


def _accumulated(b: Builder, received: list[Contribution], shape: Shape) -> tuple[int, Node]:
    """The sum of contributions as (sign, node), so that negations wait until they can become subtractions."""
    size = math.prod(shape)
    if all(c.view.is_whole and c.node.size == size for c in received):
        return _total(b, [(c.sign, b.reshape(c.node, shape)) for c in received])
    pieces = []
    for who, rows, local in _segments(received, size):
        view = View(int(rows[0]), (int(rows[1] - rows[0]) if len(rows) > 1 else 1,), (len(rows),))
        if not who:
            pieces.append((b.broadcast(b.const(0.0), view.shape), view))
            continue
        terms = []
        for k, places in zip(who, local, strict=True):
            step = int(places[1] - places[0]) if len(places) > 1 else 1
            terms.append((received[k].sign, b.place(received[k].node, View(int(places[0]), (step,), view.shape))))
        pieces.append((_signed(b, *_total(b, terms)), view))
    return 1, b.assemble(shape, pieces)


def _total(b: Builder, terms: list[tuple[int, Node]]) -> tuple[int, Node]:
    """The sum of signed terms: from the first one that is added on, else the negated sum of all."""
    first = next((k for k, (sign, _) in enumerate(terms) if sign > 0), 0)
    lead, total = terms[first]
    for sign, term in terms[:first] + terms[first + 1 :]:
        total = b.add(total, term) if sign == lead else b.sub(total, term)
    return lead, total


def _signed(b: Builder, sign: int, node: Node) -> Node:
    return b.neg(node) if sign < 0 else node


def _segments(received: list[Contribution], size: int) -> list[tuple[tuple[int, ...], np.ndarray, np.ndarray]]:
    """Cuts `size` rows into progressions that receive from the same contributions: (who, rows, their elements)."""
    who: list[list[int]] = [[] for _ in range(size)]
    local: list[list[int]] = [[] for _ in range(size)]
    for k, c in enumerate(received):
        for element, row in enumerate(c.view.rows().ravel().tolist()):
            who[row].append(k)
            local[row].append(element)
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for row in range(size):
        groups[tuple(who[row])].append(row)
    out: list[tuple[tuple[int, ...], np.ndarray, np.ndarray]] = []
    for names, rows in groups.items():
        table = np.array([[row, *local[row]] for row in rows], dtype=np.int64).T
        out.extend((names, table[0, cut], table[1:, cut]) for cut in runs(table))
    return out


# ---------------------------------------------------------------------- forward
def _pushforward(b: Builder, node: Node, tangents: list[Node | None]) -> Node | None:
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
        (p.sign, p.times(b, t))
        for p, t in zip(partials(b, node), tangents, strict=True)
        if p is not None and t is not None
    ]
    return _signed(b, *_total(b, terms)) if terms else None
