"""A section's instructions as LLVM IR: rows become values; long loops stay loops over rows in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from fastdescent.engines.jit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.draws import Draws, Turn, gathered
from fastdescent.engines.jit.loops import Index, loop, turns
from fastdescent.engines.jit.rows import Instruction, Rows, is_loop
from fastdescent.program.opcodes import ARITY, DRAWS, ELEMENTWISE, GATHER, NAMES, REDUCTIONS
from fastdescent.program.program import N_INNER, N_MIDDLE, N_OUTER, OP, OUT, PLACE, UNIFORM, A, FloatArray, IntArray

#: Sums that a loop keeps in registers, and how many of them along the outer loop where there is a middle one.
_SUMS_IN_FLIGHT = 8
_SUMS_OF_PRODUCTS, _OUTER_SUMS = 16, 4


class Lowering:
    """Emits code of one Program. `constants` are the first of the uniform numbers, known now."""

    def __init__(self, m: Arithmetic, rows: Rows, uniform: str, constants: FloatArray) -> None:
        self._m, self._rows, self._uniform, self._constants = m, rows, uniform, constants
        self._draws = Draws(m, self._operand, self._put)

    def run(self, code: IntArray) -> None:
        """Emits instructions in order."""
        for row in code.tolist():
            reduces = NAMES[row[OP]] in REDUCTIONS
            if NAMES[row[OP]] in DRAWS:
                self._draws.emit(row)
            elif not is_loop(row):
                (self._unrolled_reduction if reduces else self._unrolled)(row)
            elif reduces:
                self._tiled_reduction(row)
            else:
                self._looped(row)

    def _operands(self, row: Instruction, turn: Turn, j: Index) -> list[Vectors]:
        return [self._operand(row, k, turn, j) for k in range(ARITY[NAMES[row[OP]]])]

    def _operand(self, row: Instruction, k: int, turn: Turn, j: Index) -> Vectors:
        place = self._place(row, A + PLACE * k, turn, j)
        if row[UNIFORM] >> k & 1:
            return self._uniform_number(place)
        return self._rows.get(place) if isinstance(place, int) else self._rows.load(place)

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
        for index, stride in zip((*turn, j), strides, strict=True):
            if isinstance(index, int):
                known += index * stride
            elif stride:
                along = value(f"mul i64 {index}, {stride}")
                place = value(f"add i64 {place}, {along}") if place else along
        return value(f"add i64 {place}, {known}") if place else known

    def _put(self, row: Instruction, turn: Turn, j: Index, result: Vectors) -> None:
        place = self._place(row, OUT, turn, j)
        if isinstance(place, int):
            self._rows.put(place, result)
        else:
            self._rows.store(place, result)

    def _unrolled(self, row: Instruction) -> None:
        for i, h, j in itertools.product(*(range(n) for n in row[N_OUTER : N_INNER + 1])):
            self._put(row, (i, h), j, self._element(row, (i, h), j))

    def _unrolled_reduction(self, row: Instruction) -> None:
        for turn in itertools.product(range(row[N_OUTER]), range(row[N_MIDDLE])):
            total = self._term(row, turn, 0, None)
            for j in range(1, row[N_INNER]):
                total = self._term(row, turn, j, total)
            self._put(row, turn, 0, total)

    def _looped(self, row: Instruction) -> None:
        m = self._m
        with turns(m, row[N_OUTER]) as i, turns(m, row[N_MIDDLE]) as h, turns(m, row[N_INNER]) as j:
            self._put(row, (i, h), j, self._element(row, (i, h), j))

    def _element(self, row: Instruction, turn: Turn, j: Index) -> Vectors:
        """A result of an opcode that is no reduction."""
        name, m = NAMES[row[OP]], self._m
        if name != GATHER:
            value: Vectors = ELEMENTWISE[name](m, *self._operands(row, turn, j))
            return value
        first = f"getelementptr {m.number}, ptr {self._uniform}, i64 {self._place(row, A + PLACE, turn, j)}"
        n, apart = row[A + 2 * PLACE : A + 2 * PLACE + 2]
        return gathered(m, self._operand(row, 0, turn, j), m.emitter.value(first), n, apart)

    def _tiled_reduction(self, row: Instruction) -> None:
        """Several results at once, so that sums need not wait for each other, and what they share is loaded once."""
        n_outer, n_middle = row[N_OUTER], row[N_MIDDLE]
        most = max(1, (_SUMS_IN_FLIGHT if n_middle == 1 else _SUMS_OF_PRODUCTS) // self._m.n)
        outer = min(n_outer, most if n_middle == 1 else max(_OUTER_SUMS, most // n_middle))
        middle = min(n_middle, max(1, most // outer))
        for i, n_i in self._tiles(n_outer, outer):
            with i as first:
                for h, n_h in self._tiles(n_middle, middle):
                    with h as second:
                        self._reduced(row, list(itertools.product(self._next(first, n_i), self._next(second, n_h))))

    def _tiles(self, n: int, size: int) -> Iterator[tuple[AbstractContextManager[Index], int]]:
        """A loop over whole tiles, and what is left."""
        whole = n - n % size
        if whole:
            yield turns(self._m, whole, size), size
        if whole < n:
            yield nullcontext(whole), n - whole

    def _next(self, first: Index, n: int) -> list[Index]:
        if isinstance(first, int):
            return list(range(first, first + n))
        return [first, *(self._m.emitter.value(f"add i64 {first}, {k}") for k in range(1, n))]

    def _reduced(self, row: Instruction, results: Sequence[Turn]) -> None:
        totals = [self._term(row, turn, 0, None) for turn in results]
        if row[N_INNER] > 1:
            with loop(self._m, row[N_INNER], first=1) as (j, carry):
                before = carry(sum(totals, ()))
                parts = [before[k * self._m.n : (k + 1) * self._m.n] for k in range(len(results))]
                totals = [self._term(row, turn, j, part) for turn, part in zip(results, parts, strict=True)]
                carry.after = sum(totals, ())
        for turn, total in zip(results, totals, strict=True):
            self._put(row, turn, 0, total)

    def _term(self, row: Instruction, turn: Turn, j: Index, total: Vectors | None) -> Vectors:
        """The sum with its next term; the first one is alone."""
        m, (a, *rest) = self._m, self._operands(row, turn, j)
        if not rest:
            return a if total is None else m.add(total, a)
        return m.mul(a, rest[0]) if total is None else m.fma(a, rest[0], total)
