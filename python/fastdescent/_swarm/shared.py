"""A stepper that several threads use: steps are made a few at a time, and between them others get their turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from fastdescent._run.options import Options
from fastdescent._run.stepper import Stepper
from fastdescent._swarm.fair_lock import Turns
from fastdescent._swarm.pace import Pace

#: Seconds after which a call that makes many steps lets other threads have the trajectories: where one of them had
#: them in the last `_LATELY` seconds, and where none did.
_TURN, _TURN_ALONE, _LATELY = 0.03, 0.25, 1.0
_LEAST_TURN = 3  #: times as long as it takes to load and to write all trajectories, which each engine call does


class SharedStepper:
    """Trajectories, whose turn it is, and how many steps fit into a time."""

    def __init__(self, options: Options) -> None:
        self._turns = Turns()
        self.begin(options)

    def begin(self, options: Options) -> None:
        """Begins with other options. Whoever calls it later has the turn; after an error all is as before."""
        self._stepper = Stepper(options)
        self.forget_pace()

    def forget_pace(self) -> None:
        """Also tells calls that are under way that the trajectories were restarted."""
        self._pace = Pace(self._stepper.most_seconds_of_a_step())

    @property
    def options(self) -> Options:
        return self._stepper.options

    @property
    def n(self) -> int:
        return len(self._stepper.live.x)

    @contextmanager
    def turn(self) -> Iterator[Stepper]:
        """The trajectories at a whole number of steps; nobody else may touch them meanwhile."""
        with self._turns:
            self._stepper.settle()
            yield self._stepper

    def step(self, n: int) -> int:
        """Makes n steps; returns how many: fewer where all have stopped, or were restarted in another thread."""
        pace, total = self._pace, 0
        while total < n and (made := self._made(pace, min(n - total, pace.steps(self._seconds_of_a_turn(pace))))):
            total += made
        return total

    def advance(self, seconds: float) -> int:
        """Makes as many steps as fit into that time, at least one; returns how many."""
        end = perf_counter() + seconds
        pace, total = self._pace, 0
        while (fitting := pace.steps(end - perf_counter())) or not total:
            made = self._made(pace, min(fitting, pace.steps(self._seconds_of_a_turn(pace))))
            if not made:
                break
            total += made
        return total

    def _seconds_of_a_turn(self, pace: Pace) -> float:
        alone = self._turns.seconds_alone() > _LATELY
        return max(_TURN_ALONE if alone else _TURN, _LEAST_TURN * pace.call)

    def _made(self, pace: Pace, n: int) -> int:
        """Makes n steps, at least one; returns how many: 0 if none runs, or they were restarted meanwhile."""
        with self.turn() as stepper:
            if pace is not self._pace or not stepper.n_running:
                return 0
            n, before = max(n, 1), stepper.n_steps
            until = min(before + n, stepper.options.max_steps)
            stepper.make_ready(until)
            began = perf_counter()
            stepper.advance(until)
            pace.learn(max(until - before, 1), perf_counter() - began)
            return stepper.n_steps - before
