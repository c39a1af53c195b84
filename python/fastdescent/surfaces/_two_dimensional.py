"""Surfaces of two dimensions. Only formulas, each with its window and its minima."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog

Points = list[list[float]]


@catalog(
    window=(-5.0, 5.0),
    minima=[
        [3.0, 2.0],
        [-2.805118086952745, 3.131312518250573],
        [-3.779310253377747, -3.2831859912861696],
        [3.5844283403304917, -1.8481265269644036],
    ],
)
def himmelblau(x: Any, y: Any) -> Any:
    """Himmelblau's function: four minima of the same depth, four saddles and one maximum.

    f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2

    Minimum 0 at (3, 2) and three more points.

    Himmelblau, Applied Nonlinear Programming, McGraw-Hill, 1972.
    """
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@catalog(
    window=((-3.0, 3.0), (-2.0, 2.0)),
    minima=[[0.08984201310031806, -0.7126564030207396], [-0.08984201310031806, 0.7126564030207396]],
)
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


def _branin_minima(dim: int, a: float, b: float, c: float, r: float, s: float, t: float) -> Points | None:
    """The square is zero on a parabola, on which the cosine is least at odd multiples of pi: three in the window."""
    if a > 0.0 and s * (1.0 - t) > 0.0:
        return [[x, b * x**2 - c * x + r] for x in (-np.pi, np.pi, 3 * np.pi)]
    return None


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


@catalog(window=((-1.5, 1.2), (-0.2, 2.0)), minima=[[-0.5582236346330243, 1.4417258418046686]])
def muller_brown(x: Any, y: Any) -> Any:
    """Müller and Brown's potential: three minima, joined by a bent path over two saddles, as in a chemical reaction.

    f(x, y) = sum_k A_k exp(a_k (x - X_k)^2 + b_k (x - X_k) (y - Y_k) + c_k (y - Y_k)^2)

    A = (-200, -100, -170, 15), a = (-1, -1, -6.5, 0.7), b = (0, 0, 11, 0.6), c = (-10, -10, -6.5, 0.7),
    X = (1, 0, -0.5, -1), Y = (0, 0.5, 1.5, 1)

    Minimum -146.699... at (-0.558..., 1.441...).

    Müller and Brown, Location of saddle points and minimum energy paths by a constrained simplex optimization
    procedure, Theor. Chim. Acta 53, 1979.
    """
    A = np.array([-200.0, -100.0, -170.0, 15.0])
    a, b, c = np.array([[-1.0, -1.0, -6.5, 0.7], [0.0, 0.0, 11.0, 0.6], [-10.0, -10.0, -6.5, 0.7]])
    u, v = x - np.array([1.0, 0.0, -0.5, -1.0]), y - np.array([0.0, 0.5, 1.5, 1.0])
    return np.sum(A * np.exp(a * u**2 + b * u * v + c * v**2))


@catalog(window=(-2.0, 2.0))
def monkey_saddle(x: Any, y: Any) -> Any:
    """The monkey saddle: three valleys leave a point where gradient and Hessian vanish.

    f(x, y) = x^3 - 3 x y^2

    No minimum: f is not bounded below.

    Hilbert and Cohn-Vossen, Anschauliche Geometrie, Springer, 1932.
    """
    return x**3 - 3 * x * y**2
