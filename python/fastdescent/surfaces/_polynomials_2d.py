"""Polynomials of few variables. Only formulas, each with its window, its minima and its source."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog, known

__all__ = [
    "beale",
    "booth",
    "colville",
    "goldstein_price",
    "himmelblau",
    "matyas",
    "six_hump_camel",
    "three_hump_camel",
]

_HIMMELBLAU_MINIMA = [
    [3.0, 2.0],
    [-2.805118086952745, 3.131312518250573],
    [-3.779310253377747, -3.2831859912861696],
    [3.5844283403304917, -1.8481265269644036],
]
_HIMMELBLAU_OTHERS = [
    [-3.0730257507643897, -0.08135304428796751],
    [-0.12796134673068008, -1.9537149802445763],
    [0.08667750455539636, 2.884254701174776],
    [3.385154183607021, 0.07385187983774928],
    [-0.2708445906673476, -0.9230385564799815],
]


@catalog(window=(-5.0, 5.0), minima=_HIMMELBLAU_MINIMA, critical_points=_HIMMELBLAU_MINIMA + _HIMMELBLAU_OTHERS)
def himmelblau(x: Any, y: Any) -> Any:
    """Himmelblau's function: four minima of the same depth, four saddles and one maximum.

    f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2

    Minimum 0 at (3, 2) and three more points.

    Himmelblau, Applied Nonlinear Programming, McGraw-Hill, 1972.
    """
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


_SIX_HUMPS = [
    [0.08984201310031806, -0.7126564030207396],
    [1.1092053368047865, -0.7682680925095399],
    [1.2302298765166526, 0.16233458445899496],
    [1.2960702671671092, 0.6050843880386585],
    [1.6071047529201972, 0.5686514548841314],
    [1.6380679841897785, 0.22867406904439408],
    [1.703606714969981, -0.7960835686726251],
]
_SIX_HUMPS += [[-x, -y] for x, y in _SIX_HUMPS]


@known(lowest=-1.031628453489877)
@catalog(window=((-3.0, 3.0), (-2.0, 2.0)), minima=_SIX_HUMPS[::7], critical_points=[*_SIX_HUMPS, [0.0, 0.0]])
def six_hump_camel(x: Any, y: Any) -> Any:
    """The camel's back with six humps: two global and four local minima.

    f(x, y) = (4 - 2.1 x^2 + x^4 / 3) x^2 + x y + (4 y^2 - 4) y^2

    Minimum -1.0316... at two points.

    Dixon and Szegö, The global optimization problem: an introduction, in Towards Global Optimisation 2, North-Holland,
    1978.
    """
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2


@catalog(window=(-4.5, 4.5), minima=[[3.0, 0.5]])
def beale(x: Any, y: Any) -> Any:
    """Beale's function: wide plateaus between steep walls, and valleys that lead away to infinity.

    f(x, y) = (1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2

    Minimum 0 at (3, 0.5).

    Beale, On an iterative method for finding a local minimum of a function of more than one variable, Technical Report
    25, Statistical Techniques Research Group, Princeton University, 1958.
    """
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


@known(lowest=3.0)
@catalog(window=(-2.0, 2.0), minima=[[0.0, -1.0]])
def goldstein_price(x: Any, y: Any) -> Any:
    """Goldstein and Price's polynomial of degree eight: four minima, values from 3 to a million.

    f(x, y) = (1 + (x + y + 1)^2 (19 - 14 x + 3 x^2 - 14 y + 6 x y + 3 y^2))
            * (30 + (2 x - 3 y)^2 (18 - 32 x + 12 x^2 + 48 y - 36 x y + 27 y^2))

    Minimum 3 at (0, -1).

    Goldstein and Price, On descent from local minima, Math. Comp. 25, 1971.
    """
    near = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    far = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return near * far


_HUMP_X, _HUMP_SADDLE_X = np.sqrt(2.1 + np.sqrt(0.91)), np.sqrt(2.1 - np.sqrt(0.91))


@catalog(
    window=(-5.0, 5.0),
    minima=[[0.0, 0.0]],
    critical_points=[[x, -0.5 * x] for x in (-_HUMP_X, -_HUMP_SADDLE_X, 0.0, _HUMP_SADDLE_X, _HUMP_X)],
)
def three_hump_camel(x: Any, y: Any) -> Any:
    """The camel's back with three humps: three minima in a row and two saddles between them.

    f(x, y) = 2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2

    Minimum 0 at the origin.

    Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, IBM J. Res.
    Dev. 16, 1972.
    """
    return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2


@catalog(window=(-10.0, 10.0), minima=[[1.0, 3.0]], critical_points=[[1.0, 3.0]])
def booth(x: Any, y: Any) -> Any:
    """Booth's function: a tilted quadratic of condition 9.

    f(x, y) = (x + 2 y - 7)^2 + (2 x + y - 5)^2

    Minimum 0 at (1, 3).

    Jamil and Yang, A literature survey of benchmark functions for global optimization problems, Int. J. Math. Model.
    Numer. Optim. 4, 2013.
    """
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


@catalog(window=(-10.0, 10.0), minima=[[0.0, 0.0]], critical_points=[[0.0, 0.0]])
def matyas(x: Any, y: Any) -> Any:
    """Matyas's function: a quadratic of condition 25, steep across a diagonal.

    f(x, y) = 0.26 (x^2 + y^2) - 0.48 x y

    Minimum 0 at the origin.

    Matyas, Random optimization, Automat. Remote Control 26, 1965.
    """
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


@catalog(window=(-10.0, 10.0), minima=[[1.0, 1.0, 1.0, 1.0]])
def colville(x1: Any, x2: Any, x3: Any, x4: Any) -> Any:
    """Colville's function, also called Wood's: two of Rosenbrock's valleys, coupled, with a saddle on the way.

    f(x) = 100 (x1^2 - x2)^2 + (x1 - 1)^2 + (x3 - 1)^2 + 90 (x3^2 - x4)^2 + 10.1 ((x2 - 1)^2 + (x4 - 1)^2)
         + 19.8 (x2 - 1) (x4 - 1)

    Minimum 0 at (1, 1, 1, 1).

    Colville, A comparative study of nonlinear programming codes, IBM New York Scientific Center Report 320-2949, 1968.
    """
    bananas = 100 * (x1**2 - x2) ** 2 + (x1 - 1) ** 2 + 90 * (x3**2 - x4) ** 2 + (x3 - 1) ** 2
    return bananas + 10.1 * ((x2 - 1) ** 2 + (x4 - 1) ** 2) + 19.8 * (x2 - 1) * (x4 - 1)
