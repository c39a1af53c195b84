"""From checked options to arrays: the step Program, the engine, and f at the ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._options import Options
from fastdescent._progress import reporter
from fastdescent.engines.protocol import DescentJob, Ends, StopLimits
from fastdescent.program.intervals import Interval, hull
from fastdescent.program.rule import RESOLUTION, StepProgram, StepSpec, build_step

Array = npt.NDArray[Any]
_ALARM = -2
#: Without an escape radius f is provably finite only up to some size; tried in this order.
_ALARM_RADII = {np.dtype(np.float64): (1e100, 1e50, 1e25), np.dtype(np.float32): (1e12, 1e8, 1e5)}
_LARGEST = {np.dtype(np.float64): 1e300, np.dtype(np.float32): 1e37}


def run_job(options: Options) -> tuple[Ends, Array, Array]:
    """The ends, and f and the gradient's norm there."""
    starts = options.starts.reshape(-1, options.surface.dim)
    with_fun, radius = _need_of_fun(options)
    limits = StopLimits(
        gtol=options.gtol,
        xtol=options.xtol,
        ftol=options.ftol,
        escape_radius=options.escape_radius if radius is None else radius,
        center=options.center if options.escape_radius is not None else (0.0,) * options.surface.dim,
        alarm=radius is not None,
    )
    with reporter(options.progress, len(starts)) as report:
        ends = options.engine.descend(_job(options, starts, limits, with_fun, report))
        alarmed = np.flatnonzero(ends.status == _ALARM)
        if len(alarmed):
            _run_again(options, starts, limits, alarmed, ends)
    return ends, *options.surface.value_and_gradient_norm(ends.x)


def _need_of_fun(options: Options) -> tuple[bool, float | None]:
    """Whether steps must compute f to notice that it is not finite; else the radius up to which they need not."""
    dtype = options.starts.dtype
    formula, params = options.surface._formula, _param_intervals(options)
    if options.ftol is not None:
        return True, None
    if options.escape_radius is not None:
        box = hull([c + s * options.escape_radius for c in options.center for s in (-1, 1)])
        return not formula.finite_within(box, params, _LARGEST[dtype]), None
    for radius in _ALARM_RADII[dtype]:
        if formula.finite_within((-radius, radius), params, _LARGEST[dtype]):
            return False, radius
    return True, None


def _param_intervals(options: Options) -> dict[str, Interval]:
    static = options.surface._static
    return {k: hull(v) for k, v in options.surface.params.items() if k not in static}


def _run_again(options: Options, starts: Array, limits: StopLimits, alarmed: Array, ends: Ends) -> None:
    """Trajectories that left the region where f is provably finite, from their starts, now with f in the step."""
    limits = replace(limits, escape_radius=None, alarm=False)
    again = options.engine.descend(_job(options, starts, limits, True, None, alarmed))
    ends.x[alarmed], ends.nit[alarmed], ends.status[alarmed] = again.x, again.nit, again.status


def _job(
    options: Options,
    starts: Array,
    limits: StopLimits,
    with_fun: bool,
    poll: Callable[[int], bool] | None,
    chosen: Array | None = None,
) -> DescentJob:
    step = _step_program(options, with_fun)
    every = slice(None) if chosen is None else chosen
    return DescentJob(
        program=step.program,
        initial=step.initial,
        starts=np.ascontiguousarray(starts[every]),
        params={
            **options.surface.params,
            **options.hyper.params,
            RESOLUTION: float(np.finfo(starts.dtype).eps),
        },
        schedules=options.hyper.schedules,
        lane_inputs={k: v[every] for k, v in options.hyper.lanes.items()},
        limits=limits,
        plain=step.spreads and not with_fun and limits.gtol is None and limits.xtol is None,
        max_steps=options.max_steps,
        n_threads=options.n_threads,
        poll=poll,
    )


def _step_program(options: Options, with_fun: bool) -> StepProgram:
    """Compiled once for a formula, a rule and the kinds of its hyperparameters."""
    spec = StepSpec(
        rule=type(options.optimizer).rule,
        hyper=options.hyper.spec,
        init=tuple(options.optimizer.init.items()),
        with_fun=with_fun,
        with_ftol=options.ftol is not None,
        with_xtol=options.xtol is not None,
    )
    steps: dict[StepSpec, StepProgram] = options.surface._formula.steps
    if spec not in steps:
        steps[spec] = build_step(options.surface._formula, spec)
    return steps[spec]
