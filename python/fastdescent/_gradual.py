"""Runs whose full gradient is tested now and then only: those with noise or minibatches, and a gtol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._options import Options
from fastdescent._progress import Poll, reporter
from fastdescent._record import NOTHING
from fastdescent._run import Before, Indices, run_at_once
from fastdescent._status import Status
from fastdescent._stepper import RUNNING, Stepper
from fastdescent.engines.protocol import Ends, Live

Array = npt.NDArray[Any]


def run_gradually(options: Options, every: int, before: Before | None, indices: Indices) -> Ends:
    """Every so many steps, what runs stops where the noiseless gradient over all rows is small."""
    stepper = Stepper(replace(options, gtol=None, record=None, recording=NOTHING), indices)
    engine = stepper.choose_engine()
    if before is not None:
        dim = options.surface.dim
        running = np.full(len(before.nit), RUNNING, np.int8)
        stepper.place(Live(before.state[:, :dim].copy(), before.state.copy(), before.nit.copy(), running))
    with reporter(options.progress, len(stepper.live.x)) as report:
        _advance(stepper, options, every, report)
    live = stepper.live
    live.state[:, : options.surface.dim] = live.x
    path, lengths = _recorded(options, live, indices)
    return Ends(live.x, live.nit, live.status, live.state, path, lengths, engine)


def _advance(stepper: Stepper, options: Options, every: int, report: Poll | None) -> None:
    """Trajectories that go on may stand at different steps; tests come at multiples of `every`."""
    live, last = stepper.live, options.max_steps
    t = int(live.nit.min(initial=last))
    is_due = live.nit % every == 0
    while True:
        _test(stepper, options, is_due)
        n_running = int(np.count_nonzero(live.status == RUNNING))
        if n_running == 0 or t >= last:
            return
        if report is not None and not report(len(live.nit) - n_running):
            np.copyto(live.status, np.int8(Status.INTERRUPTED), where=live.status == RUNNING)
            return
        t = min(t - t % every + every, last)
        stepper.advance(t)
        is_due = (live.nit == t) & (t % every == 0)


def _test(stepper: Stepper, options: Options, is_due: npt.NDArray[np.bool_]) -> None:
    """CONVERGED comes before STALLED and MAX_STEPS of the same step."""
    live = stepper.live
    looked_at = (live.status == RUNNING) | (live.status == Status.STALLED) | (live.status == Status.MAX_STEPS)
    rows = np.flatnonzero(is_due & looked_at)
    norm = options.surface.value_and_gradient_norm(live.x[rows])[1]
    live.status[rows[norm <= live.x.dtype.type(options.gtol)]] = Status.CONVERGED


def _recorded(options: Options, live: Live, indices: Indices) -> tuple[Array, npt.NDArray[np.int32]]:
    """The paths, by a second run, which is not tested: what comes after a trajectory's end is cut off."""
    if options.record is None:
        return np.zeros((0, 1, options.surface.dim), live.x.dtype), np.zeros(0, np.int32)
    run = run_at_once(replace(options, gtol=None, progress=None), None, indices)
    path, lengths, recording = run.path, run.lengths, options.recording
    for trajectory in np.flatnonzero(recording.rows >= 0):
        row, end = recording.rows[trajectory], live.nit[trajectory]
        n = int(np.searchsorted(recording.steps, end))
        path[row, n], path[row, n + 1 :], lengths[row] = live.x[trajectory], np.nan, n + 1
    return path, lengths
