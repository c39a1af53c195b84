"""The C++ core. `fastdescent.engines.host` names it `core`; `engines/numba/core.py` has the same functions."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Floats = TypeVar("_Floats", npt.NDArray[np.float64], npt.NDArray[np.float32])
_Strips = Sequence[tuple[int, int, int, npt.NDArray[np.int32]]]  # first, stop, n_strips, moves

class StepRows:
    def __init__(
        self,
        *,
        x: int,
        gradient: int,
        fun: int,
        previous_fun: int,
        previous_x: int,
        moved: int,
        stop: int,
        alarm: int,
        lane_row: int,
        n_index: int,
        table_row: int,
    ) -> None: ...

def isas() -> list[str]: ...
def opcodes() -> list[tuple[str, int]]: ...
def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
def uniform(
    window: npt.NDArray[np.float64], n: int, seed: int, first: int = 0, n_threads: int = 1
) -> npt.NDArray[np.float64]: ...
def evaluate(
    *,
    isa: str,
    instructions: npt.NDArray[np.int32],
    strips: _Strips,
    n_rows: int,
    uniform: _Floats,
    inputs: Sequence[_Floats],
    input_offsets: Sequence[int],
    outputs: Sequence[tuple[int, int]],
    n_points: int,
    compiled: tuple[int, int],
    n_threads: int,
) -> list[_Floats]: ...
def descend(
    *,
    isa: str,
    instructions: npt.NDArray[np.int32],
    strips: _Strips,
    n_rows: int,
    split: int,
    uniform: _Floats,
    table: _Floats,
    initial: _Floats,
    starts: _Floats,
    overwrite: bool,
    lane_values: _Floats,
    rows: StepRows,
    limits: Sequence[float],
    center: _Floats,
    box: _Floats,
    may_speculate: bool,
    state_before: _Floats,
    t_before: npt.NDArray[np.int32],
    status_before: npt.NDArray[np.int8],
    record_steps: npt.NDArray[np.uint32],
    record_every: int,
    record_rows: npt.NDArray[np.int32],
    n_recorded: int,
    most_recorded: int,
    keep_state: bool,
    first_index: int,
    indices: npt.NDArray[np.uint64],
    max_steps: int,
    t_last: npt.NDArray[np.int32],
    compiled: tuple[int, int, int],
    n_lanes: int,
    n_threads: int,
    poll: Callable[[int], bool] | None,
) -> tuple[_Floats, npt.NDArray[np.int32], npt.NDArray[np.int8], _Floats, _Floats, npt.NDArray[np.int64]]: ...
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
    cell: npt.NDArray[np.int32],
    candidate_of_cell: npt.NDArray[np.int32],
    points: npt.NDArray[np.float64],
    per_gradient: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    certain_radius: npt.NDArray[np.float64],
    is_degenerate: npt.NDArray[np.int8],
    inverse_width: npt.NDArray[np.float64],
    n_threads: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...
def label_endpoints(
    *,
    x: _Floats,
    status: npt.NDArray[np.int8],
    eligible: int,
    candidate: npt.NDArray[np.int32],
    nit: npt.NDArray[np.int32],
    row_of_candidate: npt.NDArray[np.int32],
    points: npt.NDArray[np.float64],
    kind: npt.NDArray[np.int8],
    unsettled: int,
    escaped: int,
    n_threads: int,
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.int8],
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
]: ...
