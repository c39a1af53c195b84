"""Runs whose full gradient is tested now and then only: those with noise or minibatches, and a gtol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._options import Options
from fastdescent._progress import reporter
from fastdescent._record import NOTHING
from fastdescent._run import Before, Indices, run_at_once
from fastdescent._status import Status
from fastdescent._stepper import Stepper
from fastdescent.engines.protocol import RUNNING, Ends, Live

Array = npt.NDArray[Any]


def run_gradually(options: Options, every: int, before: Before | None, indices: Indices) -> Ends:
    """Every so many steps, what runs stops where the noiseless gradient over all rows is small."""
    stepper = Stepper(replace(options, record=None, recording=NOTHING), indices)
    engine, last = stepper.choose_engine(), options.max_steps
    if before is not None:
        dim = options.surface.dim
        running = np.full(len(before.nit), RUNNING, np.int8)
        stepper.place(Live(before.state[:, :dim].copy(), before.state.copy(), before.nit.copy(), running))
    live = stepper.live
    with reporter(options.progress, len(live.x)) as report:
        t = int(live.nit.min(initial=last))
        while stepper.n_running and t < last:
            if report is not None and not report(len(live.x) - stepper.n_running):
                break
            t = min(t - t % every + every, last)
            stepper.advance(t)
    running = live.status == RUNNING
    live.status[running & (live.nit < last)] = Status.INTERRUPTED
    live.status[running & (live.nit >= last)] = Status.MAX_STEPS
    live.state[:, : options.surface.dim] = live.x
    path, lengths = _recorded(options, live, indices)
    return Ends(live.x, live.nit, live.status, live.state, path, lengths, engine)


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
