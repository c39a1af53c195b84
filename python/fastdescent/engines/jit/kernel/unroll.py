"""How many vectors are in flight: enough that the processor need not wait, few enough that they stay in registers.

Operations of one vector wait for each other, so several vectors go side by side through each instruction: they also
share what is loaded, constants above all. Groups of such vectors follow each other within a step. Steps of few
operations gain from them, since the processor then overlaps groups; in longer ones it does not reach the next group.

The table was measured with `benchmarks/vectors_in_flight.py`. A step of himmelblau has 15 operations, of rastrigin with
Adam 144, of levy13 373, of a small network thousands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastdescent.engines.jit.emit.target import Target
from fastdescent.engines.jit.kernel.spec import KernelSpec
from fastdescent.engines.jit.loops.cost import length_of, n_computed
from fastdescent.program.opcodes import NAMES
from fastdescent.program.section import OP, Section


@dataclass(frozen=True)
class Shape:
    """Numbers of a vector, vectors that instructions go through side by side, groups of these in a block."""

    dtype: str
    width: int
    n_vectors: int
    n_groups: int

    @property
    def block(self) -> int:
        """Lanes of a block."""
        return self.width * self.n_vectors * self.n_groups

    def first_lane(self, group: int) -> int:
        """Of a group."""
        return group * self.n_vectors * self.width


#: (most operations of a step on one vector, vectors side by side, groups of these)
_Shapes = tuple[tuple[int, int, int], ...]
_FEW_REGISTERS: _Shapes = ((75, 2, 3), (600, 4, 1))
_MANY_REGISTERS: _Shapes = ((60, 2, 2), (200, 1, 3), (600, 4, 1))
_HARDLY_TESTED: _Shapes = ((60, 3, 2), *_MANY_REGISTERS)  #: only points that are far away stop a lane
_OTHERS = (2, 1)  #: of longer steps
_MOST_STATE = 8  #: more rows of state than this fill the registers


def shape_for(spec: KernelSpec, dtype: str, target: Target) -> Shape:
    """The vectors of a kernel. Results do not depend on them."""
    width = target.vector_bytes // np.dtype(dtype).itemsize
    n = n_operations(spec.main, dtype)
    shapes = _HARDLY_TESTED if spec.stops.only_far_away else _MANY_REGISTERS
    if target.n_registers < 32:
        shapes = _FEW_REGISTERS
    for most, n_vectors, n_groups in shapes:
        if n <= most and spec.n_state <= _MOST_STATE:
            return Shape(dtype, width, n_vectors, n_groups)
    return Shape(dtype, width, *_OTHERS)


def section_shape(section: Section, dtype: str, target: Target) -> Shape:
    """The vectors of a section that runs once. Compiling a long one for two takes longer than it saves."""
    n_vectors = 2 if n_operations(section, dtype) <= 200 else 1
    return Shape(dtype, target.vector_bytes // np.dtype(dtype).itemsize, n_vectors, 1)


def n_operations(section: Section, dtype: str) -> int:
    """Machine operations of a section on one vector, roughly."""
    turns = section.repeats().tolist()
    code = zip(section.instructions.tolist(), turns, strict=True)
    return sum(n * n_computed(row) * length_of(NAMES[row[OP]], dtype) for row, n in code)
