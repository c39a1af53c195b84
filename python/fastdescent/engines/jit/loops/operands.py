"""Where an instruction reads and writes: rows of the block, or numbers that all lanes share."""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.loops.loops import Index
from fastdescent.engines.jit.loops.rows import Instruction, Rows, move_of
from fastdescent.program.opcodes import ARITY, NAMES
from fastdescent.program.section import OP, OUT, PLACE, UNIFORM, A, FloatArray

_MOST_HELD = 16  #: rows

Turn = tuple[Index, Index]  #: of the outer and the middle loop


class Operands:
    """Emits loads and stores of one Program. `constants` are the first of the uniform numbers, known now."""

    def __init__(self, m: Arithmetic, rows: Rows, uniform: str, constants: FloatArray) -> None:
        self._m, self._rows, self._uniform, self._constants = m, rows, uniform, constants
        self.strip: Index = 0  #: the strip that is computed, in a loop over strips

    def hold(self, rows: Sequence[int]) -> None:
        """Loads rows that a loop reads in each turn, if they are few: they stay in registers."""
        for row in rows if len(rows) <= _MOST_HELD else ():
            self._rows.get(row)

    def all(self, row: Instruction, turn: Turn, j: Index) -> list[Vectors]:
        """The operands of an instruction."""
        return [self.get(row, k, turn, j) for k in range(ARITY[NAMES[row[OP]]])]

    def get(self, row: Instruction, k: int, turn: Turn, j: Index) -> Vectors:
        """Operand k."""
        place = self._place(row, A + PLACE * k, turn, j)
        if row[UNIFORM] >> k & 1:
            return self._uniform_number(place)
        return self._rows.get(place) if isinstance(place, int) else self._rows.load(place)

    def put(self, row: Instruction, turn: Turn, j: Index, result: Vectors) -> None:
        """Writes a result."""
        place = self._place(row, OUT, turn, j)
        if isinstance(place, int):
            self._rows.put(place, result)
        else:
            self._rows.store(place, result)

    def pointer(self, row: Instruction, k: int, turn: Turn, j: Index) -> str:
        """Where operand k stands among the uniform numbers."""
        place = self._place(row, A + PLACE * k, turn, j)
        return self._m.emitter.value(f"getelementptr {self._m.number}, ptr {self._uniform}, i64 {place}")

    def _uniform_number(self, place: Index) -> Vectors:
        m = self._m
        if isinstance(place, int) and place < len(self._constants):
            return m.const(float(self._constants[place]))
        pointer = m.emitter.value(f"getelementptr {m.number}, ptr {self._uniform}, i64 {place}")
        return m.splat(m.emitter.value(f"load {m.number}, ptr {pointer}, !invariant.load !1"))

    def _place(self, row: Instruction, column: int, turn: Turn, j: Index) -> Index:
        """What is known now is added up now."""
        known, *strides = row[column : column + PLACE]
        value, place = self._m.emitter.value, ""
        indices = (self.strip, *turn, j)
        for index, stride in zip(indices, (move_of(row, column), *strides), strict=True):
            if isinstance(index, int):
                known += index * stride
            elif stride:
                along = value(f"mul i64 {index}, {stride}")
                place = value(f"add i64 {place}, {along}") if place else along
        return value(f"add i64 {place}, {known}") if place else known
