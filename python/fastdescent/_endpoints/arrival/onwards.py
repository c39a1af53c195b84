"""Trajectories of a run that go on, by the run's own step: some steps at a time, with a look at them in between.

The step is the run's: optimizer, bounds, noise, minibatches, and each trajectory's own hyperparameters. A trajectory
ends where it leaves the finite numbers or a box that stops it, and where the optimizer says that it has stalled.

Example. Heavy ball is cut off after two of its steps. With its state it goes on as if it had not been:

>>> from fastdescent import Momentum, descend, surface
>>> s = surface("x**2")
>>> run, whole = (descend(s, [[3.0]], Momentum(0.1, 0.5), max_steps=n) for n in (2, 5))
>>> onwards = Onwards(run, np.array([0]), 3)
>>> onwards.advance(3)
>>> bool(onwards.x[0, 0] == whole.x[0, 0])
True

Without it, heavy ball starts at rest:

>>> onwards = Onwards(run, np.array([0]), 3, start=run.x)
>>> onwards.advance(3)
>>> bool(onwards.x[0, 0] == whole.x[0, 0])
False

Invariants
----------
- Trajectories whose optimizer's state was kept go on with it, at the step t that they had reached, in the run's dtype.
  All others begin at t = 0 with the initial state, with the hyperparameters of the run's last step, in float64.
- A trajectory that has ended stays where it ended.
- The run stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status, Unended
from fastdescent._run.descent import Descent
from fastdescent._run.hyperparameters import NOISE, changed, continued, per_trajectory
from fastdescent._run.job import put_inside, state_columns
from fastdescent._run.options import MOST_STEPS, Options, checked_options
from fastdescent._run.reduced import reduced_of
from fastdescent._run.stepper import Stepper
from fastdescent.engines.protocol import Live
from fastdescent.program.step.reductions import Reduction

Array = npt.NDArray[Any]
Index = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_NUMBERS_AT_ONCE = 1 << 22  #: in the states of trajectories that go on together


class Onwards:
    """Trajectories of a run by index in C order, from their endpoints with their state, or from `start` without.

    Trajectories with and without a kept state do not mix: see `together`.
    """

    def __init__(
        self, run: Descent, index: Index, n_steps: int, *, start: Array | None = None, with_noise: bool = False,
        gtol: float | str | None = None, reduce: tuple[Reduction, ...] = (),
    ) -> None:  # fmt: skip
        goes_on = start is None and bool(has_state(run)[index].all())
        x = run.x.reshape(-1, run.surface.dim)[index] if start is None else start
        self._first = int(run.nit.reshape(-1)[index].max(initial=0)) if goes_on else 0
        self._options = _options(run, index, x if goes_on else x.astype(np.float64), n_steps, self._first, with_noise,
                                 gtol, reduce)  # fmt: skip
        self._stepper = Stepper(self._options)
        self._stepper.choose_engine()
        if goes_on:
            self._put_state(run, index)

    @property
    def x(self) -> Array:
        """The points, (m, dim)."""
        return self._stepper.live.x

    @property
    def running(self) -> Bools:
        """Which of them make steps, or would make more."""
        return np.asarray(np.isin(self._stepper.live.status, (Unended.RUNNING, Status.MAX_STEPS)))

    @property
    def status(self) -> npt.NDArray[np.int8]:
        """Values of `Status`, or of `Unended` where they run."""
        return self._stepper.live.status

    def advance(self, n_steps: int) -> None:
        """To so many steps after the first point."""
        self._stepper.advance(self._first + n_steps)

    def move(self, which: Bools, by: Array) -> None:
        """Moves some of the points, with their states, within the bounds; those that had stalled go on. Points that
        have escaped stay where they are."""
        live = self._stepper.live
        which = which & ~np.isin(live.status, [s for s in Status if s.is_escape])
        status = np.where(which, np.int8(Unended.RUNNING), live.status)
        nit = np.where(which, np.int32(self._stepper.n_steps), live.nit)
        moved = put_inside(self._options, (live.x + by).astype(live.x.dtype))
        self._stepper.place(Live(np.where(which[:, np.newaxis], moved, live.x), live.state, nit, status))

    def reduced(self) -> dict[str, Array]:
        """What the reductions have found so far, by name."""
        live = self._stepper.live
        return reduced_of(self._options, live.x, live.nit, live.state)

    def _put_state(self, run: Descent, index: Index) -> None:
        assert run._state is not None
        live, columns = self._stepper.live, state_columns(self._options)
        row = np.cumsum(run.status.reshape(-1) == Status.MAX_STEPS)[index] - 1
        state = np.repeat(live.state[:1], len(index), axis=0)
        for name, arrays in run._state.items():
            state[:, columns[name]] = arrays[row]
        nit = np.full(len(index), self._first, np.int32)
        self._stepper.place(Live(live.x, state, nit, np.full(len(index), Unended.RUNNING, np.int8)))


def has_state(run: Descent) -> Bools:
    """Which trajectories can go on as if they had not ended, (n,)."""
    cut = np.asarray(run.status.reshape(-1) == Status.MAX_STEPS)
    n_cut = np.count_nonzero(cut)
    fits = run._state is not None and all(len(arrays) == n_cut for arrays in run._state.values())
    return cut & fits


def together(run: Descent, index: Index) -> Iterator[npt.NDArray[np.intp]]:
    """Positions in `index` of trajectories that go on together: so many, all of them with a kept state or none."""
    step = max(1, _NUMBERS_AT_ONCE // (4 * run.surface.dim))
    kept = has_state(run)[index]
    for which in (np.flatnonzero(kept), np.flatnonzero(~kept)):
        yield from (which[k : k + step] for k in range(0, len(which), step))


def knows_noise(run: Descent) -> bool:
    """Whether random steps can be made again; some pickles cannot hold the noise, or the function of the samples."""
    if run.gradient == "exact":
        return True
    random, rows = run._stochastic, run.surface._formula.rows
    return random is not None and (random.batch is None or (rows is not None and rows.function is not None))


def _options(
    run: Descent, index: Index, x: Array, n_steps: int, first: int, with_noise: bool, gtol: float | str | None,
    reduce: tuple[Reduction, ...],
) -> Options:  # fmt: skip
    change = _Hyperparameter(run, index, constant=first == 0)
    random = run._stochastic if with_noise else None
    noise = None if random is None or random.noise is None else random.noise.changed(change)
    batch = None if random is None else random.batch
    batches = {} if batch is None else {
        "batch_size": batch.size, "sampling": batch.sampling, "shared_batches": batch.shared,
    }  # fmt: skip
    return checked_options(
        run.surface, x, changed(run.optimizer, change), max_steps=min(first + n_steps, MOST_STEPS), gtol=gtol,
        xtol=None, ftol=None, escape_radius=None, bounds=run._inside.get("bounds"),
        boundary=run._inside.get("boundary"), first_index=0, record=None, reduce=reduce, final=False,
        keep_state=False, n_threads=None, engine="auto", dtype=None, progress=None, noise=noise, seed=run.seed,
        **batches,
    )  # fmt: skip


@dataclass(frozen=True)
class _Hyperparameter:
    """The hyperparameters of some trajectories: their own ones; schedules as they are, or as in the run's last step."""

    run: Descent
    index: Index
    constant: bool

    def __call__(self, name: str, value: Any) -> Any:
        run, last = self.run, max(int(self.run.nit.max(initial=0)) - 1, 0)
        if callable(value):
            at_last = float(value(last))
            return (lambda t: at_last) if self.constant else continued(name, value, run.optimizer.ranges, last)
        if np.ndim(value) == 0:
            return value
        own = per_trajectory(name, np.asarray(value, np.float64), run.status.shape, run.surface.dim)[self.index]
        # One value of noise a trajectory keeps its axis, for as many trajectories as coordinates.
        return own[:, 0] if own.shape[1] == 1 and not name.startswith(NOISE) else own
