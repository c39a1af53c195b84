"""What trajectories do that max_steps ended: they circle in a cycle, or still make progress, or neither.

They go on from their endpoints, with their optimizers' states. `fd.reduce.period` finds the period of those that return
to where they were. A trajectory that spirals into a minimum nearly returns, too: in a cycle it must come back far more
closely than the cycle is wide.

Example. Gradient descent with too large a step circles the minimum of x^4 - x^2 at 0.7071; with a smaller step it has
come to it; with a tiny one it is still on its way:

>>> from fastdescent import GD, descend, surface
>>> s, lr = surface("x**4 - x**2", window=(-2, 2)), [0.505, 0.1, 1e-5]
>>> run = descend(s, [[0.3]] * 3, GD(lr), max_steps=5000, gtol=None)
>>> run.x[:, 0].round(4).tolist()
[0.7397, 0.7071, 0.3251]
>>> period, mean = cycles(run, np.arange(3))
>>> period.tolist(), mean.round(4)[0].tolist()
([2, 0, 0], [0.7045])
>>> moves_on(run, np.arange(3)).tolist()
[False, True, True]

The second one moves on, as it converges.

Invariants
----------
- A period is 2 ... 64. It is 0 at rest, after other statuses than MAX_STEPS, and in runs with random steps.
- `mean` is the mean of the points of one period; the endpoint where the period is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status
from fastdescent._endpoints.arrival.onwards import Bools, Index, Onwards, together
from fastdescent._endpoints.search.cells import Floats
from fastdescent._run.descent import Descent
from fastdescent.reduce import period

Array = npt.NDArray[Any]

LONGEST = 64  #: period
_STEPS = 6 * LONGEST  #: in which the reduction is sure to find it
_RETURN = 1e-7  #: a cycle comes back to this part of its width
_LEAST_WIDTH, _ROUNDINGS = 1e4, 64.0  #: of a cycle, and of a return: in roundings of x
_STILL = 1e-9  #: of the window; in all steps to the last look
_FUN_ROUNDINGS = 64.0  #: of f, which such a rise leaves the same

_LOOKS = (0, 5, 10, 16, 48, 53, 58, 64)  #: they have no common period, so that a cycle shows


def cycles(run: Descent, index: Index) -> tuple[npt.NDArray[np.int8], Floats]:
    """The periods (m,) of the cycles that trajectories, by index in C order, have reached; and their means (m, dim)."""
    found = np.zeros(len(index), np.int8)
    mean = run.x.reshape(-1, run.surface.dim)[index].astype(np.float64)
    if run.is_random:
        return found, mean
    cut = np.flatnonzero(run.status.reshape(-1)[index] == Status.MAX_STEPS)
    for part in together(run, index[cut]):
        some = cut[part]
        found[some], mean[some] = _cycles(run, index[some])
    return found, mean


def _cycles(run: Descent, index: Index) -> tuple[npt.NDArray[np.int8], Floats]:
    onwards = Onwards(run, index, _STEPS + LONGEST, reduce=(period(LONGEST, name="period"),))
    mean = onwards.x.astype(np.float64)
    onwards.advance(_STEPS)
    periods = np.where(onwards.running, onwards.reduced()["period"].reshape(-1), 0)
    periods[periods < 2] = 0
    if not periods.any():
        return periods.astype(np.int8), mean
    first = onwards.x.astype(np.float64)
    total, width, largest = np.zeros_like(first), np.zeros(len(index)), np.linalg.norm(first, axis=1)
    for k in range(1, int(periods.max()) + 1):
        onwards.advance(_STEPS + k)
        here = np.flatnonzero(periods >= k)
        away = onwards.x[here] - first[here]
        total[here] += away
        width[here] = np.maximum(width[here], np.linalg.norm(away, axis=1))
        due = periods[here] == k
        _judge(periods, here[due], np.linalg.norm(away[due], axis=1), width, largest * np.finfo(run.x.dtype).eps)
    is_cycle = periods > 0
    mean[is_cycle] = first[is_cycle] + total[is_cycle] / periods[is_cycle, np.newaxis]
    return periods.astype(np.int8), mean


def _judge(periods: Array, rows: Array, missed: Floats, width: Floats, rounding: Floats) -> None:
    """Takes the period from those that have missed the first point by too much, or are hardly wider than rounding."""
    allowed = np.maximum(_RETURN * width[rows], _ROUNDINGS * rounding[rows])
    periods[rows[(missed > allowed) | (width[rows] < _LEAST_WIDTH * rounding[rows])]] = 0


def moves_on(run: Descent, index: Index) -> Bools:
    """Whether trajectories, by index in C order, converge within some more steps, or go down.

    They go down if f is lower at steps 48 to 64 than at steps 0 to 16; or the gradient's norm is, and f the same to
    rounding. Where the optimizer's steps rest elsewhere than at critical points, the trajectory must move as well: f
    and the gradient change there by their rounding. Noise is left out.
    """
    found, window = np.zeros(len(index), np.bool_), np.ptp(run.surface.window, axis=1)
    for part in together(run, index):
        onwards = Onwards(run, index[part], _LOOKS[-1], gtol="auto")
        values = []
        for k in _LOOKS:
            onwards.advance(k)
            values.append(run.surface.value_and_gradient_norm(onwards.x.astype(np.float64)))
        goes_down = _goes_down(np.array(values)) & onwards.running
        if run.optimizer.rests_elsewhere:
            goes_down &= (np.abs(onwards.x - run.x.reshape(-1, run.surface.dim)[index[part]]) > _STILL * window).any(
                axis=1
            )
        found[part] = goes_down | (onwards.status == Status.CONVERGED)
    return found


def _goes_down(values: Floats) -> Bools:
    """By f and norms (8, 2, m) at the looks."""
    early, late = values[:4].min(axis=0), values[4:].max(axis=0)
    with np.errstate(invalid="ignore"):  # f may be infinite
        same_f = late[0] - early[0] <= _FUN_ROUNDINGS * np.finfo(np.float64).eps * np.abs(early[0])
    return np.asarray((late[0] < early[0]) | ((late[1] < early[1]) & same_f))
