"""The formulas of the catalog once more, number by number in mpmath, with derivatives by differences at 60 digits.

Written from the literature, not from the catalog, so that a slip in one of them shows. What is drawn at random is read
off the surface's parameters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import mpmath as mp
import numpy as np
import numpy.typing as npt

from fastdescent import surfaces

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


def _levy(*x: mp.mpf) -> mp.mpf:
    w = [(3 + v) / 4 for v in x]
    inner = sum((v - 1) ** 2 * (1 + 10 * mp.sin(mp.pi * v + 1) ** 2) for v in w[:-1])
    return mp.sin(mp.pi * w[0]) ** 2 + inner + (w[-1] - 1) ** 2 * (1 + mp.sin(2 * mp.pi * w[-1]) ** 2)


def _zakharov(*x: mp.mpf) -> mp.mpf:
    slant = sum(i * v for i, v in enumerate(x, 1)) / 2
    return sum(v * v for v in x) + slant * slant + slant**4


def _dixon_price(*x: mp.mpf) -> mp.mpf:
    return (x[0] - 1) ** 2 + sum(i * (2 * x[i - 1] ** 2 - x[i - 2]) ** 2 for i in range(2, len(x) + 1))


def _powell(*x: mp.mpf) -> mp.mpf:
    total = mp.mpf(0)
    for k in range(0, len(x), 4):
        p, q, r, s = x[k : k + 4]
        total += (p + 10 * q) ** 2 + 5 * (r - s) ** 2 + (q - 2 * r) ** 4 + 10 * (p - s) ** 4
    return total


def _perm(*x: mp.mpf, b: float = 0.5) -> mp.mpf:
    n = range(1, len(x) + 1)
    return sum(sum((mp.mpf(j) ** k + b) * ((x[j - 1] / j) ** k - 1) for j in n) ** 2 for k in n)


def _ellipsoid(*x: mp.mpf, kappa: float = 100.0) -> mp.mpf:
    last = len(x) - 1
    return sum(mp.mpf(kappa) ** (mp.mpf(k) / last) * v * v for k, v in enumerate(x)) / 2


def _michalewicz(*x: mp.mpf) -> mp.mpf:
    return -sum(mp.sin(v) * mp.sin(i * v * v / mp.pi) ** 20 for i, v in enumerate(x, 1))


def _griewank(*x: mp.mpf) -> mp.mpf:
    return 1 + sum(v * v for v in x) / 4000 - mp.fprod(mp.cos(v / mp.sqrt(i)) for i, v in enumerate(x, 1))


def _schwefel(*x: mp.mpf) -> mp.mpf:
    root = mp.findroot(lambda u: mp.tan(u) + u / 2, mp.mpf("20.5"))  # u = sqrt(x) at the minimum
    return sum(root * root * mp.sin(root) - v * mp.sin(mp.sqrt(abs(v))) for v in x)


def _salomon(*x: mp.mpf) -> mp.mpf:
    r = mp.sqrt(sum(v * v for v in x))
    return 1 - mp.cos(2 * mp.pi * r) + r / 10


def _shekel(*x: mp.mpf) -> mp.mpf:
    centres = (4444, 1111, 8888, 6666, 3737, 2929, 5533, 8181, 6262)  # digits: coordinates
    tenths = (1, 2, 2, 4, 4, 6, 3, 7, 5, 5)
    wells = [[mp.mpf(c) for c in str(centre)] for centre in centres] + [[7, mp.mpf("3.6"), 7, mp.mpf("3.6")]]
    pairs = zip(wells, tenths, strict=True)
    return -sum(1 / (mp.mpf(t) / 10 + sum((v - c) ** 2 for v, c in zip(x, w, strict=True))) for w, t in pairs)


def _hartmann(alpha: str, a: list[str], p: list[str]) -> Callable[..., mp.mpf]:
    def f(*x: mp.mpf) -> mp.mpf:
        total = mp.mpf(0)
        for height, widths, centre in zip(alpha.split(), a, p, strict=True):
            places = zip(x, widths.split(), centre.split(), strict=True)
            total -= mp.mpf(height) * mp.exp(-sum(mp.mpf(w) * (v - mp.mpf("0." + c)) ** 2 for v, w, c in places))
        return total

    return f


def _colville(p: mp.mpf, q: mp.mpf, r: mp.mpf, s: mp.mpf) -> mp.mpf:
    u, v = q - 1, s - 1
    rest = mp.mpf("10.1") * (u * u + v * v) + mp.mpf("19.8") * u * v
    return 100 * (p * p - q) ** 2 + (p - 1) ** 2 + (r - 1) ** 2 + 90 * (r * r - s) ** 2 + rest


def _langermann(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    total = mp.mpf(0)
    for height, u, v in ((1, 3, 5), (2, 5, 2), (5, 2, 1), (2, 1, 4), (3, 7, 9)):
        d = (x - u) ** 2 + (y - v) ** 2
        total += height * mp.exp(-d / mp.pi) * mp.cos(mp.pi * d)
    return total


def _levy13(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    wave = mp.sin(3 * mp.pi * x) ** 2
    return wave + (x - 1) ** 2 * (1 + mp.sin(3 * mp.pi * y) ** 2) + (y - 1) ** 2 * (1 + mp.sin(2 * mp.pi * y) ** 2)


def _bohachevsky(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    return x**2 + 2 * y**2 + (7 - 3 * mp.cos(3 * mp.pi * x) - 4 * mp.cos(4 * mp.pi * y)) / 10


def _eggholder(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    z = y + 47
    return -z * mp.sin(mp.sqrt(abs(x / 2 + z))) - x * mp.sin(mp.sqrt(abs(x - z)))


def _cross_in_tray(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    envelope = mp.exp(abs(100 - mp.hypot(x, y) / mp.pi))
    return -((abs(mp.sin(x) * mp.sin(y)) * envelope + 1) ** mp.mpf("0.1")) / 10000


def _schaffer(wave: Callable[[mp.mpf], mp.mpf]) -> Callable[..., mp.mpf]:
    half = mp.mpf("0.5")
    return lambda x, y: half + (wave(x * x - y * y) ** 2 - half) / (1 + (x * x + y * y) / 1000) ** 2


def _mlp(*x: mp.mpf, l2: float = 0.0) -> mp.mpf:
    """XOR by two hidden units: w11 w12 w21 w22 c1 c2 v1 v2 d."""
    w11, w12, w21, w22, c1, c2, v1, v2, d = x
    total = mp.mpf(0)
    for p, q in itertools.product((0, 1), repeat=2):
        out = v1 * mp.tanh(p * w11 + q * w21 + c1) + v2 * mp.tanh(p * w12 + q * w22 + c2) + d
        total += (out - (p ^ q)) ** 2
    return total / 4 + mp.mpf(l2) / 2 * sum(v * v for v in x)


def _logistic(slope: mp.mpf, shift: mp.mpf, l2: float = 0.0) -> mp.mpf:
    """Labels as signs; features are halves of odd and even numbers."""
    rows = ((-4, -1), (-3, -1), (-2, 1), (-1, -1), (1, 1), (2, -1), (3, 1), (4, 1))
    loss = sum(mp.log(1 + mp.exp(-sign * (slope * twice / 2 + shift))) for twice, sign in rows)
    return loss / 8 + mp.mpf(l2) / 2 * (slope * slope + shift * shift)


def _deep_linear(*x: mp.mpf) -> mp.mpf:
    product = mp.matrix([x[0:2], x[2:4]]) * mp.matrix([x[4:6], x[6:8]])
    target = mp.matrix([[4, 0], [0, 1]])
    return sum((a - b) ** 2 for a, b in zip(product, target, strict=True)) / 4


def _random_quadratic(*x: mp.mpf, spectrum: Floats | None = None, Q: Floats | None = None) -> mp.mpf:
    if spectrum is None or Q is None:
        spectrum, Q = (surfaces.random_quadratic(len(x)).params[k] for k in ("spectrum", "Q"))
    along = [sum(mp.mpf(Q[j, i]) * v for j, v in enumerate(x)) for i in range(len(x))]
    return sum(mp.mpf(size) * a * a for size, a in zip(spectrum, along, strict=True)) / 2


def _random_field(*x: mp.mpf, **given: Any) -> mp.mpf:
    p = given or surfaces.random_field(len(x)).params
    total = mp.mpf(p["confinement"]) * sum(v * v for v in x) / 2
    for a, w, b in zip(p["amplitudes"], p["frequencies"], p["phases"], strict=True):
        total += mp.mpf(a) * mp.cos(sum(mp.mpf(u) * v for u, v in zip(w, x, strict=True)) + mp.mpf(b))
    return total


def _spin_glass(*x: mp.mpf, couplings: Floats | None = None) -> mp.mpf:
    J = surfaces.spin_glass(len(x)).params["couplings"] if couplings is None else couplings
    n, p = len(x), J.ndim
    length = mp.sqrt(sum(v * v for v in x) / n)
    s = [v / length for v in x]
    energy = sum(mp.mpf(J[k]) * mp.fprod(s[i] for i in k) for k in np.ndindex(J.shape))
    return energy / mp.sqrt(n) ** (p - 1) + mp.mpf(n) / 4 * (length**2 - 1) ** 2


def _gaussian_wells(*x: mp.mpf, **given: Any) -> mp.mpf:
    p = given or surfaces.gaussian_wells(len(x)).params
    total = mp.mpf(p["confinement"]) * sum(v * v for v in x) / (2 * len(x))
    for center, depth, width in zip(p["centers"], p["depths"], p["widths"], strict=True):
        d2 = sum((v - mp.mpf(c)) ** 2 for v, c in zip(x, center, strict=True))
        total -= mp.mpf(depth) * mp.exp(-d2 / (2 * mp.mpf(width) ** 2))
    return total


def _lennard_jones(*x: mp.mpf) -> mp.mpf:
    total = mp.mpf(0)
    for p, q in itertools.combinations([x[k : k + 3] for k in range(0, len(x), 3)], 2):
        r = mp.sqrt(sum((a - b) ** 2 for a, b in zip(p, q, strict=True)))
        total += 4 * ((1 / r) ** 12 - (1 / r) ** 6)
    return total


def _quadratic(*x: mp.mpf, A: Floats, b: Floats) -> mp.mpf:
    pairs = sum(mp.mpf(A[i, j]) * x[i] * x[j] for i in range(len(x)) for j in range(len(x)))
    return pairs / 2 - sum(mp.mpf(c) * v for c, v in zip(b, x, strict=True))


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
    "quartic": lambda *x: sum(i * v**4 for i, v in enumerate(x, 1)),
    "griewank": _griewank,
    "levy": _levy,
    "double_well": lambda x, *rest: (x * x - 1) ** 2 + sum(v * v for v in rest),
    "zakharov": _zakharov,
    "dixon_price": _dixon_price,
    "trid": lambda *x: sum((v - 1) ** 2 for v in x) - sum(u * v for u, v in itertools.pairwise(x)),
    "powell": _powell,
    "perm": _perm,
    "ellipsoid": _ellipsoid,
    "ring": lambda *x: (sum(v * v for v in x) - 1) ** 2,
    "schwefel": _schwefel,
    "alpine": lambda *x: sum(abs(v * (mp.sin(v) + mp.mpf("0.1"))) for v in x),
    "salomon": _salomon,
    "michalewicz": _michalewicz,
    "shekel": _shekel,
    "hartmann3": _hartmann(
        "1 1.2 3 3.2",
        ["3 10 30", "0.1 10 35", "3 10 30", "0.1 10 35"],
        ["3689 1170 2673", "4699 4387 7470", "1091 8732 5547", "03815 5743 8828"],
    ),
    "hartmann6": _hartmann(
        "1 1.2 3 3.2",
        ["10 3 17 3.5 1.7 8", "0.05 10 17 0.1 8 14", "3 3.5 1.7 10 17 8", "17 8 0.05 10 0.1 14"],
        [
            "1312 1696 5569 0124 8283 5886",
            "2329 4135 8307 3736 1004 9991",
            "2348 1451 3522 2883 3047 6650",
            "4047 8828 8732 5743 1091 0381",
        ],
    ),
    "colville": _colville,
    "three_hump_camel": lambda x, y: 2 * x**2 - mp.mpf("1.05") * x**4 + x**6 / 6 + x * y + y**2,
    "booth": lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
    "matyas": lambda x, y: (26 * (x * x + y * y) - 48 * x * y) / 100,
    "mccormick": lambda x, y: mp.sin(x + y) + (x - y) ** 2 + (5 * y - 3 * x) / 2 + 1,
    "levy13": _levy13,
    "easom": lambda x, y: -mp.cos(x) * mp.cos(y) * mp.exp(-((x - mp.pi) ** 2) - (y - mp.pi) ** 2),
    "bukin6": lambda x, y: 100 * mp.sqrt(abs(y - x * x / 100)) + abs(x + 10) / 100,
    "drop_wave": lambda x, y: -2 * (1 + mp.cos(12 * mp.hypot(x, y))) / (x * x + y * y + 4),
    "schaffer2": _schaffer(mp.sin),
    "schaffer4": _schaffer(lambda v: mp.cos(mp.sin(abs(v)))),
    "eggholder": _eggholder,
    "holder_table": lambda x, y: -abs(mp.sin(x) * mp.cos(y)) * mp.exp(abs(1 - mp.hypot(x, y) / mp.pi)),
    "cross_in_tray": _cross_in_tray,
    "langermann": _langermann,
    "bohachevsky": _bohachevsky,
    "saddle": lambda x, y: x * x - y * y,
    "trough": lambda x, y, width=1.0: max(abs(y) - width, 0) ** 2,
    "plateau": lambda *x: 1 - mp.exp(-sum(v * v for v in x) / 2),
    "flat_valley": lambda x, y: (y - x * x) ** 2,
    "two_layers": lambda x, y: (x * y - 1) ** 2,
    "degenerate_minimum": lambda x, y: x * x + y**4,
    "mlp": _mlp,
    "logistic": _logistic,
    "deep_linear": _deep_linear,
    "matrix_factorization": lambda p, q, r, s: ((p * r - 4) ** 2 + (p * s) ** 2 + (q * r) ** 2 + (q * s - 1) ** 2) / 2,
    "phase_retrieval": lambda x, y: ((x * x - 1) ** 2 + y**4 + ((x + y) ** 2 - 1) ** 2 + ((x - y) ** 2 - 1) ** 2) / 16,
    "random_quadratic": _random_quadratic,
    "random_field": _random_field,
    "spin_glass": _spin_glass,
    "gaussian_wells": _gaussian_wells,
    "lennard_jones": _lennard_jones,
    "peaks": lambda x, y: (
        3 * (1 - x) ** 2 * mp.exp(-(x**2) - (y + 1) ** 2)
        - 10 * (x / 5 - x**3 - y**5) * mp.exp(-(x**2) - y**2)
        - mp.exp(-((x + 1) ** 2) - y**2) / 3
    ),
}


#: Formulas of surfaces that cannot be made without arguments.
OF_ARGUMENTS: dict[str, Callable[..., mp.mpf]] = {"quadratic": _quadratic}


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
