"""What interpreting a section costs beyond its machine code, and what compiling costs, in seconds of one thread.

Measured with vectors of four float64; benchmarks/auto_crossover.py prints the model beside what it measures. For each
trajectory, interpreting costs more

    0.075 ns for each number that instructions make one by one; 0.24 ns where these are more than 120 in all, whose rows
             do not stay in the first cache, while machine code keeps them there or in registers
    0.012 ns for each term of a sum or a product
    6.5 ns   for each block of random numbers

Longer vectors share that among more trajectories. LLVM takes about as long for each operation that is written, on each
vector in flight; it writes a step twice, and a section that runs once once. Very long machine code comes from beyond
the first cache, which costs it a part of what it saves, or more.
"""

from __future__ import annotations

import math

import numpy as np

from fastdescent.engines.host import isa
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.protocol import DescentJob
from fastdescent.program.opcodes import DRAWS, INWARD, NUMBERS
from fastdescent.program.section import N_INNER, Section

_NUMBER, _NUMBER_OF_MANY, _TERM, _DRAW = 0.075e-9, 0.24e-9, 0.012e-9, 6.5e-9
_FEW, _MANY = 40, 120  #: numbers; between them it becomes gradually more
_LONG, _OPERATION_OF_LONG = 1200, 0.04e-9  #: operations that the first cache holds, and what each one beyond costs
_WRITTEN = 0.8e-6  #: an instruction of a loop, written out
_LEAST_SAVED = 0.2  #: of what interpreting costs more: for less nothing is compiled
_STEP, _OPERATION_OF_STEP = 18e-3, 0.09e-3  #: of compiling; the second for each vector
_SECTION, _OPERATION_OF_SECTION = 6e-3, 0.045e-3
_MOST_NUMBER = 1e-9  #: what an engine takes for a number, whatever it is; hardly ever more

#: Seconds below which nothing is ever compiled, and until LLVM is ready for the first time in a process.
LEAST_COMPILE_SECONDS, IMPORT_SECONDS = _SECTION, 0.05

_IS_DRAW, _IS_INWARD = (np.isin(np.arange(len(NUMBERS)), [NUMBERS[n] for n in names]) for names in (DRAWS, INWARD))


def seconds_lost(section: Section, dtype: str) -> float:
    """That one run of a section for one trajectory takes longer, interpreted."""
    numbers, terms, draws = _counts(section)
    part_of_many = min(1.0, max(0.0, (numbers - _FEW) / (_MANY - _FEW)))
    each = _NUMBER + part_of_many * (_NUMBER_OF_MANY - _NUMBER)
    return (numbers * each + terms * _TERM + draws * _DRAW) * _share_of_a_vector(dtype)


def seconds_to_write_out(section: Section) -> float:
    """That each call of the interpreter takes to write out loops, turn by turn."""
    return _WRITTEN * (int(section.repeats().sum(dtype=np.int64)) - len(section.instructions))


def most_seconds(section: Section) -> float:
    """That one run of a section for one trajectory takes, interpreted or not; hardly ever more."""
    numbers, terms, draws = _counts(section)
    return (1 + numbers + terms + 60 * draws) * _MOST_NUMBER


def seconds_to_compile_step(job: DescentJob) -> float:
    """The kernel of a job; infinite where it would not be faster."""
    from fastdescent.engines.step_kernel import vectors_of

    return _seconds(job.program.main, job.starts.dtype.name, _STEP, _OPERATION_OF_STEP * vectors_of(job))


def seconds_to_compile_section(section: Section, dtype: str) -> float:
    """A section that runs once; infinite where it would not be faster."""
    from fastdescent.engines.jit.kernel.unroll import section_shape

    n_vectors = section_shape(section, dtype, target_of(isa())).n_vectors
    return _seconds(section, dtype, _SECTION, _OPERATION_OF_SECTION * n_vectors)


def _seconds(section: Section, dtype: str, least: float, each: float) -> float:
    """What interpreting has to lose until compiling pays: more than compiling takes where that saves only a part."""
    from fastdescent.engines.jit.loops.cost import n_written

    if not target_of(isa()).has_fma:  # to emulate it takes nearly all the time, compiled or not
        return math.inf
    n, lost = sum(n_written(row, dtype) for row in section.instructions.tolist()), seconds_lost(section, dtype)
    saved = lost - max(0, n - _LONG) * _OPERATION_OF_LONG * _share_of_a_vector(dtype)
    return (least + n * each) * lost / saved if saved > _LEAST_SAVED * lost else math.inf


def _counts(section: Section) -> tuple[int, int, int]:
    """Numbers that instructions make one by one, terms of sums and products, blocks of random numbers."""
    op, _, n_outer, n_middle, n_inner = section.instructions[:, : N_INNER + 1].T.astype(np.int64)
    draws, inward, repeats = _IS_DRAW[op], _IS_INWARD[op], section.repeats()
    made = np.where(draws, n_outer, n_outer * n_middle * n_inner) * repeats
    return int(made[~inward].sum()), int(made[inward & ~draws].sum()), int(made[draws].sum())


def _share_of_a_vector(dtype: str) -> float:
    """Of one with four float64."""
    return np.dtype(dtype).itemsize / 8 * 32 / target_of(isa()).vector_bytes
