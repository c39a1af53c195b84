"""What a run takes of memory beside its starts: results, kept state, recorded paths, values of each trajectory, and the
rows that its threads work on."""

from __future__ import annotations

import math
from dataclasses import replace

from fastdescent._base.memory import bytes_of_work, n_that_fit, refuse_if_too_large
from fastdescent._run.record import Record, bytes_of_point
from fastdescent.engines.protocol import DescentJob

_NIT_AND_STATUS = 4 + 1  # bytes
_AT_THE_END = 2  # numbers: f and the gradient's norm
_COPIES_OF_PATHS_BEYOND_ALARM = 2  # while paths are replaced


def within_room(job: DescentJob, record: Record | None) -> DescentJob:
    """The job, which knows how many points it may record.

    Raises MemoryError where what it takes in any case would not fit; how long paths become nobody knows.
    """
    n, dim = job.starts.shape
    n_kept = job.program.n_state if job.keep_state else 0
    n_numbers = (0 if job.overwrite else dim) + n_kept + _AT_THE_END
    size = job.starts.itemsize
    a_point = 0 if record is None else bytes_of_point(record, dim, size)
    if job.limits.alarm and record is not None:
        a_point += _COPIES_OF_PATHS_BEYOND_ALARM * dim * size
    program = job.program
    work = bytes_of_work(program.main.n_rows + 2 * program.n_state, min(job.n_threads, n))
    kept = f" whose state of {n_kept} numbers each is kept" if n_kept else ""
    unrecorded = n * (n_numbers * size + _NIT_AND_STATUS) + bytes_of_lanes(job) + work
    refuse_if_too_large(
        unrecorded + job.record.n_rows * a_point,
        f"a run of {n} trajectories{kept}{' and recorded' if job.record.n_rows else ''}",
        "run fewer at once, or keep and record less" + (", or use fewer threads" if work and job.n_threads > 1 else ""),
    )
    if record is None:
        return job
    return replace(job, record=replace(job.record, most_points=n_that_fit(a_point, unrecorded)))


def bytes_of_lanes(job: DescentJob) -> int:
    """Of what depends on a trajectory's own hyperparameters: made in float64, put together, rounded."""
    outputs = sum(s.size for s in job.program.lanes.outputs)
    copies = 2 * 8 + (job.starts.itemsize if job.starts.itemsize != 8 else 0)
    return math.prod((len(job.starts), outputs, copies))
