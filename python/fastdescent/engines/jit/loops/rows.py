"""Rows of a block in a compiled function: values that LLVM keeps in registers, or memory where loops touch them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.loops.loops import Index
from fastdescent.program.opcodes import ARITY, DRAWS, NAMES
from fastdescent.program.section import (
    N_OUTER,
    OP,
    OUT,
    PLACE,
    UNIFORM,
    WIDTH,
    A,
    Section,
    Strips,
    loop_size,
    places_of,
)

#: Instructions on more rows than this become loops over rows in memory.
LONGEST_UNROLLED = 16
#: So do instructions that draw more blocks of random numbers than this; a shuffle is long.
MOST_BLOCKS_UNROLLED, MOST_SHUFFLES_UNROLLED = 4, 1

#: An instruction of a Program, and then how far its result and operands move from strip to strip.
Instruction = list[int]


def instructions(section: Section, first: int, stop: int) -> list[Instruction]:
    """Instructions `first` to `stop` of a section."""
    rows: list[Instruction] = np.concatenate([section.instructions, section.moves()], axis=1)[first:stop].tolist()
    return rows


def move_of(row: Instruction, column: int) -> int:
    """How far a result or operand moves from strip to strip."""
    return row[WIDTH + (column - OUT) // PLACE]


def is_loop(row: Sequence[int]) -> bool:
    """Whether an instruction is emitted as a loop."""
    name = NAMES[row[OP]]
    if name in DRAWS:
        return row[N_OUTER] > (MOST_SHUFFLES_UNROLLED if name == "draw_shuffled" else MOST_BLOCKS_UNROLLED)
    return loop_size(row) > LONGEST_UNROLLED


def rows_in_memory(section: Section, first: int, stop: int) -> frozenset[int]:
    """Rows that loops among instructions `first` to `stop` read or write, those over strips too.

    What an instruction of one turn of a loop over strips hands to later ones of that turn is no such row, and neither
    is what such a loop only reads.
    """
    found: set[int] = set()
    code = instructions(section, first, stop)
    for row, repeats in zip(code, section.repeats()[first:stop].tolist(), strict=True):
        if repeats == 1 and is_loop(row):
            for column in _columns(row):
                found.update(_touched(row, column, 1).tolist())
    for strips in section.strips:
        begin, end = max(first, strips.first), min(stop, strips.stop)
        found |= _in_memory_in_strips(section, begin, end, strips.n_strips)
    return frozenset(found)


def only_read(section: Section, strips: Strips) -> list[int]:
    """Rows that all turns of a loop over strips read, and none writes."""
    read: set[int] = set()
    written: set[int] = set()
    for row in instructions(section, strips.first, strips.stop):
        written.update(_touched(row, OUT, strips.n_strips).tolist())
        if not is_loop(row):
            for column in _columns(row)[1:]:
                read.update(_touched(row, column, 1).tolist() if not move_of(row, column) else ())
    return sorted(read - written)


def _in_memory_in_strips(section: Section, first: int, stop: int, repeats: int) -> set[int]:
    found: set[int] = set()
    written: set[int] = set()  # in this turn
    early: set[int] = set()  # read in a turn before they are written in it
    for row in instructions(section, first, stop) if repeats > 1 else ():
        for column in (*_columns(row)[1:], OUT):
            rows = _touched(row, column, repeats).tolist()
            if is_loop(row) or move_of(row, column):
                found.update(rows)
            elif column == OUT:
                written.update(rows)
            else:
                early.update(r for r in rows if r not in written)
    return found | (early & written)


def _columns(row: Instruction) -> list[int]:
    """Of the result, and of the operands that are rows."""
    return [OUT, *(A + PLACE * k for k in range(ARITY[NAMES[row[OP]]]) if not row[UNIFORM] >> k & 1)]


def _touched(row: Instruction, column: int, repeats: int) -> npt.NDArray[np.int64]:
    """The rows of a result or operand, in all turns."""
    places = np.unique(places_of(row, column, once=True))
    move = move_of(row, column)
    steps = move * np.arange(repeats if move else 1)
    return np.unique(steps[:, np.newaxis] + places)


class Rows:
    """What is known of each row at one place of the function. The vectors are those of a block from lane `first` on.

    With `write_through`, each row that is replaced is stored at once.
    """

    def __init__(
        self, m: Arithmetic, base: str, in_memory: frozenset[int], block: int, first: int, write_through: bool = False
    ) -> None:
        self._m, self._base, self._block, self._first = m, base, block, first
        self.in_memory, self._write_through = in_memory, write_through
        self._values: dict[int, Vectors] = {}

    def get(self, row: int) -> Vectors:
        """The numbers of a row."""
        if row in self.in_memory:
            return self.load(row)
        if row not in self._values:
            self._values[row] = self.load(row)
        return self._values[row]

    def at(self, first: int, d: Index) -> Vectors:
        """Row first + d."""
        if isinstance(d, int):
            return self.get(first + d)
        return self.load(self._m.emitter.value(f"add i64 {d}, {first}"))

    def put(self, row: int, value: Vectors) -> None:
        """Replaces a row."""
        if row in self.in_memory or self._write_through:
            self.store(row, value)
        if row not in self.in_memory:
            self._values[row] = value

    def flush(self, row: int) -> None:
        """Writes a row to memory if it does not stand there."""
        if row in self._values:
            self.store(row, self._values[row])

    def load(self, row: Index) -> Vectors:
        """From memory; a row of the loop's own is given by the name of its number, an i64."""
        m = self._m
        return tuple(m.emitter.read(f"load {m.vector}, ptr {p}, align {m.align}") for p in self._pointers(row))

    def store(self, row: Index, value: Vectors) -> None:
        """To memory."""
        m = self._m
        for v, p in zip(value, self._pointers(row), strict=True):
            m.emitter.do(f"store {m.vector} {v}, ptr {p}, align {m.align}")

    def _pointers(self, row: Index) -> list[str]:
        m, value = self._m, self._m.emitter.value
        lanes = [self._first + u * m.width for u in range(m.n)]
        if isinstance(row, int):
            return [value(f"getelementptr {m.number}, ptr {self._base}, i64 {row * self._block + i}") for i in lanes]
        start = value(f"getelementptr {m.number}, ptr {self._base}, i64 " + value(f"mul i64 {row}, {self._block}"))
        return [value(f"getelementptr {m.number}, ptr {start}, i64 {i}") for i in lanes]
