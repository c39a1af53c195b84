"""What a run takes of memory beside its starts: results, kept state, recorded paths, values of each trajectory, and the
rows that its threads work on."""

from __future__ import annotations

import math

from fastdescent._memory import bytes_of_work, refuse_if_too_large
from fastdescent.engines.protocol import DescentJob

_NIT_AND_STATUS = 4 + 1  # bytes
_AT_THE_END = 2  # numbers: f and the gradient's norm


def refuse_without_room(job: DescentJob) -> None:
    """Raises MemoryError where the results of a job, or what it works on, would not fit."""
    n, dim = job.starts.shape
    n_kept = job.program.n_state if job.keep_state else 0
    n_numbers = (0 if job.overwrite else dim) + n_kept + _AT_THE_END
    size = job.starts.itemsize
    path = job.record.n_rows * (len(job.record.steps) + 1) * dim * size if len(job.record.steps) else 0
    program = job.program
    work = bytes_of_work(program.main.n_rows + 2 * program.n_state, min(job.n_threads, n))
    kept = f" whose state of {n_kept} numbers each is kept" if n_kept else ""
    refuse_if_too_large(
        n * (n_numbers * size + _NIT_AND_STATUS) + bytes_of_lanes(job) + path + work,
        f"a run of {n} trajectories{kept}{' and recorded' if path else ''}",
        "run fewer at once, or keep and record less" + (", or use fewer threads" if work and job.n_threads > 1 else ""),
    )


def bytes_of_lanes(job: DescentJob) -> int:
    """Of what depends on a trajectory's own hyperparameters: made in float64, put together, rounded."""
    outputs = sum(s.size for s in job.program.lanes.outputs)
    copies = 2 * 8 + (job.starts.itemsize if job.starts.itemsize != 8 else 0)
    return math.prod((len(job.starts), outputs, copies))
