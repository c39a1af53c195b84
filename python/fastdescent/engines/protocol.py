"""What an engine does, and the jobs that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._base.ragged import Ragged
from fastdescent.program.program import Program
from fastdescent.program.section import Section

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class StopLimits:
    """Tolerances of the stop tests, in the units of the problem; None turns a test off."""

    gtol: float | None
    xtol: float | None
    ftol: float | None
    escape_radius: float | None
    center: tuple[float, ...]
    box: npt.NDArray[np.float64] | None  #: (2, dim), lows and highs; outside is LEFT_BOX
    alarm: bool  #: the radius is where f may cease to be finite, not where a trajectory has diverged


@at_top
@dataclass(frozen=True)
class Recording:
    """Points along the way; without steps nothing is recorded. The last entry of a path is the trajectory's end."""

    steps: npt.NDArray[np.uint32]  #: ascending, the first one 0
    every: int  #: after the last of them every so many; 0: none
    rows: npt.NDArray[np.int32]  #: (n,): the row of a trajectory's path, -1: not recorded
    n_rows: int
    most_points: int  #: of all paths together; MemoryError where there are more


@dataclass(frozen=True)
class DescentJob:
    """Trajectories of one step Program. Arrays have the run's dtype; `lane_inputs` are float64."""

    program: Program
    initial: tuple[float, ...]
    starts: Floats  #: (n, dim)
    overwrite: bool  #: the ends may take the place of the starts
    params: Mapping[str, npt.ArrayLike]
    schedules: Mapping[str, npt.NDArray[np.float64]]  #: hyperparameters at t = 0 ... max_steps - 1
    lane_inputs: Mapping[str, npt.NDArray[np.float64]]  #: hyperparameters, (n, size)
    state: Floats | None  #: (n, n_state): where runs that go on stood
    nit: npt.NDArray[np.int32] | None  #: (n,): the updates that they had made; such runs are not recorded
    keep_state: bool
    first_index: int  #: of the first trajectory, for its random numbers
    indices: npt.NDArray[np.uint64] | None  #: (n,): of all of them; None: they follow on the first one
    record: Recording
    limits: StopLimits
    may_speculate: bool  #: only the radius can stop a trajectory, and what is not finite shows in x with the next step
    max_steps: int
    last: npt.NDArray[np.int32] | None  #: (n,): the most updates of each, no more than max_steps; None: all max_steps
    n_threads: int
    poll: Callable[[int], bool] | None

    def all_indices(self) -> npt.NDArray[np.uint64]:
        """Those of all trajectories, (n,)."""
        if self.indices is not None:
            return self.indices
        return np.uint64(self.first_index) + np.arange(len(self.starts), dtype=np.uint64)


@dataclass(frozen=True)
class Values:
    """What the Program of a job reads besides its state, in the run's dtype. The same for every part of a run."""

    uniform: Floats
    table: Floats  #: (max_steps + 1, size): functions of t
    lanes: Floats  #: (n, size): functions of a trajectory's own hyperparameters


@dataclass(frozen=True)
class Live:
    """Trajectories that are advanced in place: C-contiguous, x and state in the run's dtype."""

    x: Floats  #: (n, dim)
    state: Floats  #: (n, n_state); the rows of x in it are neither read nor written
    nit: npt.NDArray[np.int32]  #: (n,)
    status: npt.NDArray[np.int8]  #: (n,), `Unended.RUNNING` for those that run


@dataclass(frozen=True)
class Ends:
    """How the trajectories of a job ended. Status is `Unended.ALARM` where the alarm went off."""

    x: Floats
    nit: npt.NDArray[np.int32]
    status: npt.NDArray[np.int8]
    state: Floats  #: (n, n_state), or (0, n_state) where it was not to be kept
    path: Ragged  #: the points of each row, one at least where a trajectory has the row
    engine: str | None = None  #: the engine that did it, where one chose another


class Engine(Protocol):
    """Runs sections and step Programs."""

    name: str

    def evaluate(
        self,
        section: Section,
        uniform: Floats,
        inputs: Mapping[str, Floats],
        n_points: int,
        n_threads: int,
    ) -> dict[str, Floats]:
        """Every output of the section as (n_points, size), in the dtype of `uniform`; inputs are (n_points, size)."""

    def descend(self, job: DescentJob) -> Ends:
        """Runs a job to its end, or until `poll` returns False (status INTERRUPTED for what is unfinished)."""

    def chosen(self, job: DescentJob, n_steps: float | None = None) -> Engine:
        """The engine that makes the steps of a job, where this one leaves that to others, ready to make them.

        `n_steps` are those of all trajectories together; None: to their ends.
        """

    def values(self, job: DescentJob) -> Values:
        """The numbers of a job that `advance` makes parts of."""

    def advance(self, job: DescentJob, values: Values, live: Live, until: int) -> None:
        """Advances what still runs to step `until`, in place: status is MAX_STEPS where nothing stopped it before.

        An exception, such as Ctrl-C, leaves each trajectory at a step of its own, with status RUNNING or INTERRUPTED.
        """


def uniform_values(engine: Engine, program: Program, params: Mapping[str, npt.ArrayLike]) -> npt.NDArray[np.float64]:
    """Constants and parameter-dependent numbers, in float64; an engine rounds them to the run's dtype."""
    values = [np.asarray(params[s.name], dtype=np.float64).reshape(-1) for s in program.params]
    given = np.concatenate([program.constants, *values])
    if not program.setup.outputs:
        return given
    return np.concatenate([given, _joined(engine.evaluate(program.setup, given, {}, 1, 1))[0]])


def table_values(engine: Engine, job: DescentJob, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rows t = 0 ... max_steps of the values that depend on t alone.

    No step begins at max_steps, but the tests look at the point there: schedules have their last value then.
    """
    section, n = job.program.table, job.max_steps + 1
    if not section.outputs:
        return np.zeros((1, 0))
    width = 1 + len(job.schedules) + 3 * sum(s.size for s in section.outputs)
    refuse_if_too_large(8 * n * width, f"what depends on t alone, for {n} steps,", "choose a smaller max_steps")
    times = {"t": np.arange(n, dtype=np.float64), **{name: _and_again(v) for name, v in job.schedules.items()}}
    inputs = {s.name: times[s.name].reshape(n, 1) for s in section.inputs}
    return _joined(engine.evaluate(section, uniform, inputs, n, job.n_threads))


def _and_again(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The values, and the last one once more; 0 if there is none."""
    return np.append(values, values[-1:] if len(values) else 0.0)


def lane_values(engine: Engine, job: DescentJob, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What depends on a trajectory's own hyperparameters, (n, size)."""
    section, n = job.program.lanes, len(job.starts)
    if not section.outputs:
        return np.zeros((n, 0))
    inputs = {s.name: job.lane_inputs[s.name] for s in section.inputs}
    return _joined(engine.evaluate(section, uniform, inputs, n, job.n_threads))


def inputs_of_lanes(
    engine: Engine, program: Program, uniform: Floats, lanes: Mapping[str, Floats], n_points: int, n_threads: int
) -> dict[str, Floats]:
    """What `main` of a Program that is evaluated reads of the points' own values, (n_points, size) by name.

    `uniform` and `lanes` are float64, and so is the result, which is rounded where it is read.
    """
    section = program.lanes
    if not section.outputs:
        return {}
    inputs = {s.name: lanes[s.name] for s in section.inputs}
    found = engine.evaluate(section, uniform, inputs, n_points, n_threads)
    return dict(zip(program.lane_names, found.values(), strict=True))


def _joined(outputs: Mapping[str, Floats]) -> npt.NDArray[np.float64]:
    columns: Sequence[Floats] = list(outputs.values())
    return np.ascontiguousarray(np.concatenate(columns, axis=1), dtype=np.float64)
