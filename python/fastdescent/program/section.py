"""Sections: flat arrays of integers, which every engine runs.

A *section* is a list of instructions over a block of rows. A row holds one number per lane. Operands are strided rows
of the block, or strided numbers of the vector of *uniform* numbers, which all lanes share.

A worked example, z = x * w summed over the inner axis, for x (2, 3) in rows 0 to 5, w (3,) in uniform numbers 0 to 2,
and z (2,) in rows 6 and 7:

    OP   UNIFORM  loops    result (OUT)  operand 0 (A)  operand 1
    dot  0b10     2 1 3    6  1 0 0      0  3 0 1       0  0 0 1

Row 6 + i is the sum over k of row 3 i + k times uniform number k. Operand 1 is uniform: bit 1 of UNIFORM.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top

#: Columns of an instruction: the opcode, which operands are uniform, and three loop lengths. Then the result and each
#: operand: an offset, and a stride for each loop.
OP, UNIFORM, N_OUTER, N_MIDDLE, N_INNER = range(5)
PLACE = 4  #: columns of a result or operand
OUT = 5
A = OUT + PLACE
WIDTH = OUT + 4 * PLACE

#: The input of a step that holds the trajectory's index, 16 bits per row. It comes after the inputs from `lanes`.
INDEX = "index"

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]


def loop_size(instruction: Sequence[int]) -> int:
    """The product of an instruction's loop lengths."""
    return instruction[N_OUTER] * instruction[N_MIDDLE] * instruction[N_INNER]


def places_of(instruction: Sequence[int], column: int, once: bool = False) -> npt.NDArray[np.int64]:
    """The rows or numbers of a result or operand, (outer, middle, inner).

    With `once`, a loop of stride 0 has length 1, so that it lists no row twice.
    """
    offset, *strides = instruction[column : column + PLACE]
    lengths = [
        1 if once and stride == 0 else n for n, stride in zip(instruction[N_OUTER : N_INNER + 1], strides, strict=True)
    ]
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
    """Instructions `first` to `stop` are run in order `n_strips` times, on the next strip of samples each time.

    The steps of a loop (`graph.scan`) are such strips, of what is carried: each step reads what the one before wrote.

    `moves`, of shape (stop - first, 4), says how many rows, or uniform numbers, the result and the operands of each
    instruction move on from one time to the next.
    """

    first: int
    stop: int
    n_strips: int
    moves: IntArray


@at_top
@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """`instructions`, of shape (n, WIDTH), on a block of `n_rows` rows.

    `inputs` are rows that are filled before the instructions run, `outputs` rows that are read afterwards. Operand k of
    an instruction is uniform if bit k of its column UNIFORM is set. The first `split` instructions run before the stop
    test. `strips` do not overlap, are in order, and none goes over the split.
    """

    instructions: IntArray
    n_rows: int
    n_uniform: int
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    split: int = 0
    strips: tuple[Strips, ...] = ()
    #: What engines have made of the section. It lives as long as the section does, without a weak reference: Ctrl-C in
    #: the callback of one would be lost.
    made: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)

    def __getstate__(self) -> list[Any]:
        return [getattr(self, f.name) for f in fields(self) if f.init]

    def __setstate__(self, state: list[Any]) -> None:
        for f, value in zip((f for f in fields(self) if f.init), state, strict=True):
            object.__setattr__(self, f.name, value)
        object.__setattr__(self, "made", {})

    def input(self, name: str) -> Slot:
        return _slot(self.inputs, name)

    def output(self, name: str) -> Slot:
        return _slot(self.outputs, name)

    def repeats(self) -> IntArray:
        """How often each instruction is run, (n,)."""
        repeats = np.ones(len(self.instructions), np.int32)
        for strips in self.strips:
            repeats[strips.first : strips.stop] = strips.n_strips
        return repeats

    def moves(self) -> IntArray:
        """How far the result and the operands of each instruction move from one time to the next, (n, 4)."""
        moves = np.zeros((len(self.instructions), 4), np.int32)
        for strips in self.strips:
            moves[strips.first : strips.stop] = strips.moves
        return moves

    def key(self) -> Hashable:
        """Equal for sections with equal instructions."""
        return self.instructions.tobytes(), tuple((s.first, s.stop, s.n_strips, s.moves.tobytes()) for s in self.strips)


def _slot(slots: tuple[Slot, ...], name: str) -> Slot:
    return next(s for s in slots if s.name == name)


def empty_section(n_uniform: int) -> Section:
    return Section(np.zeros((0, WIDTH), np.int32), 0, n_uniform, (), ())
