"""One sentence of advice if many trajectories do not arrive."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import MINIMA, Status
from fastdescent._endpoints.points import CriticalPoints, letter
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import Optimizer
from fastdescent.optimizers._rules import GD, Momentum

_MANY_SHARE = 0.05


def hint(surface: Surface, optimizer: Optimizer, status: npt.NDArray[Any], points: CriticalPoints) -> str | None:
    """Advice if more than 5 % diverge or hit max_steps, else None.

    Gradient descent is attracted to a minimum only if lr < 2 / lambda_max, where lambda_max is the largest eigenvalue
    of the Hessian there. It needs about 1 / (lr * lambda_min) steps.
    """
    n = max(status.size, 1)
    diverged = sum(np.count_nonzero(status == s) for s in (Status.DIVERGED, Status.UNDEFINED)) / n
    cut = np.count_nonzero(status == Status.MAX_STEPS) / n
    if max(diverged, cut) <= _MANY_SHARE:
        return None
    what = f"{100 * diverged:.0f} % diverged" if diverged >= cut else f"{100 * cut:.0f} % hit max_steps"
    return f"{what}; {_advice(surface, optimizer, points, bool(diverged >= cut))}"


def _advice(surface: Surface, optimizer: Optimizer, points: CriticalPoints, diverged: bool) -> str:
    lr = optimizer.hyper().get("lr")
    if not isinstance(lr, int | float):
        if diverged:
            return "f may have no lower bound there, or escape_radius may be too small."
        return "try a larger max_steps."
    if not isinstance(optimizer, GD | Momentum):  # the rule below holds for these two only
        return f"lr = {lr:g}: try a {'smaller lr' if diverged else 'larger max_steps, or another lr'}."
    curvature, where = _largest_curvature(surface, points)
    if not curvature > 0:
        return "try a smaller lr." if diverged else "try a larger max_steps."
    limit = f"lr = {lr:g}, and 2 / lambda_max = {2 / curvature:.3g} {where}"
    if diverged or lr * curvature >= 2:
        return f"{limit}: try a smaller lr, or LineSearch()."
    return f"{limit}: try a larger max_steps{', or a larger lr' if lr * curvature < 0.5 else ''}."


def _largest_curvature(surface: Surface, points: CriticalPoints) -> tuple[float, str]:
    """The largest curvature, and where: at the sharpest known minimum, else at the sharpest one in the table.

    Without minima it is the median over points spread over the window.
    """
    if surface.minima is not None and len(surface.minima):
        largest = np.linalg.eigvalsh(surface.hessian(np.array(surface.minima, dtype=np.float64)))[:, -1]
        if np.isfinite(largest).all():
            return float(largest.max()), "at the sharpest minimum"
    minima = np.flatnonzero(np.isin(points.kind, MINIMA))
    if len(minima):
        sharpest = minima[np.argmax(points.eigenvalues[minima, -1])]
        return float(points.eigenvalues[sharpest, -1]), f"at {letter(int(sharpest))}"
    lows, highs = np.array(surface.window).T
    spread = np.modf(np.multiply.outer(np.arange(1, 65), np.sqrt(2.0 + np.arange(surface.dim))))[0]
    hessians = surface.hessian(lows + spread * (highs - lows))
    hessians = hessians[np.isfinite(hessians).all(axis=(-2, -1))]
    largest = np.linalg.eigvalsh(hessians)[:, -1] if len(hessians) else np.zeros(1)
    return float(np.median(largest)), "typically in the window"
