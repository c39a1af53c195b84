"""What makes the steps of a run, in one call or a few steps at a time: the job, and what happens beyond its alarm.

Steps leave f out where it is provably finite. Where that holds only up to some radius, the engine raises an alarm for
trajectories beyond it, which then take steps that compute f. And a point may have diverged although f, left out, is not
finite there: that comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status
from fastdescent._run.at_points import values_at
from fastdescent._run.job import Before, Indices, job_of, stop_limits, without_alarm
from fastdescent._run.memory import within_room
from fastdescent._run.options import Options
from fastdescent._run.record import NOTHING
from fastdescent._starts.lazy import LazyStarts
from fastdescent.engines.protocol import DescentJob

Array = npt.NDArray[Any]


class Steps:
    """The steps of trajectories from `starts`, or from where they stood `before`.

    Attributes
    ----------
    job : DescentJob
    """

    def __init__(
        self, options: Options, starts: Array, before: Before | None = None, indices: Indices = None,
        last: npt.NDArray[np.int32] | None = None, poll: Callable[[int], bool] | None = None,
    ) -> None:  # fmt: skip
        self._options = options
        limits, self._with_fun = stop_limits(options)
        job = job_of(options, starts, before, limits, self._with_fun, poll, indices)
        overwrite = isinstance(options.starts, LazyStarts) and not limits.alarm
        self.job = within_room(replace(job, overwrite=overwrite, last=last), options.record)

    @property
    def may_alarm(self) -> bool:
        return self.job.limits.alarm

    def beyond_alarm(self, which: npt.NDArray[np.intp] | None = None) -> DescentJob:
        """The job of trajectories whose steps compute f: of all, or of some, from where the first job has them."""
        options, first = self._options, self.job
        limits = without_alarm(options, first.limits)
        if which is None:
            return job_of(options, first.starts, None, limits, True, None, first.indices)
        before = None
        if first.state is not None and first.nit is not None:
            before = Before(first.state[which], first.nit[which])
        job = job_of(options, first.starts[which], before, limits, True, None, first.all_indices()[which])
        lanes = {name: values[which] for name, values in first.lane_inputs.items()}
        record = replace(first.record, rows=first.record.rows[which]) if options.record else NOTHING
        last = None if first.last is None else first.last[which]
        return within_room(replace(job, lane_inputs=lanes, record=record, last=last), options.record)

    def settle(self, x: Array, status: Array, before: Array | None = None) -> None:
        """Says UNDEFINED for what has diverged to a point where f is not finite; `before` tells what is new."""
        if self._with_fun:
            return
        diverged = status == Status.DIVERGED
        if diverged.any():
            _undefined_comes_first(self._options, x, status, diverged if before is None else diverged & (before < 0))


def _undefined_comes_first(options: Options, x: Array, status: Array, diverged: npt.NDArray[np.bool_]) -> None:
    """A step may land so far outside that f, which the step Program left out, is not finite at that finite point."""
    rows = np.flatnonzero(diverged)
    rows = rows[np.isfinite(x[rows]).all(axis=-1)]
    if len(rows):
        status[rows[~np.isfinite(values_at(options, ("fun",), x[rows], rows)[0])]] = Status.UNDEFINED
