"""Lays out a scan: its body once, as instructions that are run n times (`section.Strips`).

The body is laid out as a step is, in rows of its own: what is carried is its state. Then its rows are put where they
belong in the section. A part that is kept has its rows for step i at i times its size, so that reads of the old state
move on with the steps, and writes of the new state go one size further.

A worked example: x <- r x (1 - x), 1000 times, all x kept in rows 5 to 1005, with r in row 1.

    the body by itself                  in the section, 1000 times    moves: result  operands
      in  x = r0, r = r1                  (r2 is free for it)
      r2 = r1 * r0                        r2 = r1 * r5                       0       0, 1
      r0 = -r2 * r0 + r2                  r6 = -r2 * r5 + r2                 1       0, 1, 0

If only the last x is wanted, it stays in r5, and nothing moves.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.scan.loop import Loop, Scan
from fastdescent.program.graph.views import View, c_strides
from fastdescent.program.layout.emit import InstructionList, Place
from fastdescent.program.layout.row_allocator import RowAllocator
from fastdescent.program.opcodes import ARITY, INWARD, NAMES
from fastdescent.program.section import N_INNER, OP, OUT, PLACE, UNIFORM, A, Section, Slot, Strips, places_of

BodyLayout = Callable[[Loop], Section]


@dataclass(frozen=True, slots=True)
class _Home:
    """Where rows of the body lie in the section: the first row or uniform number, and its move from step to step."""

    uniform: bool
    first: int
    move: int


class ScanLayout:
    """The instructions of one scan, whose elements lie in consecutive rows from `out` on."""

    def __init__(
        self, node: Node, out: int, place: Callable[[Node], Place], instructions: InstructionList, rows: RowAllocator
    ) -> None:
        self._scan, self._out = Scan(node), out
        self._place, self._instructions, self._rows = place, instructions, rows
        self._allocated: list[tuple[int, int]] = []

    def emit(self, layout_body: BodyLayout) -> Strips:
        """Adds the instructions; returns the loop among them."""
        loop = self._scan.loop
        section = layout_body(loop)
        for k, node in enumerate(self._scan.first):
            view = View(self._out + loop.offset(k), c_strides(node.shape), node.shape)
            self._instructions.add("copy", view, [self._place(node)])
        homes = [
            _Home(False, self._out + loop.offset(k), math.prod(shape) if loop.kept[k] else 0)
            for k, shape in enumerate(loop.carried)
        ]
        homes += [self._home(self._place(n), is_each=False) for n in self._scan.same]
        homes += [self._home(self._place(n), is_each=True) for n in self._scan.each]
        n_inputs = sum(s.size for s in section.inputs)
        buffer = _Home(False, self._allocate(max(section.n_rows - n_inputs, 1)), 0)
        moved = _Moved(section, homes, buffer, len(loop.carried))
        first = len(self._instructions)
        moves = []
        for instruction in section.instructions.tolist():
            columns, its_moves = moved.instruction(instruction)
            self._instructions.instructions.append(columns)
            moves.append(its_moves)
        for offset, size in self._allocated:
            self._rows.free(offset, size)
        return Strips(first, len(self._instructions), loop.n, np.array(moves, np.int32).reshape(-1, 4))

    def _home(self, place: Place, is_each: bool) -> _Home:
        """Where an input of the body lies; it is copied if its numbers do not lie one after the other."""
        view = place.view
        move = view.strides[0] if is_each else 0
        element = View(0, view.strides[1:], view.shape[1:]) if is_each else View(0, view.strides, view.shape)
        if element.is_whole:
            return _Home(place.uniform, view.offset, move)
        copy = View(self._allocate(math.prod(view.shape)), c_strides(view.shape), view.shape)
        self._instructions.add("copy", copy, [place])
        return _Home(False, copy.offset, copy.strides[0] if is_each else 0)

    def _allocate(self, size: int) -> int:
        self._allocated.append((self._rows.allocate(size), size))
        return self._allocated[-1][0]


class _Moved:
    """Instructions of a body, with its rows where they belong."""

    def __init__(self, section: Section, homes: list[_Home], buffer: _Home, n_carried: int) -> None:
        self._slots: list[tuple[Slot, _Home]] = list(zip(section.inputs, homes, strict=True))
        n_inputs = sum(s.size for s in section.inputs)
        self._slots.append((Slot("", n_inputs, max(section.n_rows - n_inputs, 0)), buffer))
        self._starts = [slot.offset for slot, _ in self._slots]
        self._state = sum(s.size for s in section.inputs[:n_carried])  #: its rows come first
        self._new = np.zeros(section.n_rows, bool)  #: rows of the state that hold the new one

    def instruction(self, instruction: list[int]) -> tuple[list[int], list[int]]:
        """Its columns, and the moves of its result and operands."""
        columns, moves = list(instruction), [0, 0, 0, 0]
        name = NAMES[instruction[OP]]
        for k in range(ARITY[name]):
            column = A + PLACE * k
            home, shift = self._find(instruction, column)
            if home.uniform:
                columns[UNIFORM] |= 1 << k
            if home.move and instruction[column] < self._state:
                is_new = self._new[places_of(instruction, column)]
                assert is_new.all() or not is_new.any(), "a state is replaced as a whole"
                shift += home.move if is_new.any() else 0
            columns[column] += shift
            moves[1 + k] = home.move
        result = [*instruction[:N_INNER], 1, *instruction[N_INNER + 1 :]] if name in INWARD else instruction
        home, shift = self._find(result, OUT)
        if instruction[OUT] < self._state:
            self._new[places_of(result, OUT)] = True
            shift += home.move
        columns[OUT] += shift
        moves[0] = home.move
        return columns, moves

    def _find(self, instruction: list[int], column: int) -> tuple[_Home, int]:
        """The home of a result or operand, which is of one array, and how far its rows are moved."""
        first = instruction[column]
        slot, home = self._slots[bisect.bisect_right(self._starts, first) - 1]
        return home, home.first - slot.offset
