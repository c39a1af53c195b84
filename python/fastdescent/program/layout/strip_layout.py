"""The instructions of a group: all strips of one length in a loop, then what is left over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.views import View
from fastdescent.program.layout.emit import Code, Place, gathered
from fastdescent.program.layout.row_allocator import RowPool
from fastdescent.program.layout.strip_rows import apart, chunk_of, collides, cut
from fastdescent.program.layout.strips import Group, loops_of
from fastdescent.program.opcodes import GATHER, GOES_ON, REDUCTIONS
from fastdescent.program.section import Strips


class _Strip(NamedTuple):
    """Rows of data `first` to `first + length`."""

    first: int
    length: int


class GroupLayout:
    """Emits to `code`. `place` tells where nodes stand that are not inside, `zero` is a place that holds -0.0."""

    def __init__(
        self,
        group: Group,
        order: Sequence[Node],
        place: Callable[[Node], Place],
        code: Code,
        pool: RowPool,
        zero: Place | None,
    ) -> None:
        self._group, self._nodes, self._family = group, order[group.first : group.stop], group.family
        self._place, self._code, self._pool, self._zero = place, code, pool, zero
        self._chunk = chunk_of(group, order)
        self._offset = pool.take(self._chunk.n_rows)
        self._apart: dict[int, Place] = {}  # operand -> its copy

    def emit(self) -> list[Strips]:
        """The loops among the instructions."""
        for node in self._nodes:
            if node.number in self._family.sums:
                self._begin_sum(node)
        taken = [rows for node in self._nodes for rows in self._set_apart(node)]
        loops, n, length = [], self._family.length, self._chunk.length
        for strip, turns in ((_Strip(0, length), n // length), (_Strip(n - n % length, n % length), 1)):
            if strip.length:
                start = len(self._code.rows)
                moves = [move for node in self._nodes for move in self._emit_strip(node, strip)]
                if turns > 1:
                    loops.append(Strips(start, len(self._code.rows), turns, np.array(moves, np.int32)))
        for rows in (*taken, (self._offset, self._chunk.n_rows)):
            self._pool.give(*rows)
        return loops

    def _begin_sum(self, node: Node) -> None:
        """Whatever is added to -0.0 stays as it is."""
        assert self._zero is not None, "sums that go on need -0.0"
        zero = View(self._zero.view.offset, (0,) * len(node.shape), node.shape)
        self._code.add("copy", self._place(node).view, [Place(self._zero.uniform, zero)])

    def _set_apart(self, node: Node) -> Iterator[tuple[int, int]]:
        """Copies operands that each strip would read in strides at which rows fall on each other in the cache."""
        if node.op not in REDUCTIONS:
            return
        turn = self._family.turns[node.number]
        for n in node.inputs:
            place = self._place(n) if view_of(n)[0].number not in self._group.inside else Place(True, View.whole(()))
            view = place.view
            if n.number in self._apart or place.uniform or view.strides[turn] != 0:
                continue
            if any(collides(view.strides[k], view.shape[k]) for k in node.attr):
                strides, n_rows = apart(view)
                offset = self._pool.take(n_rows)
                yield offset, n_rows
                kept = [k for k, stride in enumerate(view.strides) if stride]
                source, copy = (
                    View(at, tuple(s[k] for k in kept), tuple(view.shape[k] for k in kept))
                    for at, s in ((view.offset, view.strides), (offset, strides))
                )
                self._code.add("copy", copy, [Place(False, source)])
                self._apart[n.number] = Place(False, View(offset, strides, view.shape))

    def _emit_strip(self, node: Node, strip: _Strip) -> list[list[int]]:
        """One strip of a node; how far the result and the operands of each instruction move from strip to strip."""
        start, turn, is_sum = len(self._code.rows), self._family.turns[node.number], node.number in self._family.sums
        out, by = (self._place(node), 0) if is_sum else self._cut(node, self._family.axis(node), strip)
        cuts = [self._cut(n, turn, strip) for n in node.inputs]
        operands, moves = [place for place, _ in cuts], [by, *(move for _, move in cuts)]
        op = node.op
        if op == GATHER:
            operands, moves[2] = gathered([operands[0], self._place(node.inputs[1])], out.view.shape), 0
        if is_sum:
            op, strides = GOES_ON[op], iter(out.view.strides)
            along = tuple(0 if k in node.attr else next(strides) for k in range(len(loops_of(node))))
            operands.append(Place(False, View(out.view.offset, along, operands[0].view.shape)))
        self._code.add(op, out.view, operands, node.attr)
        return [moves + [0] * (4 - len(moves)) for _ in range(start, len(self._code.rows))]

    def _cut(self, node: Node, turn: int, strip: _Strip) -> tuple[Place, int]:
        """The part of a node that a strip takes, along axis `turn`, and how far the next strip's is."""
        base, view = view_of(node)
        if base.number in self._group.inside:
            seen = self._chunk.place(base, view, turn, strip.length)
            return Place(False, View(self._offset + seen.offset, seen.strides, seen.shape)), 0
        place = self._apart.get(node.number) or self._place(node)
        if turn >= len(place.view.shape):
            return place, 0
        stride, shape = place.view.strides[turn], cut(place.view.shape, turn, strip.length)
        view = View(place.view.offset + strip.first * stride, place.view.strides, shape)
        return Place(place.uniform, view), strip.length * stride
