"""The instructions of a strip loop: one loop over all full strips, then one strip of the samples that are left over.

A worked example: the loop of `strips`, with five samples in strips of two. `mul` and `tanh` are internal and lie in the
buffer, rows 2 and 3. The instructions are those of one strip. Beside each instruction stand its *moves*: how far its
result and operands lie further on in the next strip.

                                       result  operands
    r2:4  = r0 * u0:2                  0       0, 2        w is the same for all samples; X moves on by two numbers
    r2:4  = tanh(r2:4)                 0       0           each strip uses the same rows of the buffer
    r1    = dot_on(r2:4, r2:4, r1)     0       0, 0, 0     the sum stays where it is

These three instructions become `Strips(first=1, stop=4, turns=2, ...)`. The instructions of sample 4 follow, as a strip
of length one that starts at sample 4.

A sum begins at -0.0, because -0.0 + x is x for each x, the sign of zero included. So the first strip continues from
-0.0, and the result has the bits of a sum that starts at its first term.

Invariants:

- Strip by strip, then node by node: all instructions of a strip come before those of the next strip. Within a strip,
  nodes keep the order of the schedule.
- A place outside of the buffer moves by its stride along the sample axis, times the samples of a strip. A sum, a place
  in the buffer, and an operand without sample axis do not move.
- Rows that this module allocates, the buffer's among them, are free again when the loop ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.views import View
from fastdescent.program.layout.cache_sets import conflict, padded_strides
from fastdescent.program.layout.emit import InstructionList, Place, gather_operands
from fastdescent.program.layout.families import loop_lengths
from fastdescent.program.layout.row_allocator import RowAllocator
from fastdescent.program.layout.strip_buffer import strip_buffer, with_length
from fastdescent.program.layout.strips import StripLoop
from fastdescent.program.opcodes import GATHER, GOES_ON, REDUCTIONS
from fastdescent.program.section import Strips

_N_PLACES = 4  #: of an instruction: its result, and up to three operands


class _Strip(NamedTuple):
    """Samples `first` to `first + n`."""

    first: int
    n: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The part of a section's layout that its strip loops need."""

    place: Callable[[Node], Place]  #: of nodes that are not internal
    instructions: InstructionList  #: of the section; the loop's are appended
    rows: RowAllocator
    minus_zero: Place | None  #: a place that holds -0.0; None if no sum goes on


class StripLoopLayout:
    """Lays out one loop of a schedule's nodes."""

    def __init__(self, loop: StripLoop, order: Sequence[Node], around: Surroundings) -> None:
        self._loop, self._nodes, self._family = loop, order[loop.first : loop.stop], loop.family
        self._around, self._instructions = around, around.instructions
        self._buffer = strip_buffer(loop, order)
        self._offset = around.rows.allocate(self._buffer.n_rows)
        self._copies: dict[int, Place] = {}  # operand -> its copy with padded strides

    def emit(self) -> list[Strips]:
        """Adds the instructions; returns the loops among them: one, or none if only one strip is full."""
        for node in self._nodes:
            if node.number in self._family.sums:
                self._begin_sum(node)
        allocated = [rows for node in self._nodes for rows in self._copy_conflicting_operands(node)]
        n_strips, n_left = divmod(self._family.n_samples, self._buffer.n_samples)
        first = len(self._instructions)
        moves = np.array(self._emit_strip(_Strip(0, self._buffer.n_samples)), np.int32)
        loops = [Strips(first, len(self._instructions), n_strips, moves)] if n_strips > 1 else []
        if n_left:
            self._emit_strip(_Strip(self._family.n_samples - n_left, n_left))
        for offset, size in (*allocated, (self._offset, self._buffer.n_rows)):
            self._around.rows.free(offset, size)
        return loops

    def _begin_sum(self, node: Node) -> None:
        zero = self._around.minus_zero
        assert zero is not None, "sums that go on need -0.0"
        spread = View(zero.view.offset, (0,) * len(node.shape), node.shape)
        self._instructions.add("copy", self._around.place(node).view, [Place(zero.uniform, spread)])

    def _copy_conflicting_operands(self, node: Node) -> Iterator[tuple[int, int]]:
        """Copies operands of a reduction that each strip would read at strides which conflict in the cache.

        Yields the rows (offset, size) of each copy.
        """
        if node.op not in REDUCTIONS:
            return
        sample_axis = self._family.loop_axes[node.number]
        for n in node.inputs:
            if view_of(n)[0].number in self._loop.internal or n.number in self._copies:
                continue
            place = self._around.place(n)
            view = place.view
            same_for_all_samples = view.strides[sample_axis] == 0
            if place.uniform or not same_for_all_samples:
                continue
            if any(conflict(view.strides[k], view.shape[k]) for k in node.attr):
                strides, n_rows = padded_strides(view)
                offset = self._around.rows.allocate(n_rows)
                yield offset, n_rows
                copy = View(offset, strides, view.shape)
                self._instructions.add(
                    "copy", _without_repeats(copy, view), [Place(False, _without_repeats(view, view))]
                )
                self._copies[n.number] = Place(False, copy)

    def _emit_strip(self, strip: _Strip) -> list[list[int]]:
        """Adds the instructions of one strip; returns the moves of each."""
        return [moves for node in self._nodes for moves in self._emit_node(node, strip)]

    def _emit_node(self, node: Node, strip: _Strip) -> list[list[int]]:
        first, loop_axis = len(self._instructions), self._family.loop_axes[node.number]
        is_sum = node.number in self._family.sums
        if is_sum:
            out, move = self._around.place(node), 0
        else:
            out, move = self._part(node, self._family.sample_axis(node), strip)
        parts = [self._part(n, loop_axis, strip) for n in node.inputs]
        op, operands, moves = node.op, [place for place, _ in parts], [move, *(move for _, move in parts)]
        if op == GATHER:
            operands = gather_operands([operands[0], self._around.place(node.inputs[1])], out.view.shape)
            moves[2] = 0
        if is_sum:
            op = GOES_ON[op]
            operands.append(_sum_as_operand(node, out.view, operands[0]))
        self._instructions.add(op, out.view, operands, node.attr)
        moves += [0] * (_N_PLACES - len(moves))
        return [moves] * (len(self._instructions) - first)

    def _part(self, node: Node, axis: int, strip: _Strip) -> tuple[Place, int]:
        """The place of the strip's samples of a node, which lie along `axis`, and its move to the next strip's."""
        base, view = view_of(node)
        if base.number in self._loop.internal:
            seen = self._buffer.place(base, view, axis, strip.n)
            return Place(False, View(self._offset + seen.offset, seen.strides, seen.shape)), 0
        place = self._copies.get(node.number) or self._around.place(node)
        if axis >= len(place.view.shape):
            return place, 0
        stride, shape = place.view.strides[axis], with_length(place.view.shape, axis, strip.n)
        view = View(place.view.offset + strip.first * stride, place.view.strides, shape)
        return Place(place.uniform, view), strip.n * stride


def _sum_as_operand(node: Node, out: View, operand: Place) -> Place:
    """The result of a sum as its last operand, in the loops of the others."""
    strides = iter(out.strides)
    in_loops = tuple(0 if k in node.attr else next(strides) for k in range(len(loop_lengths(node))))
    return Place(False, View(out.offset, in_loops, operand.view.shape))


def _without_repeats(view: View, like: View) -> View:
    """The view without the axes that `like` repeats."""
    kept = [k for k, stride in enumerate(like.strides) if stride]
    return View(view.offset, tuple(view.strides[k] for k in kept), tuple(view.shape[k] for k in kept))
