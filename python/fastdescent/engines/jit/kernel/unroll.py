"""How many vectors are in flight: enough that the processor need not wait, few enough that they stay in registers.

Steps of one vector depend on each other. Short steps need several vectors side by side to fill the time; long ones
have enough in them that is independent, and more vectors would only push numbers out of registers. The borders were
measured.
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
_FEW_REGISTERS: _Shapes = ((200, 1, 4), (1000, 1, 2))
_MANY_REGISTERS: _Shapes = ((200, 2, 2), (1000, 1, 2))
_HARDLY_TESTED: _Shapes = ((60, 3, 2), *_MANY_REGISTERS)  #: only points that are far away stop a lane
_MOST_STATE = 16  #: more rows of state than this fill the registers with one vector


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
    return Shape(dtype, width, 1, 1)


def section_shape(section: Section, dtype: str, target: Target) -> Shape:
    """The vectors of a section that runs once."""
    n_vectors = 2 if n_operations(section, dtype) <= _MANY_REGISTERS[0][0] else 1
    return Shape(dtype, target.vector_bytes // np.dtype(dtype).itemsize, n_vectors, 1)


def n_operations(section: Section, dtype: str) -> int:
    """Machine operations of a section on one vector, roughly."""
    turns = section.turns().tolist()
    code = zip(section.code.tolist(), turns, strict=True)
    return sum(n * n_computed(row) * length_of(NAMES[row[OP]], dtype) for row, n in code)
