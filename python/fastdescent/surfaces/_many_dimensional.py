"""Surfaces of any dimension: sums of terms that are alike. Only formulas, each with its window and its minima."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog

Points = list[list[float]]


@catalog(window=(-5.12, 5.12), minima=lambda dim: [[0.0] * dim])
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


@catalog(window=(-2.048, 2.048), minima=_rosenbrock_minima, least_dim=2)
def rosenbrock(x: Any, *, a: float = 1.0, b: float = 100.0) -> Any:
    """Rosenbrock's banana: a curved valley with a floor that is nearly flat.

    f(x) = sum_(i < dim) b (x_(i+1) - x_i^2)^2 + (a - x_i)^2

    Minimum 0 at (a, a^2) in two dimensions, at (1, ..., 1) for a = 1 in more. Usual: a = 1, b = 100. From dim 4 on
    there is a local minimum near (-1, 1, ..., 1) too.

    Rosenbrock, An automatic method for finding the greatest or least value of a function, Comput. J. 3, 1960.
    """
    return np.sum(b * (x[1:] - x[:-1] ** 2) ** 2 + (a - x[:-1]) ** 2)


@catalog(window=(-5.12, 5.12), minima=lambda dim, A: [[0.0] * dim] if A >= 0.0 else None)
def rastrigin(x: Any, *, A: float = 10.0) -> Any:
    """Rastrigin's egg box: a parabola with a local minimum near every point of integers.

    f(x) = A dim + sum_i x_i^2 - A cos(2 pi x_i)

    Minimum 0 at the origin, for A >= 0. Usual: A = 10.

    Rastrigin, Systems of Extremal Control (in Russian), Nauka, 1974; for any dim: Mühlenbein, Schomisch and Born, The
    parallel genetic algorithm as function optimizer, Parallel Comput. 17, 1991.
    """
    return A * len(x) + np.sum(x**2 - A * np.cos(2 * np.pi * x))


@catalog(window=(-32.768, 32.768), minima=lambda dim, a, b, c: [[0.0] * dim] if a > 0.0 and b > 0.0 else None)
def ackley(x: Any, *, a: float = 20.0, b: float = 0.2, c: float = 2 * np.pi) -> Any:
    """Ackley's funnel: ripples on a cone, whose tip is the minimum; there the gradient does not exist.

    f(x) = -a exp(-b sqrt(mean_i x_i^2)) - exp(mean_i cos(c x_i)) + a + e

    Minimum 0 at the origin, for a > 0 and b > 0. Usual: a = 20, b = 0.2, c = 2 pi.

    Ackley, A Connectionist Machine for Genetic Hillclimbing, Kluwer, 1987; for any dim: Bäck, Evolutionary Algorithms
    in Theory and Practice, Oxford University Press, 1996.
    """
    return -a * np.exp(-b * np.sqrt(np.mean(x**2))) - np.exp(np.mean(np.cos(c * x))) + a + np.e


@catalog(window=(-5.0, 5.0), minima=lambda dim: [[-2.903534027771177] * dim])
def styblinski_tang(x: Any) -> Any:
    """Styblinski and Tang's quartics: two minima a coordinate, 2^dim in all.

    f(x) = 1/2 sum_i x_i^4 - 16 x_i^2 + 5 x_i

    Minimum -39.166... dim where every coordinate is the least root of 4 x^3 - 32 x + 5.

    Styblinski and Tang, Experiments in nonconvex optimization: stochastic approximation with function smoothing and
    simulated annealing, Neural Networks 3, 1990.
    """
    return 0.5 * np.sum(x**4 - 16 * x**2 + 5 * x)
