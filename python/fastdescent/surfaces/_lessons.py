"""Surfaces that each show one thing: a saddle, a trough, a plateau. Each with its window and its minima."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog, known

__all__ = [
    "degenerate_minimum",
    "ellipsoid",
    "flat_valley",
    "monkey_saddle",
    "plateau",
    "saddle",
    "trough",
    "two_layers",
]

Points = list[list[float]]


@known(lowest=-math.inf)
@catalog(window=(-2.0, 2.0), critical_points=[[0.0, 0.0]])
def monkey_saddle(x: Any, y: Any) -> Any:
    """The monkey saddle: three valleys leave a point where gradient and Hessian vanish.

    f(x, y) = x^3 - 3 x y^2

    No minimum: f is not bounded below.

    Hilbert and Cohn-Vossen, Anschauliche Geometrie, Springer, 1932.
    """
    return x**3 - 3 * x * y**2


@known(lowest=-math.inf)
@catalog(window=(-2.0, 2.0), critical_points=[[0.0, 0.0]])
def saddle(x: Any, y: Any) -> Any:
    """The saddle: only starts with y = 0 arrive; all others leave, slowly at first.

    f(x, y) = x^2 - y^2

    No minimum: f is not bounded below.
    """
    return x**2 - y**2


def _ellipsoid_minima(dim: int, kappa: float) -> Points | None:
    return [[0.0] * dim] if kappa > 0.0 else None


@known(dims=(2, 3, 10))
@catalog(window=(-5.0, 5.0), minima=_ellipsoid_minima, critical_points=_ellipsoid_minima, least_dim=2)
def ellipsoid(x: Any, *, kappa: float = 100.0) -> Any:
    """A quadratic of condition kappa: gradient descent zigzags in it, momentum does less.

    f(x) = 1/2 sum_i kappa^((i - 1) / (dim - 1)) x_i^2

    Minimum 0 at the origin, for kappa > 0. Its Hessian is diagonal, with eigenvalues from 1 to kappa.
    """
    return 0.5 * np.sum(kappa ** (np.arange(len(x)) / (len(x) - 1)) * x**2)


@known(degenerate=True)
@catalog(window=(-5.0, 5.0), minima=lambda dim, width: [[0.0, 0.0]])
def trough(x: Any, y: Any, *, width: float = 1.0) -> Any:
    """The trough: a valley with a flat floor, every point of which is a minimum; the Hessian jumps at its edges.

    f(x, y) = max(|y| - width, 0)^2

    Minimum 0 wherever |y| <= width (one such point is given). Where width < 0 there is no floor, but an edge at y = 0.
    """
    return np.maximum(np.abs(y) - width, 0) ** 2


@known(tried_in=(-2.5, 2.5))
@catalog(window=(-5.0, 5.0), minima=lambda dim: [[0.0] * dim], critical_points=lambda dim: [[0.0] * dim])
def plateau(x: Any) -> Any:
    """The plateau: a well in a plain, on which the gradient vanishes long before the well is in sight.

    f(x) = 1 - exp(-|x|^2 / 2)

    Minimum 0 at the origin.
    """
    return 1 - np.exp(-0.5 * np.sum(x**2))


@known(degenerate=True)
@catalog(window=((-2.0, 2.0), (-1.0, 3.0)), minima=[[0.0, 0.0]])
def flat_valley(x: Any, y: Any) -> Any:
    """The flat valley: Rosenbrock's, with a level floor. Which minimum is found depends on the start alone.

    f(x, y) = (y - x^2)^2

    Minimum 0 wherever y = x^2 (one such point is given).
    """
    return (y - x**2) ** 2


@known(degenerate=True)
@catalog(window=(-3.0, 3.0), minima=[[1.0, 1.0], [-1.0, -1.0]])
def two_layers(x: Any, y: Any) -> Any:
    """The smallest deep network, two weights in a row: minima fill a hyperbola, flat near (1, 1), sharp far away.

    f(x, y) = (x y - 1)^2

    Minimum 0 wherever x y = 1 (the two flattest such points are given); a saddle at the origin.
    """
    return (x * y - 1) ** 2


@known(degenerate=True)
@catalog(window=(-2.0, 2.0), minima=[[0.0, 0.0]], critical_points=[[0.0, 0.0]])
def degenerate_minimum(x: Any, y: Any) -> Any:
    """A degenerate minimum: along y the second derivative vanishes there, and convergence is slower than any rate.

    f(x, y) = x^2 + y^4

    Minimum 0 at the origin.
    """
    return x**2 + y**4
