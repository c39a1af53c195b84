"""Trials along a direction of descent: what CG and LBFGS accept, and how they heed walls."""

from __future__ import annotations

from typing import Any

import numpy as np

_ROUNDINGS = 500  #: a change of f by so many of its roundings says nothing; slopes decide
_FLATTER = 0.9  #: part of the slope that may be left then


def slope_of(x: Any, grad: Any, wall: Any) -> tuple[Any, Any]:
    """The gradient at x without coordinates that walls hold, and which these are; None: none are."""
    g = grad(x)
    if wall is None:
        return g, None
    held = wall.held(x, g)
    return np.where(held, 0.0, g), held


def downhill(d: Any, g: Any, held: Any) -> Any:
    """The direction d without held coordinates, or -g where d does not lead down."""
    if held is not None:
        d = np.where(held, 0.0, d)
    return np.where(np.sum(g * d) < 0, d, -g)


def tried(x: Any, grad: Any, wall: Any, g: Any, step: Any, armijo: Any) -> tuple[Any, Any]:
    """The point x + step, put back into the bounds, and whether it is accepted.

    f(x') <= f(x) + armijo * g . (x' - x)           (Armijo 1966)

    Where f changes by rounding alone, the slope along the step must have become flatter instead.
    """
    trial = x + step
    if wall is not None:
        trial, _ = wall(trial)
    f, way = grad.fun(x), trial - x
    slope = np.sum(g * way)
    is_rounding = -slope <= _ROUNDINGS * grad.resolution * np.abs(f)
    flattens = np.abs(np.sum(grad(trial) * way)) <= -_FLATTER * slope
    return trial, np.where(is_rounding, flattens, grad.fun(trial) <= f + armijo * slope)
