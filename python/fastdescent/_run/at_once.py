"""Runs whose steps test all that is to be tested: one call of the engine, and one more where f may overflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.progress import reporter
from fastdescent._base.status import Status, Unended
from fastdescent._run.job import (
    Before,
    Indices,
    job_of,
    put_inside,
    stop_limits,
    undefined_comes_first,
    without_alarm,
)
from fastdescent._run.memory import within_room
from fastdescent._run.options import Options
from fastdescent._run.record import NOTHING
from fastdescent._starts.lazy import LazyStarts, flat
from fastdescent.engines.protocol import DescentJob, Ends

Array = npt.NDArray[Any]


def run_at_once(
    options: Options, before: Before | None = None, indices: Indices = None, last: npt.NDArray[np.int32] | None = None
) -> Ends:
    """The same, where steps test all that is to be tested; `last` are the most updates of each trajectory."""
    starts = put_inside(options, flat(options.starts))
    limits, with_fun = stop_limits(options)
    with reporter(options.progress, len(starts)) as report:
        job = job_of(options, starts, before, limits, with_fun, report, indices)
        job = replace(job, overwrite=isinstance(options.starts, LazyStarts) and not limits.alarm, last=last)
        ends = options.engine.descend(within_room(job, options.record))
        alarmed = np.flatnonzero(ends.status == Unended.ALARM)
        if len(alarmed):
            ends = _run_again(options, starts, before, job, alarmed, ends)
    if not with_fun:
        undefined_comes_first(options, ends.x, ends.status, ends.status == Status.DIVERGED)
    return ends


def _run_again(
    options: Options, starts: Array, before: Before | None, first: DescentJob, alarmed: Array, ends: Ends
) -> Ends:
    """Trajectories that left the region where f is provably finite, from their starts, now with f in the step."""
    limits = without_alarm(options, first.limits)
    if before is not None:
        before = Before(before.state[alarmed], before.nit[alarmed])
    indices = first.all_indices()[alarmed]
    job = job_of(options, starts[alarmed], before, limits, True, None, indices)
    lanes = {k: v[alarmed] for k, v in options.hyper.lanes.items()}
    record = replace(options.recording, rows=options.recording.rows[alarmed]) if options.record else NOTHING
    last = None if first.last is None else first.last[alarmed]
    job = replace(job, lane_inputs=lanes, record=record, last=last)
    again = options.engine.descend(within_room(job, options.record))
    ends.x[alarmed], ends.nit[alarmed], ends.status[alarmed] = again.x, again.nit, again.status
    if job.keep_state:
        ends.state[alarmed] = again.state
    return replace(ends, path=ends.path.overlaid(again.path)) if options.record else ends
