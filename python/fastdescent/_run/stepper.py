"""Trajectories that are held in place and advanced a few steps at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status, Unended
from fastdescent._run.decay import full_gradient_norm
from fastdescent._run.job import Indices, put_inside, state_columns
from fastdescent._run.looks import Looks
from fastdescent._run.options import Options
from fastdescent._run.steps import Steps
from fastdescent._starts.lazy import LazyStarts, flat
from fastdescent.engines.costs import most_seconds
from fastdescent.engines.protocol import DescentJob, Live, Values

#: As numbers of the arrays' dtype: NumPy would compare with others in int64.
_MAX_STEPS, _INTERRUPTED, _CONVERGED = map(np.int8, (Status.MAX_STEPS, Status.INTERRUPTED, Status.CONVERGED))
_STALLED = np.int8(Status.STALLED)
_RUNNING, _ALARM = np.int8(Unended.RUNNING), np.int8(Unended.ALARM)
_YIELD_TO_CONVERGED = np.array([_RUNNING, *(s for s in Status if s.yields_to_converged)], np.int8)
_YIELD_TO_STALLED = _YIELD_TO_CONVERGED[_YIELD_TO_CONVERGED != _STALLED]


class Stepper:
    """Arrays of trajectories, and the engine calls that advance them.

    After `advance(t)` everything is as at the end of a run with max_steps = t, only that trajectories which that has
    ended are RUNNING. What does not change from call to call, the tables of what depends on t above all, is made once.

    Attributes
    ----------
    live : Live
    n_running : int
    n_steps : int
        Steps that the running trajectories have made; where none runs, those of the longest one.
    """

    def __init__(self, options: Options, indices: Indices = None) -> None:
        """Trajectories at their starts, tested there; their indices follow on the first one unless they are given."""
        # The caller may change its array of starts, which are needed again.
        if not isinstance(options.starts, LazyStarts):
            options = replace(options, starts=options.starts.copy())
        self.gtol, self._every, self._pauses = options.gtol, options.full_gradient_every, options.pauses
        if self._every is not None:  # the gradient of the step is not the one that is tested
            options = replace(options, gtol=None)
        starts = put_inside(options, flat(options.starts))
        self.options = options
        self._looks = Looks(options)
        self._steps = Steps(options, starts, indices=indices)
        self._job = self._steps.job
        self._values = options.engine.values(self._job)
        self._beyond: tuple[DescentJob, Values] | None = None

        n, initial = len(starts), np.array(self._job.initial)
        with np.errstate(over="ignore", under="ignore"):
            state = np.repeat(initial.astype(starts.dtype)[np.newaxis], n, axis=0)
        self.place(Live(starts.copy(), state, np.zeros(n, np.int32), np.full(n, _RUNNING, np.int8)))
        self.advance(0)

    def choose_engine(self) -> str:
        """Lets the engine be chosen for all steps to the last, and returns its name."""
        self.options = replace(self.options, engine=self.options.engine.chosen(self._job))
        return self.options.engine.name

    def make_ready(self, until: int) -> None:
        """Has the engine compile now what it would compile in `advance`."""
        self.options.engine.chosen(self._job, self.n_running * (until - self.n_steps))

    def most_seconds_of_a_step(self) -> float:
        """Of all trajectories that run; hardly ever more."""
        return max(self.n_running, 1) * most_seconds(self._job.program.main) / self.options.n_threads

    def place(self, live: Live) -> None:
        """Puts trajectories elsewhere. Those that a smaller max_steps had ended run again."""
        self.live = live
        self._before = live.status.copy()
        self._settled = False
        self.settle()

    def advance(self, until: int) -> None:
        """Advances what runs to step `until`, at most max_steps.

        After an exception, such as Ctrl-C, trajectories may stand at different steps; the next call brings them
        together again, with the same bits.
        """
        if not self._pauses:
            self._advance(until)
            return
        t = self._first_running()
        if until == 0:
            self._advance(0)
            self._pause(0)
        while self.n_running and t < until:
            t = min(self.next_pause(t), until)
            self._advance(t)
            self._pause(t)

    def next_pause(self, t: int) -> int:
        """The first pause after step t."""
        return min(t - t % every + every for every in self._pauses)

    def _pause(self, t: int) -> None:
        """What is due at step t."""
        if self.gtol is not None and self._every is not None and t > 0 and t % self._every == 0:
            self._stop_where_flat(self.live.nit == t)
        if self.options.level_is_tested_in_pauses and t > 0 and t % (self.options.change_every or 1) == 0:
            self._stop_where_level(self.live.nit == t)
        self._looks.take(self.live, t)

    def _first_running(self) -> int:
        """The least step of those that run."""
        self.settle()
        running = self.live.nit[self.live.status == _RUNNING]
        return int(running.min(initial=self.options.max_steps))

    def _stop_where_flat(self, where: npt.NDArray[np.bool_]) -> None:
        """Tests the full gradient. CONVERGED comes before STALLED and what follows it at the same step."""
        live = self.live
        rows = np.flatnonzero(where & np.isin(live.status, _YIELD_TO_CONVERGED))
        norm = full_gradient_norm(self.options, live.x[rows], live.nit[rows], rows)
        live.status[rows[norm <= live.x.dtype.type(self.gtol or 0.0)]] = _CONVERGED
        self.n_running = int(np.count_nonzero(live.status == _RUNNING))

    def _stop_where_level(self, where: npt.NDArray[np.bool_]) -> None:
        """Tests the change of f over all samples since the last test. STALLED comes before what follows it."""
        live, columns = self.live, state_columns(self.options)
        where = where & np.isin(live.status, _YIELD_TO_STALLED) & (live.state[:, columns["moved"].start] != 0)
        rows, f = np.flatnonzero(where), self.options.surface
        before = np.ascontiguousarray(live.state[rows, columns["previous_x"]])
        with np.errstate(over="ignore", invalid="ignore"):
            change = np.abs(f(live.x[rows]) - f(before))
        live.status[rows[change <= live.x.dtype.type(self.options.ftol or 0.0)]] = _STALLED
        self.n_running = int(np.count_nonzero(live.status == _RUNNING))

    def _advance(self, until: int) -> None:
        self.settle()
        live, engine = self.live, self.options.engine
        np.copyto(self._before, live.status)
        self._settled = False
        engine.advance(self._job, self._values, live, until)
        if self._steps.may_alarm:
            alarmed = live.status == _ALARM
            if alarmed.any():
                live.status[alarmed] = _RUNNING
                engine.advance(*self._beyond_alarm(), live, until)
        self.settle()

    def settle(self) -> None:
        """Makes statuses what they mean outside, after an engine call, whether or not that came to its end."""
        if self._settled:
            return
        live, status, last = self.live, self.live.status, self.options.max_steps
        self._steps.settle(live.x, status, self._before)
        self.n_steps = int(live.nit.max(initial=0))
        goes_on = status == _MAX_STEPS
        if self.n_steps == last:
            goes_on &= live.nit < last
        goes_on |= (status == _ALARM) | (status == _INTERRUPTED)
        np.bitwise_or(status, -goes_on.view(np.int8), out=status)  # RUNNING has all bits
        self.n_running = int(np.count_nonzero(status == _RUNNING))
        self._settled = True

    def _beyond_alarm(self) -> tuple[DescentJob, Values]:
        """The job whose steps compute f. It goes on where the alarm went off: up to there f is finite."""
        if self._beyond is None:
            job = self._steps.beyond_alarm()
            self._beyond = job, self.options.engine.values(job)
        return self._beyond
