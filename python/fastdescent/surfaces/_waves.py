"""Waves of any dimension: sines on slopes. Only formulas, each with its window, its minima and its source."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog, known

__all__ = ["ackley", "alpine", "griewank", "levy", "michalewicz", "rastrigin", "salomon", "schwefel"]


@catalog(window=(-5.12, 5.12), minima=lambda dim, A: [[0.0] * dim] if A >= 0.0 else None)
def rastrigin(x: Any, *, A: float = 10.0) -> Any:
    """Rastrigin's egg box: a parabola with a local minimum near every point of integers.

    f(x) = A dim + sum_i x_i^2 - A cos(2 pi x_i)

    Minimum 0 at the origin, for A >= 0. Usual: A = 10.

    Rastrigin, Systems of Extremal Control (in Russian), Nauka, 1974; for any dim: Mühlenbein, Schomisch and Born, The
    parallel genetic algorithm as function optimizer, Parallel Comput. 17, 1991.
    """
    return A * len(x) + np.sum(x**2 - A * np.cos(2 * np.pi * x))


@known(kinks="at minima")
@catalog(window=(-32.768, 32.768), minima=lambda dim, a, b, c: [[0.0] * dim] if a > 0.0 and b > 0.0 else None)
def ackley(x: Any, *, a: float = 20.0, b: float = 0.2, c: float = 2 * np.pi) -> Any:
    """Ackley's funnel: ripples on a cone, whose tip is the minimum; there the gradient counts as 0.

    f(x) = -a exp(-b sqrt(mean_i x_i^2)) - exp(mean_i cos(c x_i)) + a + e

    Minimum 0 at the origin, for a > 0 and b > 0. Usual: a = 20, b = 0.2, c = 2 pi.

    Ackley, A Connectionist Machine for Genetic Hillclimbing, Kluwer, 1987; for any dim: Bäck, Evolutionary Algorithms
    in Theory and Practice, Oxford University Press, 1996.
    """
    return -a * np.exp(-b * np.sqrt(np.mean(x**2))) - np.exp(np.mean(np.cos(c * x))) + a + np.e


@catalog(window=(-600.0, 600.0), minima=lambda dim: [[0.0] * dim])
def griewank(x: Any) -> Any:
    """Griewank's bowl: a wide parabola, rough with thousands of shallow minima.

    f(x) = 1 + sum_i x_i^2 / 4000 - prod_i cos(x_i / sqrt(i))

    Minimum 0 at the origin.

    Griewank, Generalized descent for global optimization, J. Optim. Theory Appl. 34, 1981.
    """
    return 1 + np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(np.arange(1, len(x) + 1))))


@catalog(window=(-10.0, 10.0), minima=lambda dim: [[1.0] * dim])
def levy(x: Any) -> Any:
    """Levy and Montalvo's function: ripples on a bowl in every coordinate.

    f(x) = sin^2(pi w_1) + sum_(i < dim) (w_i - 1)^2 (1 + 10 sin^2(pi w_i + 1)) + (w_dim - 1)^2 (1 + sin^2(2 pi w_dim)),
    w_i = 1 + (x_i - 1) / 4

    Minimum 0 at (1, ..., 1).

    Levy and Montalvo, The tunneling algorithm for the global minimization of functions, SIAM J. Sci. Stat. Comput. 6,
    1985.
    """
    u = (x - 1) / 4
    inner = u[:-1] ** 2 * (1 + 10 * np.sin(np.pi * u[:-1] + (np.pi + 1)) ** 2)
    return np.sin(np.pi * u[0]) ** 2 + np.sum(inner) + u[-1] ** 2 * (1 + np.sin(2 * np.pi * u[-1]) ** 2)


@known(kinks="elsewhere")
@catalog(window=(-500.0, 500.0), minima=lambda dim: [[420.968746359982] * dim])
def schwefel(x: Any) -> Any:
    """Schwefel's function: the best minimum lies in a corner, far from the second best. No gradient where an x_i is 0.

    f(x) = sum_i 418.98288727243371 - x_i sin(sqrt(|x_i|))

    Minimum 0 in the window, where every x_i is 420.9687...; outside of it f is not bounded below.

    Schwefel, Numerical Optimization of Computer Models, Wiley, 1981.
    """
    return np.sum(418.98288727243371 - x * np.sin(np.sqrt(np.abs(x))))


@known(kinks="at minima")
@catalog(window=(-10.0, 10.0), minima=lambda dim: [[0.0] * dim])
def alpine(x: Any) -> Any:
    """The first Alpine function: a range of ridges, with creases where terms change sign.

    f(x) = sum_i |x_i sin(x_i) + 0.1 x_i|

    Minimum 0 at the origin, as well as where some x_i have sin(x_i) = -0.1 and the others are 0.

    Rahnamayan, Tizhoosh and Salama, A novel population initialization method for accelerating evolutionary algorithms,
    Comput. Math. Appl. 53, 2007.
    """
    return np.sum(np.abs(x * np.sin(x) + 0.1 * x))


@known(kinks="at minima", tried_in=(-20.0, 20.0))
@catalog(window=(-100.0, 100.0), minima=lambda dim: [[0.0] * dim])
def salomon(x: Any) -> Any:
    """Salomon's rings: circular ripples on a cone, whose tip is the minimum; there the gradient counts as 0.

    f(x) = 1 - cos(2 pi |x|) + 0.1 |x|

    Minimum 0 at the origin.

    Salomon, Re-evaluating genetic algorithm performance under coordinate rotation of benchmark functions, BioSystems
    39, 1996.
    """
    r = np.linalg.norm(x)
    return 1 - np.cos(2 * np.pi * r) + 0.1 * r


_MICHALEWICZ = [
    2.2029055201726093, 1.5707963267948966, 1.2849915705529245, 1.9230584698663629, 1.7204697725658413,
    1.5707963267948966, 1.454413971362379, 1.7560865209450263, 1.6557174168210291, 1.5707963267948966,
]  # fmt: skip


@known(lowest={1: -0.801303410098552, 3: -2.760394679994559, 10: -9.660151715641349}.__getitem__)
@catalog(window=(0.0, np.pi), minima=lambda dim: [_MICHALEWICZ[:dim]] if dim <= len(_MICHALEWICZ) else None)
def michalewicz(x: Any) -> Any:
    """Michalewicz's function: narrow ravines that cross in a plain where the gradient almost vanishes.

    f(x) = -sum_i sin(x_i) sin(i x_i^2 / pi)^20

    Minimum -1.8013... in two dimensions, -4.6876... in five, -9.6601... in ten: the lowest values in the window.

    Michalewicz, Genetic Algorithms + Data Structures = Evolution Programs, Springer, 1992.
    """
    return -np.sum(np.sin(x) * np.sin(np.arange(1, len(x) + 1) * x**2 / np.pi) ** 20)
