"""Waves and kinks of two variables. Only formulas, each with its window, its minima and its source."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog, known

__all__ = [
    "bohachevsky",
    "branin",
    "bukin6",
    "cross_in_tray",
    "drop_wave",
    "easom",
    "eggholder",
    "holder_table",
    "levy13",
    "mccormick",
    "schaffer2",
    "schaffer4",
]

Points = list[list[float]]


def _branin_minima(dim: int, a: float, b: float, c: float, r: float, s: float, t: float) -> Points | None:
    """The square is zero on a parabola, on which the cosine is least at odd multiples of pi: three in the window."""
    if a > 0.0 and s * (1.0 - t) > 0.0:
        return [[x, b * x**2 - c * x + r] for x in (-np.pi, np.pi, 3 * np.pi)]
    return None


@known(lowest=0.397887357729738)
@catalog(window=((-5.0, 10.0), (0.0, 15.0)), minima=_branin_minima)
def branin(
    x: Any,
    y: Any,
    *,
    a: float = 1.0,
    b: float = 5.1 / (4 * np.pi**2),
    c: float = 5 / np.pi,
    r: float = 6.0,
    s: float = 10.0,
    t: float = 1 / (8 * np.pi),
) -> Any:
    """Branin and Hoo's function: three minima of the same depth in the usual window.

    f(x, y) = a (y - b x^2 + c x - r)^2 + s (1 - t) cos(x) + s

    Minimum s t = 0.3978... at x = -pi, pi, 3 pi and y = b x^2 - c x + r, for a > 0 and s (1 - t) > 0. Usual: a = 1,
    b = 5.1 / (4 pi^2), c = 5 / pi, r = 6, s = 10, t = 1 / (8 pi).

    Dixon and Szegö, The global optimization problem: an introduction, in Towards Global Optimisation 2, North-Holland,
    1978, after Branin and Hoo, 1972.
    """
    return a * (y - b * x**2 + c * x - r) ** 2 + s * (1 - t) * np.cos(x) + s


@known(lowest=-1.913222954981037)
@catalog(window=((-1.5, 4.0), (-3.0, 4.0)), minima=[[-0.5471975511965977, -1.5471975511965979]])
def mccormick(x: Any, y: Any) -> Any:
    """McCormick's function: a ripple on a tilted valley.

    f(x, y) = sin(x + y) + (x - y)^2 - 1.5 x + 2.5 y + 1

    Minimum -sqrt(3) / 2 - pi / 3 at (1/2 - pi/3, -1/2 - pi/3) in the window; outside of it f is not bounded below.

    McCormick, Computability of global solutions to factorable nonconvex programs, Math. Program. 10, 1976.
    """
    return np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


@catalog(window=(-10.0, 10.0), minima=[[1.0, 1.0]])
def levy13(x: Any, y: Any) -> Any:
    """Levy and Montalvo's function number 13: ripples on a bowl.

    f(x, y) = sin^2(3 pi x) + (x - 1)^2 (1 + sin^2(3 pi y)) + (y - 1)^2 (1 + sin^2(2 pi y))

    Minimum 0 at (1, 1).

    Levy and Montalvo, The tunneling algorithm for the global minimization of functions, SIAM J. Sci. Stat. Comput. 6,
    1985.
    """
    s = np.sin(3 * np.pi * x) ** 2
    return s + (x - 1) ** 2 * (1 + np.sin(3 * np.pi * y) ** 2) + (y - 1) ** 2 * (1 + np.sin(2 * np.pi * y) ** 2)


@known(lowest=-1.0, tried_in=(-8.0, 14.0))
@catalog(window=(-100.0, 100.0), minima=[[np.pi, np.pi]])
def easom(x: Any, y: Any) -> Any:
    """Easom's needle: one narrow well in a plain of zeros.

    f(x, y) = -cos(x) cos(y) exp(-(x - pi)^2 - (y - pi)^2)

    Minimum -1 at (pi, pi).

    Easom, A survey of global optimization techniques, thesis, Univ. of Louisville, 1990.
    """
    return -np.cos(x) * np.cos(y) * np.exp(-((x - np.pi) ** 2) - (y - np.pi) ** 2)


@known(kinks="at minima")
@catalog(window=((-15.0, -5.0), (-3.0, 3.0)), minima=[[-10.0, 1.0]])
def bukin6(x: Any, y: Any) -> Any:
    """Bukin's function number 6: a sharp crease along a parabola, on which f is low but has no gradient.

    f(x, y) = 100 sqrt(|y - x^2 / 100|) + |x + 10| / 100

    Minimum 0 at (-10, 1).

    Bukin, New minimization strategy for non-smooth functions, preprint, Budker Institute of Nuclear Physics, 1997.
    """
    return 100 * np.sqrt(np.abs(y - x**2 / 100)) + np.abs(x + 10) / 100


@known(lowest=-1.0, kinks="at minima")
@catalog(window=(-5.12, 5.12), minima=[[0.0, 0.0]])
def drop_wave(x: Any, y: Any) -> Any:
    """The drop wave: rings around a drop. At the minimum itself the gradient is 0.

    f(x, y) = -(1 + cos(12 r)) / (r^2 / 2 + 2), r = sqrt(x^2 + y^2)

    Minimum -1 at the origin.

    Jamil and Yang, A literature survey of benchmark functions for global optimization problems, Int. J. Math. Model.
    Numer. Optim. 4, 2013.
    """
    return -(1 + np.cos(12 * np.sqrt(x**2 + y**2))) / (0.5 * (x**2 + y**2) + 2)


@known(tried_in=(-8.0, 8.0))
@catalog(window=(-100.0, 100.0), minima=[[0.0, 0.0]])
def schaffer2(x: Any, y: Any) -> Any:
    """Schaffer's function number 2: hyperbolic ripples that fade into a plain.

    f(x, y) = 1/2 + (sin^2(x^2 - y^2) - 1/2) / (1 + 0.001 (x^2 + y^2))^2

    Minimum 0 at the origin.

    Schaffer, Multiple objective optimization with vector evaluated genetic algorithms, Proc. 1st Int. Conf. Genetic
    Algorithms, 1985.
    """
    return 0.5 + (np.sin(x**2 - y**2) ** 2 - 0.5) / (1 + 0.001 * (x**2 + y**2)) ** 2


@known(lowest=0.292578632035980, tried_in=(-8.0, 8.0))
@catalog(
    window=(-100.0, 100.0),
    minima=[[0.0, 1.2531318314637332], [0.0, -1.2531318314637332], [1.2531318314637332, 0.0],
            [-1.2531318314637332, 0.0]],
)  # fmt: skip
def schaffer4(x: Any, y: Any) -> Any:
    """Schaffer's function number 4: as number 2, with four minima near the centre. No derivative where |x| = |y|.

    f(x, y) = 1/2 + (cos^2(sin(|x^2 - y^2|)) - 1/2) / (1 + 0.001 (x^2 + y^2))^2

    Minimum 0.29257... where one coordinate is 0 and the other 1.25313... or -1.25313...

    Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, MPRA
    2718, 2006.
    """
    return 0.5 + (np.cos(np.sin(np.abs(x**2 - y**2))) ** 2 - 0.5) / (1 + 0.001 * (x**2 + y**2)) ** 2


@known(lowest=None, kinks="elsewhere")
@catalog(window=(-512.0, 512.0))
def eggholder(x: Any, y: Any) -> Any:
    """The egg holder: a rugged tray of deep hollows, tilted so that the lowest lies on the border.

    f(x, y) = -(y + 47) sin(sqrt(|x / 2 + y + 47|)) - x sin(sqrt(|x - y - 47|))

    No minimum: f is not bounded below. In the window the lowest value is -959.6406627..., on the border at
    (512, 404.2318...), where the gradient is not zero.

    Whitley, Mathias, Rana and Dzubera, Evaluating evolutionary algorithms, Artificial Intelligence 85, 1996.
    """
    return -(y + 47) * np.sin(np.sqrt(np.abs(x / 2 + y + 47))) - x * np.sin(np.sqrt(np.abs(x - y - 47)))


def _mirrored(x: float, y: float) -> Points:
    return [[x, y], [x, -y], [-x, y], [-x, -y]]


@known(lowest=-19.208502567886732, kinks="elsewhere")
@catalog(window=(-10.0, 10.0), minima=_mirrored(8.055023475736563, 9.664590019241272))
def holder_table(x: Any, y: Any) -> Any:
    """Hölder's table: a dish of waves whose four lowest points are at the corners.

    f(x, y) = -|sin(x) cos(y) exp(|1 - sqrt(x^2 + y^2) / pi|)|

    Minimum -19.2085... in the window, at (8.055..., 9.664...) and its mirror images; it is lower farther out.

    Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, MPRA
    2718, 2006.
    """
    return -np.abs(np.sin(x) * np.cos(y) * np.exp(np.abs(1 - np.sqrt(x**2 + y**2) / np.pi)))


@known(lowest=-2.06261187082274, kinks="elsewhere")
@catalog(window=(-10.0, 10.0), minima=_mirrored(1.3494066171539107, 1.3494066171539107))
def cross_in_tray(x: Any, y: Any) -> Any:
    """The cross in a tray: steep creases along both axes and along every multiple of pi.

    f(x, y) = -0.0001 (|sin(x) sin(y) exp(|100 - sqrt(x^2 + y^2) / pi|)| + 1)^0.1

    Minimum -2.0626... where both coordinates are 1.3494... or -1.3494...

    Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, MPRA
    2718, 2006.
    """
    e = np.abs(100 - np.sqrt(x**2 + y**2) / np.pi)  # exp(e), which float32 cannot hold, stands outside of the power
    return -0.0001 * np.exp(0.1 * e) * (np.abs(np.sin(x) * np.sin(y)) + np.exp(-e)) ** 0.1


@catalog(window=(-100.0, 100.0), minima=[[0.0, 0.0]])
def bohachevsky(x: Any, y: Any) -> Any:
    """Bohachevsky's first function: a bowl with a regular pattern of dimples.

    f(x, y) = x^2 + 2 y^2 - 0.3 cos(3 pi x) - 0.4 cos(4 pi y) + 0.7

    Minimum 0 at the origin.

    Bohachevsky, Johnson and Stein, Generalized simulated annealing for function optimization, Technometrics 28, 1986.
    """
    return x**2 + 2 * y**2 - 0.3 * np.cos(3 * np.pi * x) - 0.4 * np.cos(4 * np.pi * y) + 0.7
