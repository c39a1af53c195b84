"""Whether endpoints were cut short on their way down, or go round in circles."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status
from fastdescent._run.descent import Descent, descend
from fastdescent._run.hyperparameters import changed, per_trajectory
from fastdescent._run.record import Record
from fastdescent.optimizers import Optimizer

_STEPS = (0, 5, 10, 16, 48, 53, 58, 64)  # no common period, so that a cycle shows
_AT_ONCE = 1 << 18


def descends(run: Descent, index: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """For endpoints by index in C order: whether the run's optimizer, let go on from there, converges or goes down.

    Down means that f is always lower late in the next 64 steps than early. The optimizer begins with its initial state
    and the hyperparameters of the end.
    """
    parts = [index[k : k + _AT_ONCE] for k in range(0, len(index), _AT_ONCE)]
    return np.concatenate([_descends(run, part) for part in parts]) if parts else np.zeros(0, np.bool_)


def _descends(run: Descent, index: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    x = run.x.reshape(-1, run.surface.dim)[index].astype(np.float64)
    record = Record(steps=_STEPS, fields=("fun",))
    more = descend(run.surface, x, _at_the_end(run, index), max_steps=_STEPS[-1], record=record, final=False)
    assert more.path is not None
    assert more.path.fun is not None
    fun, half = more.path.fun, len(_STEPS) // 2
    whole = more.status == Status.MAX_STEPS
    down = np.zeros(len(index), np.bool_)
    if whole.any():
        down[whole] = fun[whole, half:].max(axis=1) < fun[whole, :half].min(axis=1)
    return np.asarray(down | more.success)


def _at_the_end(run: Descent, index: npt.NDArray[np.int64]) -> Optimizer:
    """The optimizer with the hyperparameters that these trajectories had in their last steps."""
    last = int(run.nit.reshape(-1)[index].max())

    def at_the_end(name: str, value: Any) -> Any:
        if callable(value):
            return lambda t: value(last)
        if np.ndim(value) == 0:
            return value
        lanes = per_trajectory(name, np.asarray(value, np.float64), run.status.shape, run.surface.dim)[index]
        return lanes[:, 0] if lanes.shape[1] == 1 else lanes

    return changed(run.optimizer, at_the_end)
