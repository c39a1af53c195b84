"""Sums of bells with tables of places, depths and widths. Each with its window, its minima and its source."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.surfaces._catalog import catalog, known

__all__ = ["hartmann3", "hartmann6", "langermann", "muller_brown", "peaks", "shekel"]


@known(lowest=-146.699517209954)
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


@known(lowest=-6.551133332835841)
@catalog(window=(-3.0, 3.0), minima=[[0.22827892055636909, -1.6255349574999964]])
def peaks(x: Any, y: Any) -> Any:
    """Peaks: hills and hollows for pictures, from MATLAB; far out a plain of zeros.

    f(x, y) = 3 (1 - x)^2 exp(-x^2 - (y + 1)^2) - 10 (x / 5 - x^3 - y^5) exp(-x^2 - y^2) - exp(-(x + 1)^2 - y^2) / 3

    Minimum -6.5511... at (0.228..., -1.625...).

    The MathWorks, peaks.m in MATLAB, 1992.
    """
    hill = 3 * (1 - x) ** 2 * np.exp(-(x**2) - (y + 1) ** 2)
    return hill - 10 * (x / 5 - x**3 - y**5) * np.exp(-(x**2) - y**2) - np.exp(-((x + 1) ** 2) - y**2) / 3


@known(lowest=-4.15580929184779)
@catalog(window=(0.0, 10.0), minima=[[2.7934022086450367, 1.5972325013283601]])
def langermann(x: Any, y: Any) -> Any:
    """Langermann's function: five sets of rings, each fading around its own centre.

    f(x, y) = sum_k c_k exp(-d_k / pi) cos(pi d_k), d_k = (x - X_k)^2 + (y - Y_k)^2

    c = (1, 2, 5, 2, 3), X = (3, 5, 2, 1, 7), Y = (5, 2, 1, 4, 9)

    Minimum -4.1558... at (2.793..., 1.597...).

    Bersini, Dorigo, Langerman, Seront and Gambardella, Results of the first international contest on evolutionary
    optimisation, Proc. IEEE Int. Conf. Evolutionary Computation, 1996; with the sign of Molga and Smutnicki, 2005.
    """
    d = (x - np.array([3, 5, 2, 1, 7])) ** 2 + (y - np.array([5, 2, 1, 4, 9])) ** 2
    return np.sum(np.array([1, 2, 5, 2, 3]) * np.exp(-d / np.pi) * np.cos(np.pi * d))


_SHEKEL_CENTRES = np.array([
    [4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6], [3, 7, 3, 7],
    [2, 9, 2, 9], [5, 5, 3, 3], [8, 1, 8, 1], [6, 2, 6, 2], [7, 3.6, 7, 3.6],
])  # fmt: skip
_SHEKEL_WIDTHS = np.array([0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5])


@known(lowest=-10.536409816692043)
@catalog(window=(0.0, 10.0), minima=[[4.000746531592046, 4.000592934138532, 3.9996633980403224, 3.9995098005868077]])
def shekel(x1: Any, x2: Any, x3: Any, x4: Any) -> Any:
    """Shekel's foxholes with m = 10: ten narrow wells in four dimensions.

    f(x) = -sum_k 1 / (|x - C_k|^2 + c_k)

    C = (4, 4, 4, 4), (1, 1, 1, 1), (8, 8, 8, 8), (6, 6, 6, 6), (3, 7, 3, 7), (2, 9, 2, 9), (5, 5, 3, 3), (8, 1, 8, 1),
    (6, 2, 6, 2), (7, 3.6, 7, 3.6), c = (0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5)

    Minimum -10.5364... near (4, 4, 4, 4).

    Dixon and Szegö, The global optimization problem: an introduction, in Towards Global Optimisation 2, North-Holland,
    1978, after Shekel, 1971.
    """
    x = np.stack([x1, x2, x3, x4])
    return -np.sum(1 / (np.sum((x - _SHEKEL_CENTRES) ** 2, axis=1) + _SHEKEL_WIDTHS))


_HARTMANN_DEPTHS = np.array([1.0, 1.2, 3.0, 3.2])


@known(lowest=-3.86278214782076)
@catalog(window=(0.0, 1.0), minima=[[0.11461433858967197, 0.5556488499718569, 0.8525469535208657]])
def hartmann3(x1: Any, x2: Any, x3: Any) -> Any:
    """Hartman's function of three variables: four wells in the unit cube.

    f(x) = -sum_k c_k exp(-sum_i A_ki (x_i - P_ki)^2)

    c = (1, 1.2, 3, 3.2), A = (3, 10, 30), (0.1, 10, 35), (3, 10, 30), (0.1, 10, 35), P = (0.3689, 0.117, 0.2673),
    (0.4699, 0.4387, 0.747), (0.1091, 0.8732, 0.5547), (0.03815, 0.5743, 0.8828)

    Minimum -3.8627... at (0.114..., 0.555..., 0.852...).

    Dixon and Szegö, The global optimization problem: an introduction, in Towards Global Optimisation 2, North-Holland,
    1978, after Hartman, 1972.
    """
    A = np.array([[3.0, 10.0, 30.0], [0.1, 10.0, 35.0], [3.0, 10.0, 30.0], [0.1, 10.0, 35.0]])
    P = np.array([
        [0.3689, 0.1170, 0.2673], [0.4699, 0.4387, 0.7470], [0.1091, 0.8732, 0.5547], [0.03815, 0.5743, 0.8828],
    ])  # fmt: skip
    return -np.sum(_HARTMANN_DEPTHS * np.exp(-np.sum(A * (np.stack([x1, x2, x3]) - P) ** 2, axis=1)))


_HARTMANN6_MINIMUM = [0.20168951100670543, 0.15001069182345797, 0.476873974221897,
                      0.2753324304940561, 0.31165161660011326, 0.6573005340656203]  # fmt: skip


@known(lowest=-3.32236801141551)
@catalog(window=(0.0, 1.0), minima=[_HARTMANN6_MINIMUM])
def hartmann6(x1: Any, x2: Any, x3: Any, x4: Any, x5: Any, x6: Any) -> Any:
    """Hartman's function of six variables: four wells in the unit cube, two of them deep.

    f(x) = -sum_k c_k exp(-sum_i A_ki (x_i - P_ki)^2)

    c = (1, 1.2, 3, 3.2), A = (10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14), P as in the source

    Minimum -3.3223... at (0.201..., 0.150..., 0.476..., 0.275..., 0.311..., 0.657...).

    Dixon and Szegö, The global optimization problem: an introduction, in Towards Global Optimisation 2, North-Holland,
    1978, after Hartman, 1972.
    """
    A = np.array([
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0], [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0], [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ])  # fmt: skip
    P = np.array([
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ])  # fmt: skip
    x = np.stack([x1, x2, x3, x4, x5, x6])
    return -np.sum(_HARTMANN_DEPTHS * np.exp(-np.sum(A * (x - P) ** 2, axis=1)))
