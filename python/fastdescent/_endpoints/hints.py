"""One sentence of advice if many trajectories do not arrive. A hint is right or absent.

docs/tutorial/results.md has a table of the conditions, of which these are the short forms:

- no lower bound: trajectories diverged while f fell far below all that the window and the table have;
- a smaller lr: trajectories diverged while f rose, or stay away because their steps are too large;
- a larger max_steps: trajectories were cut off while they still made progress;
- a smaller gtol: trajectories stopped on a slope;
- an lr that falls: trajectories move about without rest, and nothing is random.

Of several, the one that concerns most trajectories is given, if these are more than 5 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import MINIMA, Reason, Status
from fastdescent._endpoints.table.names import letter
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._endpoints.table.stability import largest_eigenvalues
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import Optimizer

_MANY_SHARE = 0.05
_FAR_BELOW = 100.0  #: times the range of f in the window: f that fell so far has no lower bound
_SLOW = 0.25  #: below this stability at all minima a larger lr is safe
_N_SAMPLES, _MOST_DIM = 64, 200  #: points of the window at which f and, in fewer dimensions, its Hessian are taken


@dataclass(frozen=True)
class Situation:
    """What is known of a run when a hint is looked for."""

    surface: Surface
    optimizer: Optimizer
    status: npt.NDArray[Any]
    points: CriticalPoints
    fun: npt.NDArray[Any] | None  #: f at the ends; without it nothing is said about divergence
    n_reasons: npt.NDArray[np.int64] | None  #: how many endpoints have each `Reason`; None: not known

    @property
    def lr(self) -> float:
        """The learning rate; NaN if there is none, or not one for all steps and trajectories."""
        value = self.optimizer.hyper().get("lr")
        return float(value) if isinstance(value, int | float) else np.nan

    @property
    def has_lr(self) -> bool:
        return "lr" in self.optimizer.hyper()

    @cached_property
    def reached(self) -> npt.NDArray[np.int_]:
        """Rows of minima that starts belong to and whose stability is known."""
        known = np.isin(self.points.kind, MINIMA) & (self.points.n_starts > 0) & (self.points.stability > 0)
        return np.flatnonzero(known & (self.optimizer.sharpness_limit > 0))

    @cached_property
    def stability(self) -> float:
        """The largest stability at minima that were reached; NaN if none is known."""
        return float(self.points.stability[self.reached].max()) if len(self.reached) else np.nan

    @cached_property
    def samples(self) -> npt.NDArray[np.float64]:
        """Points spread over the window."""
        low, high = np.array(self.surface.window).T
        steps = np.sqrt(2.0 + np.arange(self.surface.dim))
        return np.asarray(low + np.modf(np.multiply.outer(np.arange(1, _N_SAMPLES + 1), steps))[0] * (high - low))

    @cached_property
    def usual(self) -> tuple[float, float]:
        """The least and the greatest f of the samples and of the table; NaN if none is finite."""
        fun = np.append(np.asarray(self.surface(self.samples), np.float64), self.points.fun)
        fun = fun[np.isfinite(fun)]
        return (float(fun.min()), float(fun.max())) if len(fun) else (np.nan, np.nan)

    def n_with(self, reason: Reason) -> int:
        """How many trajectories have this reason; 0 if reasons are not known."""
        return 0 if self.n_reasons is None else int(self.n_reasons[reason])

    def n_status(self, status: Status, where: Any = True) -> int:
        """How many trajectories have this status, of those that `where` holds for."""
        return int(np.count_nonzero((self.status == status) & where))


def hint(
    surface: Surface, optimizer: Optimizer, status: npt.NDArray[Any], points: CriticalPoints, *,
    fun: npt.NDArray[Any] | None = None, n_reasons: npt.NDArray[np.int64] | None = None,
) -> str | None:  # fmt: skip
    """Advice if more than 5 % of the trajectories share a fault that it helps against, else None."""
    now = Situation(surface, optimizer, status, points, fun, n_reasons)
    n, words = max(((concerned(now), words) for concerned, words in _HINTS), key=lambda pair: pair[0])
    share = n / max(status.size, 1)
    return f"{100 * share:.0f} % {words(now)}" if share > _MANY_SHARE else None


def _falling(now: Situation) -> int:
    """How many go down without end."""
    least, greatest = now.usual
    floor = least - _FAR_BELOW * max(greatest - least, abs(least) * 1e-6, np.finfo(np.float64).tiny)
    seen = 0 if now.fun is None else now.n_status(Status.DIVERGED, now.fun < floor)
    return max(seen, now.n_with(Reason.NO_LOWER_BOUND))


def _falling_words(now: Situation) -> str:
    return "diverged: f falls far below all its values in the window, so it seems to have no lower bound."


def _rising(now: Situation) -> int:
    """How many diverged while f rose: their steps are too long."""
    if now.fun is None or not now.has_lr:
        return 0
    overflows = np.isnan(now.fun) & (_typical_stability(now) >= _SLOW)
    return now.n_status(Status.DIVERGED, (now.fun > now.usual[1]) | overflows)


def _rising_words(now: Situation) -> str:
    return f"diverged; {_lr_words(now, diverged=True)}try a smaller lr, or LineSearch()."


def _too_large(now: Situation) -> int:
    """How many stay away from a minimum since their steps are too long."""
    return now.n_with(Reason.STEP_TOO_LARGE) if now.has_lr else 0


def _too_large_words(now: Situation) -> str:
    return f"do not come to rest; {_lr_words(now)}try a smaller lr, or LineSearch()."


def _cut_off(now: Situation) -> int:
    """How many were on their way when max_steps were made.

    If reasons are not known, all that made max_steps: by optimizers that choose their own steps, or with short ones.
    """
    if now.n_reasons is not None:
        return now.n_with(Reason.CUT_OFF)
    return now.n_status(Status.MAX_STEPS) if not now.has_lr or _typical_stability(now) < _SLOW else 0


def _cut_off_words(now: Situation) -> str:
    larger_lr = ", or a larger lr" if now.stability < _SLOW else ""
    return f"hit max_steps; {_lr_words(now)}try a larger max_steps{larger_lr}."


def _on_a_slope(now: Situation) -> int:
    """How many only gtol has stopped."""
    return now.n_with(Reason.GTOL)


def _on_a_slope_words(now: Situation) -> str:
    return "stopped where the slope is smaller than gtol; try a smaller gtol."


def _restless(now: Situation) -> int:
    """How many move about although nothing is random."""
    return now.n_with(Reason.JITTER) if now.has_lr else 0


def _restless_words(now: Situation) -> str:
    return f"move about without rest; {_lr_words(now)}try a smaller lr, or one that falls with t."


#: How many trajectories a hint concerns, and its words. If two concern equally many, the first one is given.
_HINTS: tuple[tuple[Callable[[Situation], int], Callable[[Situation], str]], ...] = (
    (_falling, _falling_words),
    (_rising, _rising_words),
    (_too_large, _too_large_words),
    (_cut_off, _cut_off_words),
    (_on_a_slope, _on_a_slope_words),
    (_restless, _restless_words),
)


def _lr_words(now: Situation, diverged: bool = False) -> str:
    """The lr, beside the one from which on steps lead away from the sharpest minimum that was reached.

    If trajectories diverged and no minimum was reached, it is compared with the usual curvature of the window.
    """
    if np.isnan(now.lr):
        return ""
    largest, where = now.stability, "typically in the window"
    if len(now.reached):
        where = f"at {letter(int(now.reached[np.argmax(now.points.stability[now.reached])]))}"
        where += ", less elsewhere" if diverged and largest < 1 else ""
    elif diverged:
        largest = _typical_stability(now)
    if not largest > 0:
        return f"lr = {now.lr:g}: "
    limit = now.lr * now.optimizer.sharpness_limit
    decay = " + weight_decay" if now.optimizer.hyper().get("weight_decay") else ""
    sharpness = f"(lambda_max{decay})" if decay else "lambda_max"
    return f"lr = {now.lr:g}, and {limit:.4g} / {sharpness} = {now.lr / largest:.3g} {where}: "


def _typical_stability(now: Situation) -> float:
    """The median over points spread over the window; NaN if the optimizer's limit is not known."""
    limit = now.optimizer.sharpness_limit
    if now.surface.dim > _MOST_DIM or not limit > 0:
        return np.nan
    hessians = now.surface.hessian(now.samples)
    hessians = hessians[np.isfinite(hessians).all(axis=(-2, -1))]
    if not len(hessians):
        return np.nan
    decay = now.optimizer.hyper().get("weight_decay", 0.0)
    return float((np.median(largest_eigenvalues(np.linalg.eigvalsh(hessians))) + decay) / limit)
