"""A section's instructions as LLVM IR: rows become values; long loops stay loops over rows in memory."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.emit.target import Target
from fastdescent.engines.jit.loops.draws import Draws, gathered
from fastdescent.engines.jit.loops.fused_loops import Key, chains, key_of
from fastdescent.engines.jit.loops.loops import Index, iterate
from fastdescent.engines.jit.loops.operands import Operands, Turn
from fastdescent.engines.jit.loops.rows import Instruction, Rows, instructions, is_loop, only_read
from fastdescent.engines.jit.loops.sums import Sums
from fastdescent.program.opcodes import ARITY, DRAWS, ELEMENTWISE, GATHER, NAMES, ONGOING, REDUCTIONS
from fastdescent.program.section import N_INNER, N_MIDDLE, N_OUTER, OP, OUT, PLACE, UNIFORM, A, FloatArray, Section

_SUMS = {*REDUCTIONS, *ONGOING}


class Lowering:
    """Emits code of one Program. `constants` are the first of the uniform numbers, known now."""

    def __init__(self, m: Arithmetic, rows: Rows, uniform: str, constants: FloatArray, target: Target) -> None:
        self._m = m
        self._operands = operands = Operands(m, rows, uniform, constants)
        self._draws, self._sums = Draws(m, operands.get, operands.put), Sums(m, operands, target.n_registers)

    def run(self, section: Section, first: int, stop: int) -> None:
        """Emits instructions `first` to `stop` in order; strips as loops over their turns."""
        for strips in (s for s in section.strips if first <= s.first < stop):
            self.run_strip(section, first, strips.first, 0)
            self._operands.hold(only_read(section, strips))
            with iterate(self._m, strips.n_strips) as strip:
                self.run_strip(section, strips.first, strips.stop, strip)
            first = strips.stop
        self.run_strip(section, first, stop, 0)

    def run_strip(self, section: Section, first: int, stop: int, strip: Index) -> None:
        """Emits instructions `first` to `stop` for one of their strips."""
        self._operands.strip = strip
        self._run(instructions(section, first, stop))

    def _run(self, code: Sequence[Instruction]) -> None:
        m = self._m
        for chain in chains(code, m.dtype):
            row = chain[0]
            if NAMES[row[OP]] in DRAWS:
                self._draws.emit(row)
            elif NAMES[row[OP]] in _SUMS:
                put = functools.partial(self._follow, chain)
                (self._sums.tiled if is_loop(row) else self._sums.unrolled)(row, put)
            elif is_loop(row):
                with iterate(m, row[N_OUTER]) as i, iterate(m, row[N_MIDDLE]) as h, iterate(m, row[N_INNER]) as j:
                    self._elements(chain, (i, h), j, {})
            else:
                for i, h, j in itertools.product(*(range(n) for n in row[N_OUTER : N_INNER + 1])):
                    self._elements(chain, (i, h), j, {})

    def _follow(self, chain: list[Instruction], turn: Turn, total: Vectors) -> None:
        """Stores a result of the chain's first instruction, or what the others make of it."""
        key = key_of(chain[0], OUT)
        if all(key_of(row, OUT) != key for row in chain[1:]):
            self._operands.put(chain[0], turn, 0, total)
        self._elements(chain[1:], turn, 0, {key: total})

    def _elements(self, chain: Sequence[Instruction], turn: Turn, j: Index, at_hand: dict[Key, Vectors]) -> None:
        """One row of each instruction. What a later one replaces is not stored."""
        last = {key_of(row, OUT): k for k, row in enumerate(chain)}
        for k, row in enumerate(chain):
            value, key = self._element(row, turn, j, at_hand), key_of(row, OUT)
            at_hand[key] = value
            if last[key] == k:
                self._operands.put(row, turn, j, value)

    def _element(self, row: Instruction, turn: Turn, j: Index, at_hand: dict[Key, Vectors]) -> Vectors:
        name, m = NAMES[row[OP]], self._m
        if name == GATHER:
            n, apart = row[A + 2 * PLACE : A + 2 * PLACE + 2]
            which, first = self._operands.get(row, 0, turn, j), self._operands.pointer(row, 1, turn, j)
            return gathered(m, which, first, n, apart)
        operands = []
        for k in range(ARITY[name]):
            known = None if row[UNIFORM] >> k & 1 else at_hand.get(key_of(row, A + PLACE * k))
            operands.append(self._operands.get(row, k, turn, j) if known is None else known)
        value: Vectors = ELEMENTWISE[name](m, *operands)
        return value
