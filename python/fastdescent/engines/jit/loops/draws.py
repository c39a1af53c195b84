"""Instructions that draw random numbers, and that read the rows of data which these choose, as LLVM IR."""

from __future__ import annotations

from collections.abc import Callable

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.loops.loops import Index, iterate
from fastdescent.engines.jit.loops.operands import Turn
from fastdescent.engines.jit.loops.rows import Instruction, is_loop
from fastdescent.program.opcodes import DRAWS, N_PARTS, NAMES
from fastdescent.program.section import N_OUTER, OP


class Draws:
    """Computes in float64, whatever the rows are. `operand` and `put` are those of the lowering."""

    def __init__(
        self,
        m: Arithmetic,
        operand: Callable[[Instruction, int, Turn, Index], Vectors],
        put: Callable[[Instruction, Turn, Index, Vectors], None],
    ) -> None:
        self._m, self._operand, self._put = m, operand, put
        self._wide = m if m.dtype == "float64" else type(m)(m.emitter, "float64", m.width, m.n, "null")

    def emit(self, row: Instruction) -> None:
        """Emits an instruction; many blocks become a loop."""
        parts = [[self._widened(self._operand(row, k, (0, 0), j)) for j in range(N_PARTS)] for k in range(2)]
        if is_loop(row):
            with iterate(self._m, row[N_OUTER]) as i:
                self._block(row, parts, i)
        else:
            for i in range(row[N_OUTER]):
                self._block(row, parts, i)

    def _block(self, row: Instruction, parts: list[list[Vectors]], i: Index) -> None:
        counter, key = parts
        for h, numbers in enumerate(DRAWS[NAMES[row[OP]]](self._wide, counter, key, self._number(i))):
            self._put(row, (i, h), 0, self._rounded(numbers))

    def _number(self, i: Index) -> Vectors:
        return self._wide.iconst(i) if isinstance(i, int) else self._wide.isplat(i)

    def _widened(self, a: Vectors) -> Vectors:
        if self._wide is self._m:
            return a
        return tuple(self._m.emitter.value(f"fpext {self._m.vector} {v} to {self._wide.vector}") for v in a)

    def _rounded(self, a: Vectors) -> Vectors:
        if self._wide is self._m:
            return a
        return tuple(self._m.emitter.value(f"fptrunc {self._wide.vector} {v} to {self._m.vector}") for v in a)


def gathered(m: Arithmetic, which: Vectors, first: str, n: int, apart: int) -> Vectors:
    """The numbers `which * apart` further on than the pointer `first`; `which` is first brought into 0 ... n - 1."""
    e, zero, last = m.emitter, m.const(0.0), m.const(float(n - 1))
    inside = m.select(m.gt(which, zero), which, zero)
    inside = m.select(m.lt(inside, last), inside, last)
    numbers, indices = f"<{m.width} x i32>", f"<{m.width} x i64>"
    short = [e.value(f"fptosi {m.vector} {v} to {numbers}") for v in inside]
    rows = [e.value(f"sext {numbers} {v} to {indices}") for v in short]
    return m.gathered(first, [e.value(f"mul {indices} {row}, splat (i64 {apart})") for row in rows])
