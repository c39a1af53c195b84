"""Runs whose steps test all that is to be tested: one call of the engine, and one more where f may overflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.progress import reporter
from fastdescent._base.status import Unended
from fastdescent._run.job import Before, Indices, put_inside
from fastdescent._run.options import Options
from fastdescent._run.steps import Steps
from fastdescent._starts.lazy import flat
from fastdescent.engines.protocol import Ends

Array = npt.NDArray[Any]


def run_at_once(
    options: Options, before: Before | None = None, indices: Indices = None, last: npt.NDArray[np.int32] | None = None
) -> Ends:
    """How the trajectories end; `last` are the most updates of each."""
    starts = put_inside(options, flat(options.starts))
    with reporter(options.progress, len(starts)) as report:
        steps = Steps(options, starts, before, indices, last, report)
        ends = options.engine.descend(steps.job)
        alarmed = np.flatnonzero(ends.status == Unended.ALARM)
        if len(alarmed):
            ends = _run_again(options, steps, alarmed, ends)
    steps.settle(ends.x, ends.status)
    return ends


def _run_again(options: Options, steps: Steps, alarmed: npt.NDArray[np.intp], ends: Ends) -> Ends:
    """Trajectories that left the region where f is provably finite, from their starts."""
    again = options.engine.descend(steps.beyond_alarm(alarmed))
    ends.x[alarmed], ends.nit[alarmed], ends.status[alarmed] = again.x, again.nit, again.status
    if steps.job.keep_state:
        ends.state[alarmed] = again.state
    return replace(ends, path=ends.path.overlaid(again.path)) if options.record else ends
