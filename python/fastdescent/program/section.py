"""Sections: flat arrays of integers, which every engine runs.

A *section* is a list of instructions over a block of rows, a row holding one number for each lane. Operands are
strided rows of that block, or of the vector of *uniform* numbers, which all lanes share.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top

#: Columns of an instruction: what, three loop lengths, then offset and three strides for the result and each operand.
OP, UNIFORM, N_OUTER, N_MIDDLE, N_INNER = range(5)
PLACE = 4  #: columns of a result or operand
OUT = 5
A = OUT + PLACE
WIDTH = OUT + 4 * PLACE

INDEX = "index"  #: rows of a step that hold the trajectory's index, 16 bits each, after what is constant to lanes

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]


def turns_of(row: Sequence[int]) -> int:
    """How often an instruction computes something."""
    return row[N_OUTER] * row[N_MIDDLE] * row[N_INNER]


def places_of(row: Sequence[int], column: int, once: bool = False) -> npt.NDArray[np.int64]:
    """The rows or numbers that a result or operand stands on, (outer, middle, inner).

    `once` counts a loop in which it stays once, as does the result of a reduction in the inner loop.
    """
    offset, *strides = row[column : column + PLACE]
    lengths = [1 if once and stride == 0 else n for n, stride in zip(row[N_OUTER : N_INNER + 1], strides, strict=True)]
    steps = (stride * np.arange(n, dtype=np.int64) for n, stride in zip(lengths, strides, strict=True))
    outer, middle, inner = steps
    return np.asarray(offset + outer[:, np.newaxis, np.newaxis] + middle[:, np.newaxis] + inner)


@at_top
@dataclass(frozen=True, slots=True)
class Slot:
    """A named range of rows."""

    name: str
    offset: int
    size: int

    @property
    def stop(self) -> int:
        return self.offset + self.size


@at_top
@dataclass(frozen=True, slots=True, eq=False)
class Strips:
    """Instructions `first` to `stop` are run in order `turns` times, on a strip of some rows of data each time.

    From turn to turn the result and the operands of an instruction move on by so many rows, or uniform numbers:
    `moves` (stop - first, 4).
    """

    first: int
    stop: int
    turns: int
    moves: IntArray


@at_top
@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Section:
    """Instructions (n, WIDTH). Inputs are rows filled before they run, outputs rows read afterwards.

    Bit k of column UNIFORM says that operand k is uniform. The first `split` instructions are those that run before
    the stop test. `strips` are apart, in order, and none goes over the split.
    """

    code: IntArray
    n_rows: int
    n_uniform: int
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    split: int = 0
    strips: tuple[Strips, ...] = ()

    def input(self, name: str) -> Slot:
        return _slot(self.inputs, name)

    def output(self, name: str) -> Slot:
        return _slot(self.outputs, name)

    def turns(self) -> IntArray:
        """How often each instruction is run."""
        turns = np.ones(len(self.code), np.int32)
        for strips in self.strips:
            turns[strips.first : strips.stop] = strips.turns
        return turns

    def moves(self) -> IntArray:
        """How far result and operands of each instruction move from turn to turn, (n, 4)."""
        moves = np.zeros((len(self.code), 4), np.int32)
        for strips in self.strips:
            moves[strips.first : strips.stop] = strips.moves
        return moves

    def key(self) -> Hashable:
        """The same for the same instructions."""
        return self.code.tobytes(), tuple((s.first, s.stop, s.turns, s.moves.tobytes()) for s in self.strips)


def _slot(slots: tuple[Slot, ...], name: str) -> Slot:
    return next(s for s in slots if s.name == name)


def empty_section(n_uniform: int) -> Section:
    return Section(np.zeros((0, WIDTH), np.int32), 0, n_uniform, (), ())
