"""Reductions: several results at once, so that sums need not wait for each other, and loads are shared.

A worked example: the products of W (6, 50) with x (50, 3) are 18 sums of 50 terms each. A tile of 4 x 3 sums stands in
12 registers; each turn of the loop over terms loads 4 numbers of W and 3 of x, which serve 12 products:

    for j in 0 ... 49:  total[i][h] += W[i][j] * x[j][h]    for i in 0 ... 3, h in 0 ... 2

The tiles are rows 0 to 3, in a loop, then rows 4 and 5. Invariant: each sum starts at its first term and adds the
others in order, whatever the tile is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.loops.loops import Index, iterate, loop
from fastdescent.engines.jit.loops.operands import Operands, Turn
from fastdescent.engines.jit.loops.rows import Instruction
from fastdescent.program.opcodes import ARITY, NAMES, ONGOING
from fastdescent.program.section import N_INNER, N_MIDDLE, N_OUTER, OP

#: Sums that a loop over the outer index alone keeps in registers.
_SUMS_IN_FLIGHT = 8
#: Tiles of sums, outer and middle, for so many registers and more: the largest that leave some for the operands.
_TILES = {32: (6, 4), 0: (4, 3)}

Put = Callable[[Turn, Vectors], None]


class Sums:
    """Emits reductions. `put` is given each result."""

    def __init__(self, m: Arithmetic, operands: Operands, n_registers: int) -> None:
        self._m, self._operands = m, operands
        self._largest = next(tile for n, tile in _TILES.items() if n_registers >= n)

    def unrolled(self, row: Instruction, put: Put) -> None:
        """Without loops."""
        for turn in itertools.product(range(row[N_OUTER]), range(row[N_MIDDLE])):
            total, first = self._start(row, turn)
            for j in range(first, row[N_INNER]):
                total = self._term(row, turn, j, total)
            put(turn, total)

    def tiled(self, row: Instruction, put: Put) -> None:
        """Loops over tiles of results."""
        n_outer, n_middle = row[N_OUTER], row[N_MIDDLE]
        outer, middle = self._largest if n_middle > 1 else (_SUMS_IN_FLIGHT, 1)
        most = max(1, outer * middle // self._m.n)
        outer = min(n_outer, max(min(outer, most), most // n_middle))
        middle = min(n_middle, max(1, most // outer))
        for i, n_i in self._tiles(n_outer, outer):
            with i as first:
                for h, n_h in self._tiles(n_middle, middle):
                    with h as second:
                        tile = list(itertools.product(self._next(first, n_i), self._next(second, n_h)))
                        self._tile(row, tile, put)

    def _tiles(self, n: int, size: int) -> Iterator[tuple[AbstractContextManager[Index], int]]:
        """A loop over whole tiles, and what is left."""
        whole = n - n % size
        if whole:
            yield iterate(self._m, whole, size), size
        if whole < n:
            yield nullcontext(whole), n - whole

    def _next(self, first: Index, n: int) -> list[Index]:
        if isinstance(first, int):
            return list(range(first, first + n))
        return [first, *(self._m.emitter.value(f"add i64 {first}, {k}") for k in range(1, n))]

    def _tile(self, row: Instruction, results: Sequence[Turn], put: Put) -> None:
        starts = [self._start(row, turn) for turn in results]
        totals, first = [total for total, _ in starts], starts[0][1]
        if row[N_INNER] > first:
            with loop(self._m, row[N_INNER], first=first) as (j, carry):
                before = carry(sum(totals, ()))
                parts = [before[k * self._m.n : (k + 1) * self._m.n] for k in range(len(results))]
                totals = [self._term(row, turn, j, part) for turn, part in zip(results, parts, strict=True)]
                carry.after = sum(totals, ())
        for turn, total in zip(results, totals, strict=True):
            put(turn, total)

    def _start(self, row: Instruction, turn: Turn) -> tuple[Vectors, int]:
        """What the sum starts from, and the first term that is added to it."""
        name = NAMES[row[OP]]
        if name in ONGOING:
            return self._operands.get(row, ARITY[name] - 1, turn, 0), 0
        a, *rest = self._operands.all(row, turn, 0)
        return self._m.mul(a, rest[0]) if rest else a, 1

    def _term(self, row: Instruction, turn: Turn, j: Index, total: Vectors) -> Vectors:
        """The sum with its next term."""
        a = self._operands.get(row, 0, turn, j)
        if NAMES[row[OP]] in ("sum", "sum_on"):
            return self._m.add(total, a)
        return self._m.fma(a, self._operands.get(row, 1, turn, j), total)
