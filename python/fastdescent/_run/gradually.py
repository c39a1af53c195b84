"""Runs that pause: full gradients of runs with noise or minibatches are tested, and looks are taken, now and then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fastdescent._base.progress import reporter
from fastdescent._base.ragged import Ragged
from fastdescent._base.status import Status, Unended
from fastdescent._run.at_once import run_at_once
from fastdescent._run.job import Before, Indices
from fastdescent._run.options import Options
from fastdescent._run.record import NOTHING
from fastdescent._run.stepper import Stepper
from fastdescent.engines.protocol import Ends, Live


def run_gradually(options: Options, before: Before | None, indices: Indices) -> Ends:
    """From pause to pause; what runs stops where the noiseless gradient over all rows is small."""
    stepper = Stepper(replace(options, record=None, recording=NOTHING), indices)
    engine, last = stepper.choose_engine(), options.max_steps
    if before is not None:
        dim = options.surface.dim
        running = np.full(len(before.nit), Unended.RUNNING, np.int8)
        stepper.place(Live(before.state[:, :dim].copy(), before.state.copy(), before.nit.copy(), running))
    live = stepper.live
    with reporter(options.progress, len(live.x)) as report:
        t = int(live.nit.min(initial=last))
        while stepper.n_running and t < last:
            if report is not None and not report(len(live.x) - stepper.n_running):
                break
            t = min(stepper.next_pause(t), last)
            stepper.advance(t)
    running = live.status == Unended.RUNNING
    live.status[running & (live.nit < last)] = Status.INTERRUPTED
    live.status[running & (live.nit >= last)] = Status.MAX_STEPS
    live.state[:, : options.surface.dim] = live.x
    path = _recorded(options, live.nit, indices)
    return Ends(live.x, live.nit, live.status, live.state, path, engine)


def _recorded(options: Options, nit: npt.NDArray[np.int32], indices: Indices) -> Ragged:
    """The paths, by a second run, in which trajectories that are recorded make as many steps as they have made."""
    if options.record is None:
        return Ragged(np.zeros((0, options.surface.dim), options.starts.dtype), np.zeros(1, np.int64))
    last = np.where(options.recording.rows >= 0, nit, np.int32(0))
    return run_at_once(replace(options, gtol=None, progress=None), None, indices, last).path
