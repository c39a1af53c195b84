"""A section's instructions as LLVM IR: rows become values; long loops stay loops over rows in memory."""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.engines.jit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.loops import Index, loop
from fastdescent.engines.jit.rows import Instruction, Rows, is_loop
from fastdescent.program.opcodes import ARITY, ELEMENTWISE, NAMES, REDUCTIONS
from fastdescent.program.program import N_INNER, N_OUTER, OP, OUT, UNIFORM, A, IntArray

#: Sums that a loop keeps in registers.
_SUMS_IN_FLIGHT = 8


class Lowering:
    """Emits code of one Program. `constants` are the first of the uniform numbers, known now."""

    def __init__(self, m: Arithmetic, rows: Rows, uniform: str, constants: tuple[float, ...]) -> None:
        self._m, self._rows, self._uniform, self._constants = m, rows, uniform, constants

    def run(self, code: IntArray) -> None:
        """Emits instructions in order."""
        for row in code.tolist():
            reduces = NAMES[row[OP]] in REDUCTIONS
            if not is_loop(row):
                (self._unrolled_reduction if reduces else self._unrolled)(row)
            elif reduces:
                self._looped_reduction(row)
            else:
                self._looped(row)

    def _operands(self, row: Instruction, i: Index, j: Index) -> list[Vectors]:
        return [self._operand(row, k, i, j) for k in range(ARITY[NAMES[row[OP]]])]

    def _operand(self, row: Instruction, k: int, i: Index, j: Index) -> Vectors:
        place = self._place(row, A + 3 * k, i, j)
        if row[UNIFORM] >> k & 1:
            return self._uniform_number(place)
        return self._rows.get(place) if isinstance(place, int) else self._rows.load(place)

    def _uniform_number(self, place: Index) -> Vectors:
        m = self._m
        if isinstance(place, int) and place < len(self._constants):
            return m.const(self._constants[place])
        pointer = m.emitter.value(f"getelementptr {m.number}, ptr {self._uniform}, i64 {place}")
        return m.splat(m.emitter.value(f"load {m.number}, ptr {pointer}, !invariant.load !1"))

    def _place(self, row: Instruction, column: int, i: Index, j: Index) -> Index:
        offset, outer, inner = row[column : column + 3]
        if isinstance(i, int) and isinstance(j, int):
            return offset + i * outer + j * inner
        value = self._m.emitter.value
        along = value(f"add i64 {value(f'mul i64 {i}, {outer}')}, {value(f'mul i64 {j}, {inner}')}")
        return value(f"add i64 {along}, {offset}")

    def _put(self, row: Instruction, i: Index, j: Index, result: Vectors) -> None:
        place = self._place(row, OUT, i, j)
        if isinstance(place, int):
            self._rows.put(place, result)
        else:
            self._rows.store(place, result)

    def _unrolled(self, row: Instruction) -> None:
        meaning = ELEMENTWISE[NAMES[row[OP]]]
        for i in range(row[N_OUTER]):
            for j in range(row[N_INNER]):
                self._put(row, i, j, meaning(self._m, *self._operands(row, i, j)))

    def _unrolled_reduction(self, row: Instruction) -> None:
        for i in range(row[N_OUTER]):
            total = self._term(row, i, 0, None)
            for j in range(1, row[N_INNER]):
                total = self._term(row, i, j, total)
            self._put(row, i, 0, total)

    def _looped(self, row: Instruction) -> None:
        meaning = ELEMENTWISE[NAMES[row[OP]]]
        with loop(self._m, row[N_OUTER]) as (i, _), loop(self._m, row[N_INNER]) as (j, _):
            self._put(row, i, j, meaning(self._m, *self._operands(row, i, j)))

    def _looped_reduction(self, row: Instruction) -> None:
        """Several results at once, so that sums need not wait for each other, and what they share is loaded once."""
        n_outer, tile = row[N_OUTER], max(1, _SUMS_IN_FLIGHT // self._m.n)
        whole = n_outer - n_outer % tile
        if whole:
            with loop(self._m, whole, step=tile) as (i, _):
                value = self._m.emitter.value
                self._reduced(row, [i, *(value(f"add i64 {i}, {k}") for k in range(1, tile))])
        if whole < n_outer:
            self._reduced(row, list(range(whole, n_outer)))

    def _reduced(self, row: Instruction, results: Sequence[Index]) -> None:
        totals = [self._term(row, i, 0, None) for i in results]
        if row[N_INNER] > 1:
            with loop(self._m, row[N_INNER], first=1) as (j, carry):
                before = carry(sum(totals, ()))
                parts = [before[k * self._m.n : (k + 1) * self._m.n] for k in range(len(results))]
                totals = [self._term(row, i, j, part) for i, part in zip(results, parts, strict=True)]
                carry.after = sum(totals, ())
        for i, total in zip(results, totals, strict=True):
            self._put(row, i, 0, total)

    def _term(self, row: Instruction, i: Index, j: Index, total: Vectors | None) -> Vectors:
        """The sum with its next term; the first one is alone."""
        m, (a, *rest) = self._m, self._operands(row, i, j)
        if not rest:
            return a if total is None else m.add(total, a)
        return m.mul(a, rest[0]) if total is None else m.fma(a, rest[0], total)
