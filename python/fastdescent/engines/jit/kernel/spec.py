"""What a kernel is made of."""

from __future__ import annotations

from dataclasses import dataclass

from fastdescent.engines.jit.kernel.stops import Stops
from fastdescent.program.section import FloatArray, Section


@dataclass(frozen=True, eq=False)
class KernelSpec:
    """What a kernel is made of, besides the vectors."""

    main: Section
    constants: FloatArray
    n_state: int
    n_lane: int
    n_table: int
    stops: Stops
