"""How many machine operations opcodes become, roughly."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.emit.emitter import Emitter
from fastdescent.engines.jit.loops.rows import is_loop
from fastdescent.program.opcodes import ARITY, DRAWS, ELEMENTWISE, INWARD, N_PARTS, NAMES
from fastdescent.program.section import N_OUTER, OP, loop_size

_OF_A_LOOP = {True: 150, False: 10}  #: operations of a loop, and of one that sums, besides what it computes


@functools.cache
def length_of(name: str, dtype: str) -> int:
    """Operations on one vector; of random numbers, on a block."""
    emitter = Emitter()
    if name in DRAWS:
        m = Arithmetic(emitter, "float64", 8, 1, "null")
        counter, key = ([(f"%x{k}{j}",) for j in range(N_PARTS)] for k in range(2))
        DRAWS[name](m, counter, key, m.iconst(0))
        return emitter.n_lines * (1 if dtype == "float64" else 2)
    if name not in ELEMENTWISE:
        return 1
    operands: list[Vectors] = [(f"%x{k}",) for k in range(ARITY[name])]
    ELEMENTWISE[name](Arithmetic(emitter, dtype, 8, 1, "%huge"), *operands)
    return emitter.n_lines


def n_computed(row: Sequence[int]) -> int:
    """How often an instruction makes its operation; of random numbers, for a block."""
    return row[N_OUTER] if NAMES[row[OP]] in DRAWS else loop_size(row)


def n_written(row: Sequence[int], dtype: str) -> int:
    """Operations on one vector that an instruction is written as: a loop is written once."""
    length = length_of(NAMES[row[OP]], dtype)
    return length + _OF_A_LOOP[NAMES[row[OP]] in INWARD] if is_loop(row) else length * n_computed(row)
