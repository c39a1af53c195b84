"""The formulas of the catalog once more, number by number in mpmath, with derivatives by differences at 60 digits.

Written from the literature, not from the catalog, so that a slip in one of them shows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import mpmath as mp
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DIGITS = 60
_STEP = mp.mpf(10) ** -15  # truncation of a central difference is about 1e-30, rounding 1e-60 / 1e-30


def _muller_brown(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    def gaussian(height: int, xx: str, xy: str, yy: str, x0: str, y0: str) -> mp.mpf:
        u, v = x - mp.mpf(x0), y - mp.mpf(y0)
        return height * mp.exp(mp.mpf(xx) * u * u + mp.mpf(xy) * u * v + mp.mpf(yy) * v * v)

    return (
        gaussian(-200, "-1", "0", "-10", "1", "0")
        + gaussian(-100, "-1", "0", "-10", "0", "0.5")
        + gaussian(-170, "-6.5", "11", "-6.5", "-0.5", "1.5")
        + gaussian(15, "0.7", "0.6", "0.7", "-1", "1")
    )


def _goldstein_price(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    near = 19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y
    far = 18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y
    return (1 + (x + y + 1) * (x + y + 1) * near) * (30 + (2 * x - 3 * y) * (2 * x - 3 * y) * far)


def _rosenbrock(*x: mp.mpf, a: float = 1.0, b: float = 100.0) -> mp.mpf:
    total = mp.mpf(0)
    for this, following in itertools.pairwise(x):
        total += b * (following - this * this) * (following - this * this) + (a - this) * (a - this)
    return total


def _ackley(*x: mp.mpf, a: float = 20.0, b: float = 0.2, c: float | None = None) -> mp.mpf:
    root_mean_square = mp.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(mp.cos((2 * mp.pi if c is None else c) * v) for v in x) / len(x)
    return a * (1 - mp.exp(-mp.mpf(b) * root_mean_square)) + mp.e - mp.exp(waves)


def _branin(
    x: mp.mpf, y: mp.mpf, *, a: float = 1.0, b: float | None = None, c: float | None = None, r: float = 6.0,
    s: float = 10.0, t: float | None = None,
) -> mp.mpf:  # fmt: skip
    parabola = (mp.mpf("5.1") / (4 * mp.pi * mp.pi) if b is None else b) * x * x
    line = (5 / mp.pi if c is None else c) * x
    height = s * (1 - (1 / (8 * mp.pi) if t is None else mp.mpf(t)))
    return a * (y - parabola + line - r) * (y - parabola + line - r) + height * mp.cos(x) + s


FORMULAS: dict[str, Callable[..., mp.mpf]] = {
    "sphere": lambda *x: sum(v * v for v in x),
    "rosenbrock": _rosenbrock,
    "rastrigin": lambda *x, A=10.0: sum(A + v * v - A * mp.cos(2 * mp.pi * v) for v in x),
    "ackley": _ackley,
    "styblinski_tang": lambda *x: sum(v * v * v * v - 16 * v * v + 5 * v for v in x) / 2,
    "himmelblau": lambda x, y: (x * x + y - 11) * (x * x + y - 11) + (x + y * y - 7) * (x + y * y - 7),
    "six_hump_camel": lambda x, y: 4 * x**2 - mp.mpf("2.1") * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4,
    "beale": lambda x, y: sum((mp.mpf(c) - x * (1 - y**k)) ** 2 for k, c in ((1, "1.5"), (2, "2.25"), (3, "2.625"))),
    "goldstein_price": _goldstein_price,
    "branin": _branin,
    "muller_brown": _muller_brown,
    "monkey_saddle": lambda x, y: x * (x * x - 3 * y * y),
}


def derivatives(f: Callable[..., mp.mpf], point: Sequence[float]) -> tuple[float, Floats, Floats]:
    """f, its gradient and its Hessian at the point, correct to more digits than a float holds."""
    n = len(point)
    with mp.workdps(DIGITS):
        here = f(*map(mp.mpf, point))
        one = {(i, s): f(*_moved(point, (i, s))) for i in range(n) for s in (1, -1)}
        gradient = [(one[i, 1] - one[i, -1]) / (2 * _STEP) for i in range(n)]
        hessian = mp.matrix(n, n)
        for i in range(n):
            hessian[i, i] = (one[i, 1] - 2 * here + one[i, -1]) / _STEP**2
            for j in range(i):
                both = sum(s * t * f(*_moved(point, (i, s), (j, t))) for s in (1, -1) for t in (1, -1))
                hessian[i, j] = hessian[j, i] = both / (4 * _STEP**2)
        return float(here), np.array(gradient, dtype=np.float64), np.array(hessian.tolist(), dtype=np.float64)


def _moved(point: Sequence[float], *moves: tuple[int, int]) -> list[mp.mpf]:
    moved = [mp.mpf(v) for v in point]
    for i, s in moves:
        moved[i] += s * _STEP
    return moved
