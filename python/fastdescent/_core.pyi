"""The C++ core. `fastdescent.engines.host` names it `core`; `engines/numba/core.py` has the same functions."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fastdescent.engines.core_job import CoreJob

_Floats = TypeVar("_Floats", npt.NDArray[np.float64], npt.NDArray[np.float32])

class Section:
    """Instructions that were found to touch nothing but their rows and uniform numbers. ValueError for others."""

    def __init__(
        self,
        *,
        instructions: npt.NDArray[np.int32],  # (n, 21)
        strips: Sequence[tuple[int, int, int, npt.NDArray[np.int32]]],  # first, stop, n_strips, moves
        n_rows: int,
        n_uniform: int,
        split: int,
        inputs: Sequence[tuple[int, int]],  # offsets and sizes
        outputs: Sequence[tuple[int, int]],
    ) -> None: ...

def isas() -> list[str]: ...
def opcodes() -> list[tuple[str, int]]: ...
def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
def uniform(
    window: npt.NDArray[np.float64], n: int, seed: int, first: int = 0, n_threads: int = 1
) -> npt.NDArray[np.float64]: ...
def evaluate(
    section: Section,
    *,
    isa: str,
    uniform: _Floats,
    inputs: Sequence[_Floats],
    n_points: int,
    compiled: tuple[int, int],
    n_threads: int,
) -> list[_Floats]: ...
def descend(
    job: CoreJob,
) -> tuple[
    npt.NDArray[Any],
    npt.NDArray[np.int32],
    npt.NDArray[np.int8],
    npt.NDArray[Any],
    npt.NDArray[Any],
    npt.NDArray[np.int64],
]: ...
def gather_cells(
    *,
    x: _Floats,
    grad_norm: npt.NDArray[np.float64],
    status: npt.NDArray[np.int8],
    eligible: int,
    origin: npt.NDArray[np.float64],
    per_unit: npt.NDArray[np.float64],
    n_threads: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...
def assign_members(
    *,
    x: _Floats,
    grad_norm: npt.NDArray[np.float64],
    fun: npt.NDArray[np.float64],
    cell: npt.NDArray[np.int32],
    candidate_of_cell: npt.NDArray[np.int32],
    points: npt.NDArray[np.float64],
    fun_at_points: npt.NDArray[np.float64],
    per_gradient: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    certain_radius: npt.NDArray[np.float64],
    set_radius: npt.NDArray[np.float64],
    slack: float,
    inverse_width: npt.NDArray[np.float64],
    n_threads: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...
def label_endpoints(
    *,
    x: _Floats,
    candidate: npt.NDArray[np.int32],
    nit: npt.NDArray[np.int32],
    n_bins: int,
    row_of_candidate: npt.NDArray[np.int32],
    points: npt.NDArray[np.float64],
    n_threads: int,
) -> tuple[
    npt.NDArray[np.int32], npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]
]: ...
