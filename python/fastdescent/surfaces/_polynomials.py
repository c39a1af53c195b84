"""Polynomials of any dimension. Only formulas, each with its window, its minima and its source."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog, known

__all__ = [
    "dixon_price",
    "double_well",
    "perm",
    "powell",
    "quartic",
    "ring",
    "rosenbrock",
    "sphere",
    "styblinski_tang",
    "trid",
    "zakharov",
]

Points = list[list[float]]


@catalog(window=(-5.12, 5.12), minima=lambda dim: [[0.0] * dim], critical_points=lambda dim: [[0.0] * dim])
def sphere(x: Any) -> Any:
    """The sphere function: every trajectory ends at the origin.

    f(x) = sum_i x_i^2

    Minimum 0 at the origin.

    De Jong, An analysis of the behavior of a class of genetic adaptive systems, dissertation, Univ. of Michigan, 1975.
    """
    return np.sum(x**2)


def _rosenbrock_minima(dim: int, a: float, b: float) -> Points | None:
    """Every term is zero only where x_i = a for all i < dim and x_(i+1) = x_i^2, which may contradict each other."""
    if b > 0.0 and (dim == 2 or a == a**2):
        return [[a] * (dim - 1) + [a**2]]
    return None


@known(dims=(2, 3, 10))
@catalog(window=(-2.048, 2.048), minima=_rosenbrock_minima, least_dim=2)
def rosenbrock(x: Any, *, a: float = 1.0, b: float = 100.0) -> Any:
    """Rosenbrock's banana: a curved valley with a floor that is nearly flat.

    f(x) = sum_(i < dim) b (x_(i+1) - x_i^2)^2 + (a - x_i)^2

    Minimum 0 at (a, a^2) in two dimensions, at (1, ..., 1) for a = 1 in more. Usual: a = 1, b = 100. From dim 4 on
    there is a local minimum near (-1, 1, ..., 1) too.

    Rosenbrock, An automatic method for finding the greatest or least value of a function, Comput. J. 3, 1960.
    """
    return np.sum(b * (x[1:] - x[:-1] ** 2) ** 2 + (a - x[:-1]) ** 2)


_STYBLINSKI_TANG_ROOTS = (-2.903534027771177, 0.1567312567803401, 2.746802770990837)


def _styblinski_tang_points(dim: int) -> Points | None:
    return [list(x) for x in itertools.product(_STYBLINSKI_TANG_ROOTS, repeat=dim)] if dim <= 6 else None


@known(lowest=lambda dim: -39.16616570377142 * dim)
@catalog(
    window=(-5.0, 5.0),
    minima=lambda dim: [[_STYBLINSKI_TANG_ROOTS[0]] * dim],
    critical_points=_styblinski_tang_points,
)
def styblinski_tang(x: Any) -> Any:
    """Styblinski and Tang's quartics: two minima per coordinate, 2^dim in all.

    f(x) = 1/2 sum_i x_i^4 - 16 x_i^2 + 5 x_i

    Minimum -39.166... dim where every coordinate is the least root of 4 x^3 - 32 x + 5.

    Styblinski and Tang, Experiments in nonconvex optimization: stochastic approximation with function smoothing and
    simulated annealing, Neural Networks 3, 1990.
    """
    return 0.5 * np.sum(x**4 - 16 * x**2 + 5 * x)


@known(degenerate=True)
@catalog(window=(-1.28, 1.28), minima=lambda dim: [[0.0] * dim], critical_points=lambda dim: [[0.0] * dim])
def quartic(x: Any) -> Any:
    """De Jong's quartic, without its noise: so flat at the minimum that the Hessian vanishes there.

    f(x) = sum_i i x_i^4

    Minimum 0 at the origin.

    De Jong, An analysis of the behavior of a class of genetic adaptive systems, dissertation, Univ. of Michigan, 1975.
    """
    return np.sum(np.arange(1, len(x) + 1) * x**4)


@catalog(window=(-5.0, 10.0), minima=lambda dim: [[0.0] * dim])
def zakharov(x: Any) -> Any:
    """Zakharov's function: a bowl that one direction makes steep.

    f(x) = sum_i x_i^2 + s^2 + s^4, s = sum_i i x_i / 2

    Minimum 0 at the origin.

    Jamil and Yang, A literature survey of benchmark functions for global optimization problems, Int. J. Math. Model.
    Numer. Optim. 4, 2013.
    """
    s = np.sum(0.5 * np.arange(1, len(x) + 1) * x)
    return np.sum(x**2) + s**2 + s**4


def _dixon_price_minima(dim: int) -> Points:
    """2 x_i^2 = x_(i-1) leaves the sign of the last coordinate open."""
    x = [2.0 ** (2.0**-i - 1.0) for i in range(dim)]
    return [x, [*x[:-1], -x[-1]]] if dim > 1 else [x]


@catalog(window=(-10.0, 10.0), minima=_dixon_price_minima)
def dixon_price(x: Any) -> Any:
    """Dixon and Price's valley: each coordinate follows the square of the next. Two minima.

    f(x) = (x_1 - 1)^2 + sum_(i > 1) i (2 x_i^2 - x_(i-1))^2

    Minimum 0 where x_i = 2^(2^(1-i) - 1), and where the last coordinate is the negative of that.

    Dixon and Price, The truncated Newton method for sparse unconstrained optimisation using automatic differentiation,
    J. Optim. Theory Appl. 60, 1989.
    """
    return (x[0] - 1) ** 2 + np.sum(np.arange(2, len(x) + 1) * (2 * x[1:] ** 2 - x[:-1]) ** 2)


def _trid_minima(dim: int) -> Points:
    return [[float(i * (dim + 1 - i)) for i in range(1, dim + 1)]]


@known(lowest=lambda dim: -dim * (dim + 4) * (dim - 1) / 6, dims=(2, 3, 10))
@catalog(
    window=lambda dim: (-float(dim**2), float(dim**2)), minima=_trid_minima, critical_points=_trid_minima, least_dim=2
)
def trid(x: Any) -> Any:
    """Trid: a quadratic whose Hessian is tridiagonal, ill-conditioned as dim grows.

    f(x) = sum_i (x_i - 1)^2 - sum_(i > 1) x_i x_(i-1)

    Minimum -dim (dim + 4) (dim - 1) / 6 at x_i = i (dim + 1 - i).

    Neumaier, Some hard global optimization test problems, web page, University of Vienna, 1996.
    """
    return np.sum((x - 1) ** 2) - np.sum(x[1:] * x[:-1])


@known(dims=(4, 8), degenerate=True)
@catalog(window=(-4.0, 5.0), minima=lambda dim: [[0.0] * dim], least_dim=4, multiple_of=4)
def powell(x: Any) -> Any:
    """Powell's singular function: groups of four coordinates; the Hessian at the minimum has half its rank.

    f(x) = sum over groups of (x_1 + 10 x_2)^2 + 5 (x_3 - x_4)^2 + (x_2 - 2 x_3)^4 + 10 (x_1 - x_4)^4

    Minimum 0 at the origin.

    Powell, An iterative method for finding stationary values of a function of several variables, Comput. J. 5, 1962.
    """
    p, q, r, s = x[0::4], x[1::4], x[2::4], x[3::4]
    return np.sum((p + 10 * q) ** 2 + 5 * (r - s) ** 2 + (q - 2 * r) ** 4 + 10 * (p - s) ** 4)


def _perm_minima(dim: int, b: float) -> Points:
    """In two dimensions a line and an ellipse, which meet twice."""
    first = [float(i) for i in range(1, dim + 1)]
    if dim != 2 or b <= -1:
        return [first]
    u = 4 * (2 + b) / ((2 + b) ** 2 + (4 + b) * (1 + b))
    return [first, [1 + u, 2 - 2 * (1 + b) * u / (2 + b)]]


@known(dims=(1, 2, 4))
@catalog(window=lambda dim: (-dim - 1.0, dim + 1.0), minima=_perm_minima)
def perm(x: Any, *, b: float = 0.5) -> Any:
    """Perm: sums of powers that agree at the minima only, and almost agree in a long curved valley.

    f(x) = sum_k (sum_i (i^k + b) ((x_i / i)^k - 1))^2

    Minimum 0 at (1, 2, ..., dim); in two dimensions also at (1 + u, 2 - 2 u (1 + b) / (2 + b)),
    u = 4 (2 + b) / ((2 + b)^2 + (4 + b) (1 + b)). In more there may be others, not listed. Usual: b = 0.5.

    Neumaier, Some hard global optimization test problems, web page, University of Vienna, 1996.
    """
    i = np.arange(1.0, len(x) + 1)
    return sum(np.sum((i**k + b) * ((x / i) ** k - 1)) ** 2 for k in range(1, len(x) + 1))


def _wells_and_pass(dim: int) -> Points:
    return [[-1.0] + [0.0] * (dim - 1), [0.0] * dim, [1.0] + [0.0] * (dim - 1)]


@catalog(window=(-2.0, 2.0), minima=lambda dim: _wells_and_pass(dim)[::2], critical_points=_wells_and_pass)
def double_well(x: Any) -> Any:
    """The double well: two minima and the saddle between them (in one dimension a maximum).

    f(x) = (x_1^2 - 1)^2 + sum_(i > 1) x_i^2

    Minimum 0 at x_1 = 1 and x_1 = -1, the other coordinates 0.

    Kramers, Brownian motion in a field of force and the diffusion model of chemical reactions, Physica 7, 1940.
    """
    return (x[0] ** 2 - 1) ** 2 + np.sum(x[1:] ** 2)


@known(degenerate=True)
@catalog(window=(-2.0, 2.0), minima=lambda dim: [[1.0] + [0.0] * (dim - 1)])
def ring(x: Any) -> Any:
    """The ring: a Mexican hat, whose minima fill the unit sphere; each trajectory keeps its direction.

    f(x) = (|x|^2 - 1)^2

    Minimum 0 wherever |x| = 1 (one such point is given); a maximum at the origin.

    Goldstone, Field theories with superconductor solutions, Nuovo Cimento 19, 1961.
    """
    return (np.sum(x**2) - 1) ** 2
