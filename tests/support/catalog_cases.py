"""The catalog's surfaces as tests use them, and what the literature says about their minima."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import fastdescent as fd
from fastdescent import surfaces

Floats = npt.NDArray[np.float64]

#: The dims that are tested.
MANY_DIMENSIONAL = dict.fromkeys(
    ("sphere", "rastrigin", "ackley", "styblinski_tang", "quartic", "griewank", "levy", "double_well", "zakharov",
     "dixon_price", "ring", "schwefel", "alpine", "salomon", "michalewicz", "plateau", "random_quadratic",
     "gaussian_wells"), (1, 3, 10),
) | {
    "rosenbrock": (2, 3, 10), "trid": (2, 3, 10), "ellipsoid": (2, 3, 10), "powell": (4, 8), "perm": (1, 2, 4),
    "random_field": (1, 3), "spin_glass": (2, 4),
}  # fmt: skip
WITHOUT_MINIMUM = {"monkey_saddle", "saddle", "eggholder", "mlp", "random_field", "spin_glass", "gaussian_wells"}
NOT_SMOOTH_AT_MINIMUM = {"ackley", "alpine", "salomon", "bukin6", "drop_wave"}
#: The Hessian at the minimum is singular.
DEGENERATE = {"quartic", "powell", "ring", "trough", "flat_valley", "two_layers", "degenerate_minimum",
              "deep_linear", "matrix_factorization", "lennard_jones"}  # fmt: skip
#: f at the minima, as published: a number, or a function of dim.
LOWEST: dict[str, float | Callable[[int], float]] = dict.fromkeys(surfaces.names(), 0.0) | {
    "styblinski_tang": lambda dim: -39.16616570377142 * dim,
    "trid": lambda dim: -dim * (dim + 4) * (dim - 1) / 6,
    "michalewicz": {1: -0.801303410098552, 3: -2.760394679994559, 10: -9.660151715641349}.__getitem__,
    "six_hump_camel": -1.031628453489877,
    "goldstein_price": 3.0,
    "branin": 0.397887357729738,
    "muller_brown": -146.699517209954,
    "mccormick": -1.913222954981037,
    "easom": -1.0,
    "drop_wave": -1.0,
    "schaffer4": 0.292578632035980,
    "holder_table": -19.208502567886732,
    "cross_in_tray": -2.06261187082274,
    "langermann": -4.15580929184779,
    "peaks": -6.551133332835841,
    "shekel": -10.536409816692043,
    "hartmann3": -3.86278214782076,
    "hartmann6": -3.32236801141551,
    "logistic": 0.5288080447137663,
    "matrix_factorization": 0.5,
    "lennard_jones": -6.0,
}
#: Where the window is so wide that f is a plain of zeros in it, or its waves shorter than rounding allows.
CLOSER: dict[str, tuple[float, float]] = {
    "easom": (-8.0, 14.0),
    "schaffer2": (-8.0, 8.0),
    "schaffer4": (-8.0, 8.0),
    "salomon": (-20.0, 20.0),
    "plateau": (-2.5, 2.5),
}

CASES = [(name, dim) for name, dims in MANY_DIMENSIONAL.items() for dim in dims]
CASES += [(name, surfaces.get(name).dim) for name in surfaces.names() if name not in MANY_DIMENSIONAL]
WITH_MINIMA = [(name, dim) for name, dim in CASES if name not in WITHOUT_MINIMUM]
SMOOTH = [(name, dim) for name, dim in WITH_MINIMA if name not in NOT_SMOOTH_AT_MINIMUM]


def made(name: str, dim: int, **params: Any) -> fd.Surface:
    return surfaces.get(name, **({"dim": dim} if name in MANY_DIMENSIONAL else {}), **params)


def points_in_window(s: fd.Surface, n: int, seed: int = 0) -> Floats:
    low, high = np.array((CLOSER[s.name],) * s.dim if s.name in CLOSER else s.window).T
    return np.random.default_rng(seed).uniform(low, high, (n, s.dim))


def assert_close(got: npt.ArrayLike, wanted: npt.ArrayLike, tolerance: float = 1e-12) -> None:
    """Errors are measured against the largest element."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert np.max(np.abs(got - wanted)) <= tolerance * np.max(np.abs(wanted))
