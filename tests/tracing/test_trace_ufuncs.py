"""Tracing: every supported ufunc, operator and method against plain NumPy, and the edges of their domains."""

from __future__ import annotations

import math
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special
from support.programs.elementary_cases import CASES
from support.tracing import ANYWHERE, POSITIVE, A, Function, W, check

import fastdescent as fd
from fastdescent.program.opcodes import ARITY, OF_UFUNCS
from fastdescent.program.trace.numpy.ufuncs import SPECIAL, UFUNCS, apply_special

#: Where ufuncs are tried, if not anywhere.
DOMAINS = {ufunc: CASES[op].tried_in for ufunc, op in OF_UFUNCS.items() if op in CASES}
DOMAINS |= dict.fromkeys(("reciprocal", "sqrt", "divide", "true_divide", "power", "float_power", "remainder", "fmod",
                          "floor_divide"), POSITIVE)  # fmt: skip
UNARY = [u for u, op in OF_UFUNCS.items() if ARITY[op] == 1]
UNARY += ["positive", "square", "reciprocal", "exp2", "trunc", "deg2rad", "radians", "rad2deg", "degrees", "conjugate",
          "signbit", "isnan", "isinf", "isfinite"]  # fmt: skip
BINARY = [u for u, op in OF_UFUNCS.items() if ARITY[op] == 2]
BINARY += ["power", "float_power", "greater", "greater_equal", "logaddexp2", "heaviside", "copysign", "remainder",
           "fmod", "floor_divide", "fmax", "fmin"]  # fmt: skip
LOGICAL = ("logical_and", "logical_or", "bitwise_and", "bitwise_or", "logical_xor", "bitwise_xor")


@pytest.mark.parametrize("name", UNARY)
def test_unary_ufunc(name: str) -> None:
    ufunc = getattr(np, name)
    check(lambda x: np.sum(W * ufunc(x)), 6, *DOMAINS.get(name, ANYWHERE))


@pytest.mark.parametrize("name", BINARY)
def test_binary_ufunc_of_points_numbers_and_arrays(name: str) -> None:
    ufunc, domain = getattr(np, name), DOMAINS.get(name, ANYWHERE)
    check(lambda x: np.sum(W[:3] * x[3:] * ufunc(x[:3], x[3:])), 6, *domain)
    check(lambda x: np.sum(W * x * ufunc(x, 1.5)), 6, *domain)
    check(lambda x: np.sum(W * x * ufunc([0.25, 0.5, 1.0, 2.0, 2.5, 3.0], x)), 6, *domain)
    check(lambda x: np.sum(A * x * ufunc(x[:, np.newaxis], np.float64(0.7))), 6, *domain)


@pytest.mark.parametrize("name", LOGICAL)
def test_logical_ufunc(name: str) -> None:
    ufunc = getattr(np, name)
    check(lambda x: np.sum(W * x * ufunc(x > 0.3, x[::-1] <= 0.2)))
    check(lambda x: np.sum(W * x * ~ufunc(x > 0.3, [True, False] * 3)))


PRODUCTS = ("matmul", "vecdot", "matvec", "vecmat")  #: in test_trace_products


def test_every_ufunc_is_tested() -> None:
    assert {*UNARY, *BINARY, *LOGICAL, "logical_not", "invert", *PRODUCTS} == set(UFUNCS) - set(SPECIAL)
    assert {*SPECIAL_UNARY, *SPECIAL_BINARY} == set(SPECIAL)


SPECIAL_UNARY = {
    "erf": ANYWHERE, "erfc": ANYWHERE, "expit": ANYWHERE, "exp10": ANYWHERE, "logit": (0.1, 0.9), "log_expit": ANYWHERE,
    "softplus": ANYWHERE, "entr": POSITIVE, "ndtr": ANYWHERE,
    "log_ndtr": (-30.0, 3.0),
}  # fmt: skip
SPECIAL_BINARY = {"xlogy": POSITIVE, "xlog1py": POSITIVE, "huber": POSITIVE, "pseudo_huber": POSITIVE}


@pytest.mark.parametrize("name", [*SPECIAL_UNARY, *SPECIAL_BINARY])
def test_ufunc_of_scipy_special(name: str) -> None:
    ufunc = getattr(scipy.special, name, None) or (lambda x: np.logaddexp(0.0, x))
    if name in SPECIAL_UNARY:
        if name != "softplus" or hasattr(scipy.special, name):
            check(lambda x: np.sum(W * ufunc(x)), 6, *SPECIAL_UNARY[name])
        check(lambda x: np.sum(W * (ufunc if isinstance(x, np.ndarray) else apply_special(name))(x)), 6,
              *SPECIAL_UNARY[name])  # fmt: skip
    else:
        check(lambda x: np.sum(W[:3] * ufunc(x[:3], x[3:])), 6, *SPECIAL_BINARY[name])


def edge(ufunc: Any, points: Any, *, second: Any = None) -> None:
    """Values at edge points equal NumPy's, NaN too, and of functions of one argument signs of zeros."""
    points = np.array(points)
    other = () if second is None else (second,)
    with np.errstate(all="ignore"):
        wanted = ufunc(points, *other)
    got = fd.surface(lambda x: 1.0 * ufunc(x, *other)[0], dim=1)(points[:, None])
    np.testing.assert_array_equal(got, wanted)
    if second is None:
        np.testing.assert_array_equal(np.signbit(got)[wanted == 0], np.signbit(wanted)[wanted == 0])


EDGES = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e300, -1e300, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("name", ["floor", "ceil", "rint", "trunc", "signbit", "isnan", "isinf", "isfinite", "sign"])
def test_edges_of_rounding_and_tests(name: str) -> None:
    edge(getattr(np, name), EDGES)


@pytest.mark.parametrize("divisor", [0.1, 3.0, -3.0, 0.75])
@pytest.mark.parametrize("name", ["remainder", "fmod", "floor_divide"])
def test_division_with_a_rest_is_exact(name: str, divisor: float) -> None:
    points = np.random.default_rng(5).uniform(-40, 40, 500)
    multiples = np.arange(-40, 41) * divisor
    edge(getattr(np, name), [*points, *multiples, *np.nextafter(multiples, 99)], second=divisor)


@pytest.mark.parametrize("name", ["heaviside", "copysign", "fmax", "fmin"])
def test_edges_of_choices(name: str) -> None:
    for second in (0.5, -0.0, np.nan):
        edge(getattr(np, name), EDGES, second=second)


def test_derivatives_where_a_careless_formula_has_none() -> None:
    """At ties, holes and far out."""
    both = fd.surface(lambda x: np.logaddexp(x[0], x[1]), dim=2)
    np.testing.assert_allclose(both.gradient([3.0, 3.0]), [0.5, 0.5], rtol=1e-14)
    np.testing.assert_array_equal(both.gradient([900.0, -900.0]), [1.0, 0.0])
    expit = fd.surface("expit(x)")
    assert expit.gradient([-800.0]) == 0.0
    np.testing.assert_allclose(expit.gradient([40.0]), np.exp(-40.0), rtol=1e-12)
    sinc = fd.surface("sinc(x)")
    assert sinc([0.0]) == 1.0
    np.testing.assert_allclose(sinc.hessian([0.0]), [[-(np.pi**2) / 3]], rtol=1e-14)
    xlogy = fd.surface(lambda x: scipy.special.xlogy(x[0], x[1]), dim=2)
    np.testing.assert_array_equal(xlogy([[0.0, 0.0], [0.0, -1.0], [0.0, np.inf], [0.0, 2.0]]), np.zeros(4))
    np.testing.assert_allclose(xlogy.gradient([0.0, 2.0]), [np.log(2.0), 0.0])
    assert fd.surface("arcsinh(x)").gradient([0.0]) == 1.0
    np.testing.assert_allclose(fd.surface("arccosh(x)").gradient([1e200]), [1e-200])
    np.testing.assert_allclose(fd.surface("expm1(x)").gradient([-100.0]), [np.exp(-100.0)])


OPERATORS: list[Function] = [
    lambda x: (x[0] + 1) - (2 - x[1]) * x[2] / 4 + -x[3] + +x[4] + abs(x[5]),
    lambda x: x[0] ** 2 + x[1] ** 3 + x[2] ** 0 + x[3] ** 1 + x[4] ** 7,
    lambda x: 2 ** x[0] + 1 / (x[1] + 5) + (x[2] + 3) ** -2 + (x[3] + 3) ** 0.5 + (x[4] + 3) ** -1.5,
    lambda x: np.sum(x ** np.array([0, 1, 2, 3, 2, 1])),
    lambda x: np.sum(A[:3] @ x * (x[:3, np.newaxis] ** np.arange(4)).sum(axis=1)),
    lambda x: np.sum((x + 3) ** np.array([0.5, 2.5, -1.0, 0.5, 2.0, 1.0])),
    lambda x: x @ x + x @ A @ x + np.sum(A @ x) + np.matmul(x, W) + (A.T @ (A @ x)) @ W,
    lambda x: ((x > 0) & (x < 1) | ~(x[::-1] > 0.5)) @ (x * W),
    lambda x: np.sum(np.exp(np.concatenate([np.sin(x[:1]), 2.0 * x[1:2]]) * np.sin(x[:1]))),
    lambda x: np.logical_not(x > 0) @ x + np.logical_not(x - 0.0) @ x,
    lambda x: np.sum(W * (x > 0) + x * ((x > 0) + (x < -1)) * ((x > -1.5) * (x < 1.5))),
    lambda x: sum(v * v for v in x) + math.pi * x[0] + sum(i * x[i] for i in range(len(x))),
    lambda x: x.sum() + x.mean() + (x**2).sum(axis=0) + x.dot(x) + (x * W).prod() + x.max() * x.min() + x.cumsum()[3],
    lambda x: x.reshape(2, 3).T.ravel() @ W + x.size * x.ndim * len(x) * x.shape[0] + x.copy().astype(float) @ W,
    lambda x: np.add.reduce(x) + np.multiply.reduce(x[:2]) + np.maximum.reduce(x) + np.minimum.reduce(x),
    lambda x: np.add.accumulate(x) @ W + np.multiply.accumulate(x[:3]) @ W[:3] + np.sum(A * np.multiply.outer(x, W)),
    lambda x: (
        np.logaddexp.reduce(x) + np.hypot.reduce(x) + np.sum(np.maximum.accumulate(x.reshape(2, 3), axis=1)[:, 1])
    ),
    lambda x: np.logaddexp.reduce(x.reshape(2, 3), axis=1, keepdims=True)[1, 0] * np.hypot.reduce(x + 3, axis=None),
    lambda x: x % 0.75 @ W + (x // 0.75) @ x + round(x[0]) * x[1] + math.floor(x[2]) * x[3] + math.ceil(x[4]) * x[1],
    lambda x: x.var() + x.std() + (x + 3).cumprod()[3] + x.round() @ x + math.trunc(x[5]) * x[0] + x.repeat(2)[3] ** 2,
    lambda x: np.sum(np.add.reduce(x.reshape(2, 3)) ** 2) + np.sum(np.multiply.reduce(x.reshape(3, 2), axis=1)),
]


@pytest.mark.parametrize("f", OPERATORS)
def test_operators_and_methods(f: Function) -> None:
    check(f)


def test_powers_have_exact_derivatives_at_zero() -> None:
    s = fd.surface(lambda x: np.sum(x ** np.array([0, 1, 2, 3])), dim=4)
    np.testing.assert_array_equal(s.gradient(np.zeros(4)), [0.0, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(s.hessian(np.zeros(4)), np.diag([0.0, 0.0, 2.0, 0.0]))


@pytest.mark.parametrize("name", ["remainder", "fmod"])
def test_remainders_of_large_numbers_are_exact_or_not_a_number(name: str) -> None:
    function = getattr(np, name)
    s = fd.surface(lambda x: function(x[0], 0.1), dim=1)
    x = np.random.default_rng(0).uniform(-1, 1, 1000) * np.logspace(0, 18, 1000)
    found = s(x[:, np.newaxis])
    known = np.abs(x / 0.1) < 2.0**53
    np.testing.assert_array_equal(found[known], function(x, 0.1)[known])
    assert np.isnan(found[~known]).all()
    assert np.count_nonzero(~known) > 50


def test_log_ndtr_near_and_far() -> None:
    s = fd.surface(lambda x: scipy.special.log_ndtr(x[0]), dim=1)
    points = np.concatenate([np.linspace(-60.0, 8.0, 200), -np.geomspace(60.0, 1e5, 50), [-20.0, -1.0]])
    with mp.workdps(60):
        logs = [mp.log(mp.erfc(-mp.mpf(float(v)) / mp.sqrt(2)) / 2) for v in points]
        slopes = [
            mp.exp(-(mp.mpf(float(v)) ** 2) / 2 - log) / mp.sqrt(2 * mp.pi) for v, log in zip(points, logs, strict=True)
        ]
    X = points[:, np.newaxis]
    np.testing.assert_allclose(s(X), np.array(logs, dtype=float), rtol=1e-13)
    np.testing.assert_allclose(s.gradient(X)[:, 0], np.array(slopes, dtype=float), rtol=1e-13)
    np.testing.assert_array_equal(s([[np.inf], [-np.inf], [1e200], [np.nan]]), [0.0, -np.inf, 0.0, np.nan])
    np.testing.assert_array_equal(s.gradient([[1e200], [-1e150]]), [[0.0], [1e150]])


@pytest.mark.parametrize("name", ["huber", "pseudo_huber"])
def test_losses_at_their_edges(name: str) -> None:
    ufunc = getattr(scipy.special, name)
    for delta in (0.0, 1.0, 2.5, 1e100):
        points = np.array([0.0, 1e-9, 0.5, 1.0, -1.0, 2.5, -3.0, 1e100])
        s = fd.surface(lambda x, *, delta: ufunc(delta, x[0]), dim=1, delta=delta)
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(s(points[:, None]), ufunc(delta, points), rtol=1e-15)
    s = fd.surface(lambda x, y: ufunc(y, x))
    assert s([1.0, -1.0]) == np.inf
    assert np.isfinite(s.gradient([[2.0, 0.0], [0.0, 0.0], [0.0, 1.0]])).all()
