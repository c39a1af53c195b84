"""The arguments of `descend`, checked once, before any work."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._base.status import Status
from fastdescent._base.threads import checked_threads
from fastdescent._run.arguments import (
    Progress,
    check_optimizer,
    check_order,
    check_progress,
    check_surface,
    checked_gtol,
    checked_radius,
    checked_tolerance,
)
from fastdescent._run.bounds import checked_bounds
from fastdescent._run.hyperparameters import Hyperparameters
from fastdescent._run.record import Record, checked_record
from fastdescent._run.reductions import checked_average, checked_reductions, refuse_too_large
from fastdescent._run.stochastic import Stochastic, bound, checked_stochastic
from fastdescent._starts.arrays import is_random
from fastdescent._starts.lazy import LazyStarts
from fastdescent._surface.surface import Surface
from fastdescent.engines.protocol import Engine, Recording
from fastdescent.engines.registry import get_engine
from fastdescent.optimizers import Optimizer
from fastdescent.program.graph.nodes import Shape
from fastdescent.program.step.looks import Look
from fastdescent.program.step.reductions import Reduction
from fastdescent.program.step.rule import state_shapes
from fastdescent.program.step.sides import Boundary
from fastdescent.program.step.spec import StepSpec, initial_states
from fastdescent.program.step.stops import StopRule, trace_stop_rule, wants_state
from fastdescent.program.step.treatment import NAMES, WEIGHT_DECAY, Treatment

MOST_STEPS = 2**31 - 2
_CHANGE_EVERY = 100  #: steps between tests of xtol and ftol where hyperparameters are schedules


@at_top
@dataclass(frozen=True)
class Options:
    """A run as it will be made."""

    surface: Surface
    starts: npt.NDArray[Any] | LazyStarts  #: (..., dim), C-contiguous, in the run's dtype
    random_starts: bool
    optimizer: Optimizer
    hyper: Hyperparameters
    stochastic: Stochastic
    seed: int
    first_index: int
    max_steps: int
    gtol: float | None
    xtol: float | None
    ftol: float | None
    escape_radius: float | None
    center: tuple[float, ...]  #: of the box that holds window and known minima
    bounds: npt.NDArray[np.float64] | None  #: (2, dim)
    boundary: Boundary
    record: Record | None
    recording: Recording
    reductions: tuple[Reduction, ...]
    final: bool
    keep_state: bool
    n_threads: int
    engine: Engine
    progress: Progress
    stop: StopRule | None = None  #: stop_when

    @property
    def half_diagonal(self) -> float:
        """Of the box around `center`."""
        return _half_diagonal(*_box_of_window_and_minima(self.surface))

    @property
    def is_random(self) -> bool:
        """Whether steps depend on random numbers."""
        return self.stochastic.is_random or self.optimizer.is_random

    @property
    def pauses(self) -> tuple[int, ...]:
        """A run stands still at each multiple of these steps: full gradients are tested, looks are taken."""
        tests = {self.full_gradient_every, self.change_every if self.level_is_tested_in_pauses else None} - {None}
        return (*(every for every in tests if every), *(r.every for r in self.reductions if isinstance(r, Look)))

    @property
    def full_gradient_every(self) -> int | None:
        """Steps between tests of gtol in pauses of a run; None: it is tested in each step, or not at all."""
        every = self.stochastic.check_every
        if self.gtol is None or every is None or not self.is_random:
            return None
        return every if self.stochastic.batch is not None or every > 1 else None

    @property
    def change_every(self) -> int | None:
        """Steps between tests of xtol and ftol, which look at the change in between; None: each step is tested.

        A step may be short because a schedule begins at 0, or because the samples that it sees have no gradient.
        """
        if (self.xtol is None and self.ftol is None) or not (self.stochastic.batch or self.hyper.schedules):
            return None
        return self.stochastic.check_every or _CHANGE_EVERY

    @property
    def level_is_tested_in_pauses(self) -> bool:
        """Whether ftol is: steps of minibatches do not compute f over all samples."""
        return self.ftol is not None and self.stochastic.batch is not None

    @property
    def stops(self) -> tuple[tuple[Status, StopRule], ...]:
        """The stop rules that are part of each step, in the order of their tests, and the statuses that they give."""
        rules = [(Status.STOPPED, self.stop)]
        return tuple((status, rule) for status, rule in rules if rule is not None)

    @property
    def treatment(self) -> Treatment:
        """What the gradient goes through before the rule sees it."""
        values = dict(self.hyper.spec)
        if self.optimizer.decouples:
            values |= {WEIGHT_DECAY: 0.0}
        return Treatment(**{name: values[name] for name in NAMES})

    def step_spec(self, with_fun: bool) -> StepSpec:
        """What one step is made of, besides the formula."""
        rule = type(self.optimizer).rule
        arguments = inspect.signature(rule).parameters
        return StepSpec(
            rule=rule,
            hyper=tuple((name, value) for name, value in self.hyper.spec if name in arguments),
            init=initial_states(self.optimizer.init),
            with_fun=with_fun,
            with_ftol=self.ftol is not None and not self.level_is_tested_in_pauses,
            with_xtol=self.xtol is not None or self.level_is_tested_in_pauses,
            boundary=self.boundary,
            velocity=self.optimizer.velocity,
            reduce=self.reductions,
            treatment=self.treatment,
            noise=self.stochastic.noise_spec,
            batch=self.stochastic.batch,
            stops=self.stops,
            gtol_waits=self.gtol is not None and self.is_random,
            spaced=self.change_every is not None,
        )

    def for_steps(self, max_steps: int) -> Options:
        """The same run with another number of steps."""
        leading, dim = self.starts.shape[:-1], self.surface.dim
        hyper, random = bound(self.optimizer, self.stochastic, leading, dim, max_steps)
        return replace(self, max_steps=max_steps, hyper=hyper, stochastic=random)


def checked_options(
    surface: Any, x0: Any, optimizer: Any, *, max_steps: Any, gtol: Any, xtol: Any, ftol: Any, escape_radius: Any,
    bounds: Any, boundary: Any, first_index: Any, record: Any, reduce: Any, final: Any, keep_state: Any, n_threads: Any,
    engine: Any, dtype: Any, progress: Any, noise: Any = None, batch_size: Any = None, sampling: Any = "replacement",
    shared_batches: Any = False, check_every: Any = None, average: Any = None, seed: Any = 0, stop_when: Any = None,
) -> Options:  # fmt: skip
    """Raises TypeError for a wrong kind, ValueError for a wrong value or shape."""
    check_order(surface, x0, optimizer)
    check_surface(surface)
    check_optimizer(optimizer)
    check_progress(progress)
    steps = checks.whole_number("max_steps", max_steps, at_least=0, at_most=MOST_STEPS)
    first = checks.whole_number("first_index", first_index, at_least=0, at_most=2**64 - 1)
    starts = checked_starts(x0, surface.dim, dtype)
    if not isinstance(engine, str):
        raise TypeError(f'engine must be text such as "auto"; got {checks.shown(engine)}')
    lows, highs = _box_of_window_and_minima(surface)
    box, boundary = checked_bounds(bounds, boundary, surface)
    leading = starts.shape[:-1]
    n = math.prod(leading)
    random = checked_stochastic(
        surface, optimizer, noise, batch_size, sampling, shared_batches, check_every, starts.dtype.name
    )
    hyper, random = bound(optimizer, random, leading, surface.dim, steps)
    wanted, recording = checked_record(record, n, steps)
    wanted_numbers = checked_reductions(reduce)
    options = Options(
        surface=surface,
        starts=starts,
        random_starts=is_random(x0),
        optimizer=optimizer,
        hyper=hyper,
        stochastic=random,
        seed=checks.random_seed(seed),
        first_index=first,
        max_steps=steps,
        gtol=checked_gtol(gtol, starts.dtype, random.words != "exact" or optimizer.is_random),
        xtol=checked_tolerance("xtol", xtol),
        ftol=checked_tolerance("ftol", ftol),
        escape_radius=checked_radius(escape_radius, _half_diagonal(lows, highs)),
        center=tuple((0.5 * lows + 0.5 * highs).tolist()),
        bounds=box,
        boundary=boundary,
        record=wanted,
        recording=recording,
        reductions=checked_average(average),
        final=checks.flag("final", final),
        keep_state=checks.flag("keep_state", keep_state),
        n_threads=checked_threads(n_threads),
        engine=get_engine(engine),
        progress=progress,
    )
    return replace(options, reductions=_reductions(wanted_numbers, options), stop=_stop_rule(stop_when, options))


def _reductions(wanted: tuple[Reduction, ...], options: Options) -> tuple[Reduction, ...]:
    """Those that were asked for, bound to the run, and that of the average."""
    dim, starts = options.surface.dim, options.starts
    bound = tuple(r.bound(dim, lambda: _state_shapes(options)) for r in wanted)
    refuse_too_large(bound, math.prod(starts.shape[:-1]), dim, starts.itemsize)
    return (*bound, *options.reductions)


def _stop_rule(stop_when: Any, options: Options) -> StopRule | None:
    if stop_when is None:
        return None
    shapes = _state_shapes(options) if wants_state(stop_when) else {}
    return trace_stop_rule(stop_when, options.surface.dim, shapes)


def _state_shapes(options: Options) -> dict[str, Shape]:
    return state_shapes(options.surface._formula, options.step_spec(with_fun=False))


def checked_starts(x0: Any, dim: int, dtype: Any) -> npt.NDArray[Any] | LazyStarts:
    """Starts (..., dim) of float64 or float32, finite and few enough."""
    lazy = isinstance(x0, LazyStarts)
    starts: npt.NDArray[Any] | LazyStarts = _checked_lazy(x0, dim, dtype) if lazy else _checked_array(x0, dim, dtype)
    n = math.prod(starts.shape[:-1])
    # Of the results: x, f, the gradient's norm; nit, status.
    refuse_if_too_large(n * ((dim + 2) * starts.itemsize + 5), f"a run of {n} starts", "run them in parts")
    return starts


def _checked_lazy(x0: LazyStarts, dim: int, dtype: Any) -> LazyStarts:
    if x0.shape[-1] != dim:
        raise ValueError(f"x0 must have shape (..., {dim}), the last axis a point; got shape {x0.shape}")
    wanted = x0.dtype if dtype is None else checks.floating_dtype(dtype)
    largest = float(np.finfo(wanted).max)
    if max(map(abs, x0.rule.extremes)) > largest:
        raise ValueError(f"x0 must fit {wanted}, whose largest number is {largest:.3g}; its window goes beyond")
    return replace(x0, dtype=wanted)


def _checked_array(x0: Any, dim: int, dtype: Any) -> npt.NDArray[Any]:
    given = checks.real_array("x0", x0).view(np.ndarray)
    if given.ndim == 0 or given.shape[-1] != dim:
        raise ValueError(f"x0 must have shape (..., {dim}), the last axis a point; got shape {given.shape}")
    wanted = given.dtype if dtype is None else checks.floating_dtype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        starts = np.ascontiguousarray(given, dtype=wanted)
    bad = ~np.isfinite(starts)
    if bad.any():
        first = tuple(np.argwhere(bad)[0].tolist())
        where = f"x0[{', '.join(map(str, first))}] is {float(given[first]):g}"
        if np.isfinite(given[first]):
            raise ValueError(f"x0 must fit {wanted}, whose largest number is {np.finfo(wanted).max:.3g}; {where}")
        raise ValueError(f"x0 must be finite; {where}")
    return starts


def _box_of_window_and_minima(surface: Surface) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lows and highs, (dim,) each, of the smallest box that holds both."""
    lows, highs = np.array(surface.window).T
    if surface.minima is None or not len(surface.minima):
        return lows, highs
    return np.minimum(lows, surface.minima.min(axis=0)), np.maximum(highs, surface.minima.max(axis=0))


def _half_diagonal(lows: npt.NDArray[np.float64], highs: npt.NDArray[np.float64]) -> float:
    return 0.5 * math.hypot(*(highs - lows))
