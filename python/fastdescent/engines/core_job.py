"""What one call of `descend` in `fastdescent._core`, or in its twin by Numba, is given: one object, read by name.

The extension checks every field where it reads it: dtype, shape, order of arrays; ranges of numbers. What is missing is
an array without elements, or -1 for a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.engines.protocol import DescentJob, Floats, Live, Values
from fastdescent.program.program import Program


@dataclass(frozen=True, kw_only=True)
class CoreJob:
    """Arrays marked T have the dtype of `starts`, float64 or float32. All are C-contiguous."""

    isa: str
    section: Any  #: a checked `Section` of the module that is called
    uniform: Floats  #: T (n_uniform,)
    table: Floats  #: T (max_steps + 1, n_table)
    initial: Floats  #: T (n_state,); the first dim are replaced by the start
    starts: Floats  #: T (n, dim)
    overwrite: bool  #: the ends take the place of the starts
    lane_values: Floats  #: T (n, n_lane)
    n_index: int  #: rows that hold a trajectory's index
    x_row: int  #: the first row of what stop tests look at, here and below
    gradient_row: int
    fun_row: int
    previous_fun_row: int
    previous_x_row: int
    moved_row: int
    stop_row: int
    alarm: bool  #: outside the radius means that steps need f from there on
    limits: npt.NDArray[np.float64]  #: gtol^2, radius^2, xtol^2, ftol; -1 for off, infinity for no radius
    center: Floats  #: T (dim,)
    box: Floats  #: T (2, dim)
    may_speculate: bool
    state_before: Floats  #: T (n, n_state): where runs that go on stood
    t_before: npt.NDArray[np.int32]  #: (n,)
    status_before: npt.NDArray[np.int8]  #: (n,): the run is made in place; nothing is done for those that do not run
    record_steps: npt.NDArray[np.uint32]  #: ascending from 0
    record_every: int
    record_rows: npt.NDArray[np.int32]  #: (n,)
    n_recorded: int
    most_recorded: int
    keep_state: bool
    first_index: int
    indices: npt.NDArray[np.uint64]  #: (n,)
    max_steps: int
    t_last: npt.NDArray[np.int32]  #: (n,)
    compiled: npt.NDArray[np.uint64]  #: lanes of a block, and addresses of `exact` and `fast`; zeros: interpreted
    n_lanes: int
    n_threads: int
    poll: Callable[[int], bool] | None


def core_job(
    job: DescentJob, values: Values, before: Live, max_steps: int, *, isa: str, section: Any, n_lanes: int,
    compiled: tuple[int, int, int],
) -> CoreJob:  # fmt: skip
    """The job as the core is given it."""
    dtype = job.starts.dtype
    return CoreJob(
        isa=isa,
        section=section,
        uniform=values.uniform,
        table=values.table,
        initial=rounded(job.initial, dtype),
        starts=before.x,
        overwrite=job.overwrite,
        lane_values=values.lanes,
        n_index=job.program.n_index,
        **{f"{name}_row": row for name, row in step_rows(job.program).items()},
        alarm=job.limits.alarm,
        limits=_squared(job, dtype),
        center=rounded(job.limits.center, dtype),
        box=rounded(np.zeros((0, 0)) if job.limits.box is None else job.limits.box, dtype),
        may_speculate=job.may_speculate,
        state_before=before.state,
        t_before=before.nit,
        status_before=before.status,
        record_steps=job.record.steps,
        record_every=job.record.every,
        record_rows=job.record.rows,
        n_recorded=job.record.n_rows,
        most_recorded=job.record.most_points,
        keep_state=job.keep_state or len(before.status) > 0,  # in place, where the next part goes on from it
        first_index=job.first_index,
        indices=np.zeros(0, np.uint64) if job.indices is None else job.indices,
        max_steps=max_steps,
        t_last=np.zeros(0, np.int32) if job.last is None else job.last,
        compiled=np.array(compiled, np.uint64),
        n_lanes=n_lanes,
        n_threads=job.n_threads,
        poll=job.poll,
    )


def rounded(values: npt.ArrayLike, dtype: np.dtype[Any]) -> Floats:
    with np.errstate(over="ignore", under="ignore"):
        return np.ascontiguousarray(values, dtype=dtype)


def step_rows(program: Program) -> dict[str, int]:
    """The first row of what the stop tests look at, -1 for what is absent."""
    heads = {s.name: s.offset for s in program.main.outputs}
    state = {s.name: s.offset for s in program.state}
    return {
        "x": state["x"],
        "gradient": heads["gradient"],
        "fun": heads.get("fun", -1),
        "previous_fun": state.get("previous_fun", -1),
        "previous_x": state.get("previous_x", -1),
        "moved": state.get("moved", -1),
        "stop": heads.get("stop", -1),
    }


def _squared(job: DescentJob, dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
    """Squares of numbers of the run's dtype."""
    limits = job.limits

    def square(value: float | None, off: float) -> float:
        if value is None:
            return off
        with np.errstate(over="ignore", under="ignore"):
            rounded = dtype.type(value)
            return float(rounded * rounded)

    return np.array([
        square(limits.gtol, -1.0),
        square(limits.escape_radius, math.inf),
        square(limits.xtol, -1.0),
        -1.0 if limits.ftol is None else float(limits.ftol),
    ])  # fmt: skip
