"""From checked options to the job that an engine is given: the step Program, the stop limits, arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.memory import n_that_fit
from fastdescent._base.recent import Recent
from fastdescent._run.options import Options
from fastdescent.engines.protocol import DescentJob, StopLimits, uniform_values
from fastdescent.program.graph.intervals import Interval, hull
from fastdescent.program.program import Program
from fastdescent.program.step.gradient import RESOLUTION
from fastdescent.program.step.randomness import SEED, seed_parts
from fastdescent.program.step.rule import build_step
from fastdescent.program.step.sides import KEEPING, has, sides_with
from fastdescent.program.step.spec import SPACING, StepProgram, StepSpec
from fastdescent.program.step.walls import wall_program

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.uint64] | None
#: Up to some of these radii f may be provably finite where it is not up to the escape radius; tried in this order.
_ALARM_RADII = {np.dtype(np.float64): (1e100, 1e50, 1e25), np.dtype(np.float32): (1e12, 1e8, 1e5)}
_NEAR = 100.0  #: the last one that is tried, in half-diagonals of the box of window and minima
_LARGEST_STATE = 1024  #: of a trajectory, in numbers, that is kept unasked
_PARTS_OF_FREE = 8  #: the states of all trajectories may take one such part of the free memory
_OWN_STATE = "state."  #: names of the optimizer's arrays begin so
_LARGEST = {np.dtype(np.float64): 1e300, np.dtype(np.float32): 1e37}


@dataclass(frozen=True)
class Before:
    """Where trajectories that go on stood: rows of state, the point first, and the updates that they had made."""

    state: Array  #: (n, n_state)
    nit: npt.NDArray[np.int32]


def stop_limits(options: Options) -> tuple[StopLimits, bool]:
    """What stops trajectories, and whether steps must compute f for that."""
    with_fun, radius = _need_of_fun(options)
    limits = StopLimits(
        gtol=options.gtol,
        xtol=options.xtol,
        ftol=None if options.level_is_tested_in_pauses else options.ftol,
        escape_radius=options.escape_radius if radius is None else radius,
        center=_center(options),
        box=_box_that_stops(options),
        alarm=radius is not None,
    )
    return limits, with_fun


def _box_that_stops(options: Options) -> npt.NDArray[np.float64] | None:
    if options.bounds is None or not has(options.boundary, "stop"):
        return None
    return sides_with(options.boundary, options.bounds, "stop")


def without_alarm(options: Options, limits: StopLimits) -> StopLimits:
    """For trajectories beyond the alarm radius, whose steps compute f."""
    return replace(limits, escape_radius=options.escape_radius, alarm=False)


def put_inside(options: Options, starts: Array) -> Array:
    """Starts outside of bounds that keep points inside are put back, as steps are."""
    if options.bounds is None or not has(options.boundary, *KEEPING):
        return starts
    low, high = sides_with(options.boundary, options.bounds, *KEEPING)
    if np.all((starts >= low) & (starts <= high)):
        return starts
    program = wall_program(options.surface.dim, options.boundary)
    uniform = uniform_values(options.engine, program, own_params(options)).astype(starts.dtype)
    found = options.engine.evaluate(program.main, uniform, {"x": starts}, len(starts), options.n_threads)
    return found["inside"]


def _need_of_fun(options: Options) -> tuple[bool, float | None]:
    """Whether steps must compute f to notice that it is not finite; else the radius of the alarm, if one is needed."""
    dtype = options.starts.dtype
    formula, params = options.surface._formula, _param_intervals(options)
    if options.ftol is not None and not options.level_is_tested_in_pauses:
        return True, None

    def is_finite_within(radius: float) -> bool:
        box = hull([c + s * radius for c in _center(options) for s in (-1, 1)])
        return formula.finite_within(box, params, _LARGEST[dtype])

    escape = options.escape_radius
    if escape is not None and is_finite_within(escape):
        return False, None
    for radius in (*_ALARM_RADII[dtype], _NEAR * options.half_diagonal):
        if (escape is None or radius < escape) and is_finite_within(radius):
            return False, radius
    return True, None


def _center(options: Options) -> tuple[float, ...]:
    """Of the escape radius. Without one the alarm is measured from 0, which costs nothing."""
    return options.center if options.escape_radius is not None else (0.0,) * options.surface.dim


def _param_intervals(options: Options) -> dict[str, Interval]:
    static = options.surface._static
    return {k: hull(v) for k, v in options.surface.params.items() if k not in static}


def job_of(
    options: Options,
    starts: Array,
    before: Before | None,
    limits: StopLimits,
    with_fun: bool,
    poll: Callable[[int], bool] | None,
    indices: Indices = None,
) -> DescentJob:
    """What the engine is given; it keeps the state where `options` say so."""
    step = step_program(options, with_fun)
    tests = (limits.gtol, limits.xtol, limits.box)
    tests_itself = any(s.name == "stop" for s in step.program.main.outputs)
    return DescentJob(
        program=step.program,
        initial=step.initial,
        starts=np.ascontiguousarray(starts),
        overwrite=False,
        params={**options.surface.params, **options.hyper.params, **own_params(options)},
        schedules=options.hyper.schedules,
        lane_inputs=options.hyper.lanes,
        state=None if before is None else before.state,
        nit=None if before is None else before.nit,
        keep_state=options.keep_state or bool(options.reductions) or _keeps_state_of_cut(options, step.program),
        first_index=options.first_index,
        indices=indices,
        record=options.recording,
        limits=limits,
        may_speculate=step.spreads and not with_fun and not tests_itself and all(t is None for t in tests),
        max_steps=options.max_steps,
        last=None,
        n_threads=options.n_threads,
        poll=poll,
    )


def _keeps_state_of_cut(options: Options, program: Program) -> bool:
    """Whether the optimizer's arrays are kept where max_steps ends trajectories: if their memory hardly counts."""
    n_bytes = program.n_state * options.starts.itemsize * math.prod(options.starts.shape[:-1])
    return bool(states_of_cut(options, program)) and n_that_fit(_PARTS_OF_FREE * n_bytes + 1, 0) > 0


def states_of_cut(options: Options, program: Program) -> tuple[str, ...] | None:
    """The names of those arrays; None if steps are random, or if the arrays are large."""
    if options.stochastic.is_random or options.optimizer.is_random or program.n_state > _LARGEST_STATE:
        return None
    return tuple(s.name for s in program.state if s.name.startswith(_OWN_STATE))


def own_params(options: Options) -> dict[str, Any]:
    """What rules and walls ask for by name."""
    own: dict[str, Any] = {RESOLUTION: float(np.finfo(options.starts.dtype).eps), SEED: seed_parts(options.seed)}
    own[SPACING] = float(options.change_every or 1)
    if options.bounds is not None:
        own |= {"bounds.low": options.bounds[0], "bounds.high": options.bounds[1]}
    return own


def step_program(options: Options, with_fun: bool) -> StepProgram:
    """Compiled once for a formula, a rule and the kinds of its hyperparameters."""
    spec = options.step_spec(with_fun)
    formula = options.surface._formula
    steps: Recent[StepSpec, StepProgram] = formula.steps
    return steps.get(spec, lambda: build_step(formula, spec))


def state_columns(options: Options) -> dict[str, slice]:
    """Where the arrays of the state are, by name."""
    columns, start = {}, 0
    for slot in step_program(options, stop_limits(options)[1]).program.state:
        columns[slot.name] = slice(start, start + slot.size)
        start += slot.size
    return columns
