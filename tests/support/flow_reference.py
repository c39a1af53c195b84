"""The gradient flow by SciPy's integrators, and the cells of a window on which optimizers are compared with it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

import fastdescent as fd

Floats = np.ndarray

_AT_ONCE = 50  #: trajectories that are one system, with steps in common
_LAST_TIME = 3e4
FAR = 0.02  #: endpoints further apart than this part of the window are different ones


def scipy_ends(surface: fd.Surface, starts: Floats, tol: float = 1e-10, gtol: float = 1e-6) -> Floats:
    """Ends of x' = -grad f by LSODA; NaN where a trajectory leaves 100 windows, or does not come to rest.

    A plain, where the gradient is small because curvatures are, is no place to rest.
    """
    parts = [_ends_of_one_system(surface, starts[k : k + _AT_ONCE], tol, gtol) for k in range(0, len(starts), _AT_ONCE)]
    return np.concatenate(parts)


def _ends_of_one_system(surface: fd.Surface, x: Floats, tol: float, gtol: float) -> Floats:
    ends, left = np.full(x.shape, np.nan), np.arange(len(x))
    widths = np.ptp(np.array(surface.window), axis=1)
    centre, t = np.mean(surface.window, axis=1), 1e-6

    def velocity(_: float, flat: Floats) -> Floats:
        return -surface.gradient(flat.reshape(-1, 2)).reshape(-1)

    while len(left) and t < _LAST_TIME:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of failures, as `success` tells
            run = solve_ivp(
                velocity, (0, t), x.reshape(-1), "LSODA", rtol=tol, atol=tol * widths.max(), lband=1, uband=1
            )
        if not run.success:
            break
        x, t = run.y[:, -1].reshape(-1, 2), 4 * t
        slope = np.linalg.norm(surface.gradient(x), axis=-1)
        curvature = np.abs(np.linalg.eigvalsh(surface.hessian(x))).max(axis=-1)
        rests = (slope < gtol) & (slope < 1e-3 * widths.min() * curvature)
        ends[left[rests]] = x[rests]
        goes_on = ~rests & np.all(np.abs(x - centre) < 100 * widths, axis=-1)
        x, left = x[goes_on], left[goes_on]
    return ends


def differ(surface: fd.Surface, a: Floats, b: Floats) -> Any:
    """Whether two endpoints are different ones; two that are NaN are not."""
    same = np.abs(a - b) <= FAR * np.ptp(np.array(surface.window), axis=1)
    return ~np.all(same | (np.isnan(a) & np.isnan(b)), axis=-1)


def arrivals(run: fd.Descent) -> Floats:
    """Endpoints of those that have converged, else NaN."""
    return np.where(run.success[..., np.newaxis], run.x, np.nan)


def sampled_cells(surface: fd.Surface, n: int, side: int = 256, seed: int = 0) -> tuple[Floats, Any]:
    """Cell centres, about half of them beside a boundary between endpoints, and which those are."""
    starts = fd.grid(surface.window, (side, side))
    ends = arrivals(fd.descend(surface, starts, fd.GradientFlow()))
    beside = np.zeros((side, side), np.bool_)
    for axis in (0, 1):
        for shift in (-1, 1):
            beside |= differ(surface, ends, np.roll(ends, shift, axis))
    rng, chosen = np.random.default_rng(seed), []
    for group in (np.flatnonzero(beside), np.flatnonzero(~beside)):
        chosen.append(rng.permutation(group)[: n // 2])
    index = np.concatenate(chosen)
    return starts.reshape(-1, 2)[index], beside.reshape(-1)[index]
