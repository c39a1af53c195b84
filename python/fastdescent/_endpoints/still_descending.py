"""Whether endpoints were cut short on their way down, or circle a minimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status
from fastdescent._run.descent import Descent, descend
from fastdescent._run.hyperparameters import changed, per_trajectory
from fastdescent._run.record import Record
from fastdescent.optimizers import Optimizer

_STEPS = (0, 5, 10, 16, 48, 53, 58, 64)  # compared steps have no common period, so that a cycle shows
_PER_RUN = 1 << 18  # endpoints that descend further together


def descends(run: Descent, index: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the run's optimizer converges or goes down if it continues from these endpoints, by index in C order.

    It goes down if f at steps 48 to 64 is lower than at steps 0 to 16. The optimizer begins with its initial state
    and with the hyperparameters of the run's last step.
    """
    chunks = [index[k : k + _PER_RUN] for k in range(0, len(index), _PER_RUN)]
    return np.concatenate([_descends(run, chunk) for chunk in chunks]) if chunks else np.zeros(0, np.bool_)


def _descends(run: Descent, index: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    x = run.x.reshape(-1, run.surface.dim)[index].astype(np.float64)
    record = Record(steps=_STEPS, fields=("fun",))
    more = descend(run.surface, x, _last_optimizer(run, index), max_steps=_STEPS[-1], record=record, final=False)
    assert more.path is not None
    assert more.path.fun is not None
    fun, half = more.path.fun, len(_STEPS) // 2
    is_full = more.status == Status.MAX_STEPS  # all entries of the path are there
    down = np.zeros(len(index), np.bool_)
    if is_full.any():
        down[is_full] = fun[is_full, half:].max(axis=1) < fun[is_full, :half].min(axis=1)
    return np.asarray(down | more.success)


def _last_optimizer(run: Descent, index: npt.NDArray[np.int64]) -> Optimizer:
    """The optimizer with the hyperparameters of these trajectories in the last step; schedules become constant."""
    last = int(run.nit.reshape(-1)[index].max())

    def last_value(name: str, value: Any) -> Any:
        if callable(value):
            return lambda t: value(last)
        if np.ndim(value) == 0:
            return value
        own = per_trajectory(name, np.asarray(value, np.float64), run.status.shape, run.surface.dim)[index]
        return own[:, 0] if own.shape[1] == 1 else own

    return changed(run.optimizer, last_value)
