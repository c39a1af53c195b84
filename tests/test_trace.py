"""Tracing: every supported ufunc and function against plain NumPy, indexing, and what cannot be traced."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastdescent as fd
from fastdescent.program.numpy_functions import FUNCTIONS
from fastdescent.program.numpy_ufuncs import SPECIAL, UFUNCS, apply_special
from fastdescent.program.trace import Traced

Floats = npt.NDArray[np.float64]
Function = Callable[[Any], Any]

W = np.array([0.75, -1.25, 2.0, 0.5, -0.25, 1.5])
A = np.random.default_rng(7).normal(size=(6, 6))
ANYWHERE, POSITIVE, SMALL = (-2.0, 2.0), (0.3, 3.0), (-0.9, 0.9)


def differences(f: Function, x: Floats) -> Floats:
    """The gradient by central differences, extrapolated once."""
    steps = [np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))]) for h in (1e-3, 2e-3)]
    return np.asarray((4 * steps[0] - steps[1]) / 3)


def check(f: Function, dim: int = 6, low: float = -2.0, high: float = 2.0) -> None:
    """Values equal NumPy's, gradients and Hessian products the differences of values and gradients."""
    s = fd.surface(f, dim=dim)
    X = np.random.default_rng(3).uniform(low, high, (12, dim))
    v = np.linspace(-1.0, 1.0, dim) + 0.1
    for x in X:
        value = float(np.asarray(f(x)).item())
        assert abs(float(s(x)) - value) <= 2e-14 * max(1.0, abs(value))
        gradient, hvp = s.gradient(x), s.hvp(x, v)
        np.testing.assert_allclose(gradient, differences(lambda p: float(s(p)), x), rtol=1e-7, atol=1e-7)
        along = (s.gradient(x + 1e-4 * v) - s.gradient(x - 1e-4 * v)) / 2e-4
        np.testing.assert_allclose(hvp, along, rtol=1e-4, atol=1e-4 * max(1.0, float(np.abs(hvp).max())))


# ---------------------------------------------------------------------- ufuncs
UNARY = {
    "positive": ANYWHERE, "negative": ANYWHERE, "absolute": ANYWHERE, "fabs": ANYWHERE, "sign": ANYWHERE,
    "square": ANYWHERE, "reciprocal": POSITIVE, "sqrt": POSITIVE, "exp": ANYWHERE, "log": POSITIVE, "sin": ANYWHERE,
    "cos": ANYWHERE, "tan": SMALL, "tanh": ANYWHERE, "arctan": ANYWHERE, "expm1": ANYWHERE, "log1p": SMALL,
    "log2": POSITIVE, "log10": POSITIVE, "exp2": ANYWHERE, "arcsin": SMALL, "arccos": SMALL, "sinh": ANYWHERE,
    "cosh": ANYWHERE, "arcsinh": ANYWHERE, "arccosh": (1.2, 4.0), "arctanh": SMALL, "cbrt": POSITIVE, "floor": ANYWHERE,
    "ceil": ANYWHERE, "rint": ANYWHERE, "trunc": ANYWHERE, "deg2rad": ANYWHERE, "radians": ANYWHERE,
    "rad2deg": ANYWHERE, "degrees": ANYWHERE, "conjugate": ANYWHERE, "signbit": ANYWHERE, "isnan": ANYWHERE,
    "isinf": ANYWHERE, "isfinite": ANYWHERE,
}  # fmt: skip
BINARY = {
    "add": ANYWHERE, "subtract": ANYWHERE, "multiply": ANYWHERE, "divide": POSITIVE, "true_divide": POSITIVE,
    "power": POSITIVE, "float_power": POSITIVE, "arctan2": POSITIVE, "hypot": POSITIVE, "maximum": ANYWHERE,
    "minimum": ANYWHERE, "less": ANYWHERE, "less_equal": ANYWHERE, "greater": ANYWHERE, "greater_equal": ANYWHERE,
    "equal": ANYWHERE, "not_equal": ANYWHERE, "logaddexp": ANYWHERE, "logaddexp2": ANYWHERE, "heaviside": ANYWHERE,
    "copysign": ANYWHERE, "remainder": POSITIVE, "fmod": POSITIVE, "floor_divide": POSITIVE, "fmax": ANYWHERE,
    "fmin": ANYWHERE,
}  # fmt: skip
LOGICAL = ("logical_and", "logical_or", "bitwise_and", "bitwise_or")


@pytest.mark.parametrize("name", UNARY)
def test_unary_ufunc(name: str) -> None:
    ufunc = getattr(np, name)
    check(lambda x: np.sum(W * ufunc(x)), 6, *UNARY[name])


@pytest.mark.parametrize("name", BINARY)
def test_binary_ufunc_of_points_numbers_and_arrays(name: str) -> None:
    ufunc = getattr(np, name)
    check(lambda x: np.sum(W[:3] * x[3:] * ufunc(x[:3], x[3:])), 6, *BINARY[name])
    check(lambda x: np.sum(W * x * ufunc(x, 1.5)), 6, *BINARY[name])
    check(lambda x: np.sum(W * x * ufunc([0.25, 0.5, 1.0, 2.0, 2.5, 3.0], x)), 6, *BINARY[name])
    check(lambda x: np.sum(A * x * ufunc(x[:, np.newaxis], np.float64(0.7))), 6, *BINARY[name])


@pytest.mark.parametrize("name", LOGICAL)
def test_logical_ufunc(name: str) -> None:
    ufunc = getattr(np, name)
    check(lambda x: np.sum(W * x * ufunc(x > 0.3, x[::-1] <= 0.2)))
    check(lambda x: np.sum(W * x * ~ufunc(x > 0.3, [True, False] * 3)))


def test_every_ufunc_is_tested() -> None:
    assert {*UNARY, *BINARY, *LOGICAL, "logical_not", "invert", "matmul"} == set(UFUNCS) - set(SPECIAL)
    assert {*SPECIAL_UNARY, *SPECIAL_BINARY} == set(SPECIAL)


SPECIAL_UNARY = {
    "erf": ANYWHERE, "erfc": ANYWHERE, "expit": ANYWHERE, "exp10": ANYWHERE, "logit": (0.1, 0.9), "log_expit": ANYWHERE,
    "softplus": ANYWHERE, "entr": POSITIVE, "ndtr": ANYWHERE,
}  # fmt: skip
SPECIAL_BINARY = {"xlogy": POSITIVE, "xlog1py": POSITIVE}


@pytest.mark.parametrize("name", [*SPECIAL_UNARY, *SPECIAL_BINARY])
def test_ufunc_of_scipy_special(name: str) -> None:
    ufunc = getattr(scipy.special, name, None) or (lambda x: np.logaddexp(0.0, x))
    if name in SPECIAL_UNARY:
        if name != "softplus" or hasattr(scipy.special, name):
            check(lambda x: np.sum(W * ufunc(x)), 6, *SPECIAL_UNARY[name])
        check(lambda x: np.sum(W * (apply_special(name) if isinstance(x, Traced) else ufunc)(x)), 6,
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


# ---------------------------------------------------------------------- functions
CALLS: dict[str, list[Function]] = {
    "sum": [lambda x: np.sum(np.sum(x.reshape(2, 3), axis=0) ** 2), lambda x: np.sum([x[0] ** 2, x[1], 3.0]),
            lambda x: np.sum(np.sum(x.reshape(1, 2, 3), axis=(-1, 0), keepdims=True) ** 2, dtype=float)],
    "mean": [lambda x: np.mean(x**2) + x.reshape(2, 3).mean(axis=1, keepdims=True)[1, 0] ** 2],
    "prod": [lambda x: np.prod(np.cos(x / np.sqrt(np.arange(1, 7)))), lambda x: W[:3] @ np.prod(x.reshape(2, 3), 0)],
    "max": [lambda x: np.max(np.abs(x)), lambda x: W[:2] @ np.max(x.reshape(2, 3), axis=1, keepdims=True)[:, 0]],
    "amax": [lambda x: np.amax(x.reshape(3, 2), (1, 0))],
    "min": [lambda x: np.min(x * W)],
    "amin": [lambda x: W[:3] @ np.amin(x.reshape(2, 3), 0)],
    "cumsum": [lambda x: np.sum(np.cumsum(x) ** 2), lambda x: np.sum(np.cumsum(x.reshape(2, 3), axis=1)[:, 1] ** 2)],
    "diff": [lambda x: np.sum(np.diff(x) ** 2) + np.sum(W[:3] @ np.diff(x.reshape(2, 3), axis=0)[0] ** 3),
             lambda x: np.sum(np.diff(x, n=2) ** 2)],
    "cumprod": [lambda x: np.sum(np.cumprod(x) * W), lambda x: np.sum(np.cumprod(x.reshape(2, 3), axis=0)[1] ** 2)],
    "var": [lambda x: np.var(x), lambda x: W[:2] @ np.var(x.reshape(2, 3), axis=1, ddof=1, keepdims=True)[:, 0]],
    "std": [lambda x: np.std(x) + W[:3] @ np.std(x.reshape(2, 3), axis=0, ddof=1)],
    "average": [lambda x: np.average(x) + np.average(x**2, weights=W + 2),
                lambda x: W[:3] @ np.average(x.reshape(2, 3), axis=0, weights=[1.0, 3.0])],
    "ptp": [lambda x: np.ptp(x) + np.ptp(x.reshape(2, 3), axis=1) @ W[:2]],
    "round": [lambda x: np.round(x) @ x + np.round(9 * x, -1) @ x + 0 * np.round(x, 2)[0]],
    "around": [lambda x: np.around(x) @ x],
    "fix": [lambda x: np.fix(x) @ x], "sinc": [lambda x: np.sinc(x) @ W + np.sinc(x / 50) @ W],
    "all": [lambda x: x[0] * np.all(x > 0) + x[1] * np.all(x.reshape(2, 3) > -1, axis=0)[1] + x[2] * np.all(x)],
    "any": [lambda x: x[0] * np.any(x > 1.5) + x[1] * np.any(x.reshape(2, 3) > 1, axis=1)[1] + (x > 1).any() * x[3]],
    "select": [lambda x: np.sum(np.select([x > 1, x > 0], [x**2, np.sin(x)], -x))],
    "trapezoid": [lambda x: np.trapezoid(x**2, W) + np.trapezoid(x, dx=0.1)],
    "vstack": [lambda x: np.sum(A[:3] * np.vstack([x, W * x, x**2]))],
    "column_stack": [lambda x: np.sum(A[:, :2] * np.column_stack([x, x**2]))],
    "append": [lambda x: np.append(x, x[0] * 2)[1:] @ W + np.append(x.reshape(2, 3), A[:1, :3], axis=0)[1] @ W[:3]],
    "roll": [lambda x: x @ np.roll(x, 1) + np.roll(x.reshape(2, 3), 1, axis=1)[0] @ W[:3] + np.roll(x, -2) @ W],
    "flip": [lambda x: np.flip(x) @ W], "fliplr": [lambda x: np.fliplr(x.reshape(2, 3))[0] @ W[:3]],
    "flipud": [lambda x: np.flipud(x.reshape(2, 3))[0] @ W[:3]],
    "rot90": [lambda x: np.rot90(x.reshape(2, 3))[0] @ W[:2]],
    "tile": [lambda x: np.tile(x, 2) @ np.arange(12)], "repeat": [lambda x: np.repeat(x, 2) @ np.arange(12)],
    "take": [lambda x: np.take(x, [0, 5, 5]) @ W[:3]], "delete": [lambda x: np.delete(x, 2) @ W[:5]],
    "diagonal": [lambda x: np.diagonal(np.outer(x, W)) @ W], "split": [lambda x: np.split(x, 2)[1] @ W[:3]],
    "array_split": [lambda x: np.array_split(x, 4)[0] @ W[:2]], "hsplit": [lambda x: np.hsplit(x, 3)[1] @ W[:2]],
    "vsplit": [lambda x: np.vsplit(x.reshape(2, 3), 2)[1][0] @ W[:3]],
    "swapaxes": [lambda x: np.swapaxes(x.reshape(2, 3), 0, 1)[1] @ W[:2]],
    "moveaxis": [lambda x: np.moveaxis(x.reshape(1, 2, 3), 0, -1)[1, 2, 0] ** 2],
    "atleast_2d": [lambda x: np.atleast_2d(x)[0] @ W],
    "diag": [lambda x: x @ np.diag(x) @ W + np.diag(np.outer(x, x), 1) @ W[:5] + x @ np.diag(x[1:], -1) @ x],
    "triu": [lambda x: np.sum(np.triu(np.outer(x, x), 1) * A)], "tril": [lambda x: np.sum(np.tril(np.outer(x, x)) * A)],
    "inner": [lambda x: np.inner(x, W) + np.inner(A, x)[2]], "trace": [lambda x: np.trace(np.outer(x, x) * A)],
    "vdot": [lambda x: np.vdot(x, W) + np.vdot(x.reshape(2, 3), A[:2, :3])],
    "tensordot": [lambda x: np.sum(np.tensordot(A, x, 1) ** 2) + np.tensordot(x, x, axes=([0], [0])),
                  lambda x: np.sum(np.tensordot(x.reshape(2, 3), A[:3, :2], axes=([0, 1], [1, 0])))],
    "einsum": [lambda x: np.einsum("i,ij,j->", x, A, x) + np.einsum("ij,j", A, x) @ W,
               lambda x: np.einsum("i,j->ji", x, W)[1, 2] ** 2,
               lambda x: np.sum(np.einsum("ij, kj -> ik", x.reshape(2, 3), A[:, :3]) ** 2)],
    "polyval": [lambda x: np.polyval([1.0, -2.0, 0.5], x) @ W + np.polyval(x, 0.7)],
    "clip": [lambda x: W @ np.clip(x, -1, 1.2) + W @ x.clip(None, 0.5) + W @ np.clip(x, W - 3, W)],
    "outer": [lambda x: np.sum(A[:2, :4] * np.outer(x[:2], np.sin(x[2:]))) + np.sum(np.outer(W, x)[1])],
    "norm": [lambda x: np.linalg.norm(x - W), lambda x: W[:2] @ np.linalg.norm(x.reshape(2, 3), 2, axis=1),
             lambda x: np.linalg.norm(x, 1) + np.linalg.norm(x - W, np.inf) + np.linalg.norm(x, -np.inf),
             lambda x: np.linalg.norm(x, 0) * x[0] + np.linalg.norm(x, 3),
             lambda x: W[:2] @ np.linalg.norm(x.reshape(2, 3), 1, 1),
             lambda x: np.linalg.norm(x.reshape(2, 3), "fro", keepdims=True)[0, 0]],
    "dot": [lambda x: np.dot(x, W) * np.dot(2.0, x[0]) + np.dot(A, x) @ np.dot(x, A)],
    "where": [lambda x: np.sum(np.where(x > 0, x**2, -x)), lambda x: W @ np.where([True, False] * 3, x, 2.0 * x),
              lambda x: W @ (x * (np.where(x > 0, x > 1, x > -1) + (x < 0.5)))],
    "concatenate": [lambda x: np.concatenate([x[3:], [1.0], x[:2] ** 2]) @ W,
                    lambda x: A[0, :4] @ np.concatenate((x.reshape(2, 3), A[:2, :1]), axis=1)[1],
                    lambda x: np.concatenate((x.reshape(2, 3), x[:3, None]), axis=None)[4:7] @ W[:3] ** 2],
    "stack": [lambda x: np.sum(A[:2, :3] * np.stack([x[:3], x[3:] ** 2])),
              lambda x: np.sum(A[:3, :2] * np.stack((x[:3], W[:3]), axis=-1)) + np.stack([x[0], x[1]]) @ W[:2]],
    "hstack": [lambda x: np.hstack([x[:2], x[5], 2.0, x[2:4]]) @ W, lambda x: np.hstack([x[:2, None], A[:2]])[1, 0]],
    "reshape": [lambda x: W[:3] @ np.reshape(x, (2, 3))[1] + W[:2] @ np.reshape(x, (2, -1), order="F")[:, 1],
                lambda x: W @ x.reshape(2, 3).T.reshape(-1) + W[:2] @ x.reshape((3, 2))[0]],
    "ravel": [lambda x: W @ np.ravel(x.reshape(2, 3).T) ** 2 + W @ np.ravel(x.reshape(2, 3), order="F")],
    "transpose": [lambda x: W[:3] @ np.transpose(x.reshape(2, 3))[:, 0],
                  lambda x: W[:2] @ x.reshape(1, 2, 3).transpose(2, 0, 1)[1, 0]],
    "squeeze": [lambda x: np.squeeze(x[None, :, None]) @ W + x.reshape(6, 1).squeeze(axis=1) @ W],
    "expand_dims": [lambda x: np.sum(A * np.expand_dims(x, 1)) + np.sum(A * np.expand_dims(x, (0, 2))[0])],
    "atleast_1d": [lambda x: np.atleast_1d(x) @ W + np.atleast_1d(x[0])[0]],
    "broadcast_to": [lambda x: np.sum(A * np.broadcast_to(x, (6, 6))) + np.sum(np.broadcast_to(x[0], (3,)) ** 2)],
    "copy": [lambda x: np.copy(x) @ W],
    "zeros_like": [lambda x: np.sum(np.zeros_like(x) + x)],
    "ones_like": [lambda x: np.ones_like(x, dtype=float) @ x],
    "full_like": [lambda x: np.full_like(x, 2.5) @ x + np.full_like(x, x[0]) @ W],
    "shape": [lambda x: x[0] * np.shape(x)[0]],
    "size": [lambda x: x[0] * np.size(x) + x[1] * np.size(x.reshape(2, 3), 1)],
    "ndim": [lambda x: x[0] * np.ndim(x.reshape(2, 3))],
}  # fmt: skip


def test_every_function_is_tested() -> None:
    assert set(CALLS) == set(FUNCTIONS)


@pytest.mark.parametrize("f", [pytest.param(f, id=f"{name}{k}") for name in CALLS for k, f in enumerate(CALLS[name])])
def test_function(f: Function) -> None:
    check(f)


# ---------------------------------------------------------------------- indexing
@settings(max_examples=80, deadline=None)
@given(data=st.data(), shape=st.sampled_from([(12,), (3, 4), (2, 3, 2)]))
def test_any_view_shows_the_elements_that_numpy_shows(data: st.DataObject, shape: tuple[int, ...]) -> None:
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, max_dims=6))
    assert_shows(lambda x: x.reshape(shape)[index])


@settings(max_examples=80, deadline=None)
@given(data=st.data(), shape=st.sampled_from([(12,), (3, 4), (2, 3, 2)]))
def test_any_array_of_indices_gathers_what_numpy_gathers(data: st.DataObject, shape: tuple[int, ...]) -> None:
    arrays = hnp.integer_array_indices(shape[: data.draw(st.integers(1, len(shape)))])
    index = data.draw(arrays | hnp.arrays(bool, shape))
    assert_shows(lambda x: x.reshape(shape)[index])


@pytest.mark.parametrize(
    "take",
    [lambda x: x[[3, -1, 3]], lambda x: x[range(2, 9, 3)], lambda x: x[True], lambda x: x[[]], lambda x: x[12:],
     lambda x: x[::-1][2::3][::-1], lambda x: x.reshape(3, 4).T[1:, ::2].ravel(), lambda x: x.reshape(3, 4)[(0, 1), :],
     lambda x: x.reshape(3, 4)[[0, 2], 1:3], lambda x: x.reshape(3, 4)[1:, [3, 0]], lambda x: x[np.arange(12) % 5 == 1],
     lambda x: x.reshape(2, 3, 2)[..., 1][0], lambda x: x[None, 3], lambda x: x[np.int64(4)], lambda x: x[..., 5],
     lambda x: x.reshape(3, 4).item(1, 2), lambda x: x.reshape(3, 4).item(-3), lambda x: x[4:5].item(),
     lambda x: x.reshape((3, 4), order="F")[1].reshape(2, 2, order="F"), lambda x: x.reshape(3, 4).flatten("F")[3:7],
     lambda x: x.reshape(3, 4).T.reshape(2, 6, order="F"), lambda x: x.reshape(3, 4).transpose((1, 0)).squeeze()],
)  # fmt: skip
def test_indexing(take: Function) -> None:
    assert_shows(take)


def assert_shows(take: Function) -> None:
    """A weighted sum of what is taken has, as its gradient, the weights in the places that NumPy takes them from."""
    x = np.arange(1.0, 13.0)
    places = np.asarray(take(np.arange(12)))
    weights = np.random.default_rng(places.size).integers(1, 100, places.shape).astype(float)
    s = fd.surface(lambda p: np.sum(weights * take(p)), dim=12)
    assert s(x) == np.sum(weights * x[places])
    np.testing.assert_array_equal(s.gradient(x), np.bincount(places.ravel(), weights.ravel(), minlength=12))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_polynomials_of_integers_are_exact(data: st.DataObject) -> None:
    """No rounding, so that whatever order or fused operation is used, values and gradients are equal."""
    powers = st.integers(0, 3)
    table = data.draw(st.lists(st.tuples(st.integers(-2, 2), powers, powers, powers), min_size=1, max_size=6))
    point = data.draw(st.tuples(*(st.integers(-4, 4),) * 3))
    s = fd.surface(lambda x, y, z: sum(c * x**i * y**j * z**k for c, i, j, k in table) + 0 * x, name="polynomial")
    x, y, z = point
    assert s(point) == sum(c * x**i * y**j * z**k for c, i, j, k in table)
    slope = sum(c * i * x ** max(i - 1, 0) * y**j * z**k for c, i, j, k in table)
    assert s.gradient(point)[0] == slope
    bend = sum(c * i * x ** max(i - 1, 0) * j * y ** max(j - 1, 0) * z**k for c, i, j, k in table)
    assert s.hessian(point)[0, 1] == bend


# ---------------------------------------------------------------------- arrays of objects, updates in place
def rosen(x: Any) -> Any:
    """As functions are often written: any sequence comes in."""
    x = np.asarray(x)
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0, axis=0, dtype=x.dtype)


AS_OBJECTS: list[Function] = [
    rosen,
    lambda x: np.sum(np.sin(np.asarray(x)) * np.exp(np.asarray(x) / 4) + np.sqrt(np.asarray(x) ** 2)),
    lambda x: np.array([[x[0], x[1]], [2.0, x[2] ** 2]]).dot(np.array([x[3], 1.0])) @ W[:2],
    lambda x: A[:2, :2] @ np.array([x[0] * x[1], x[5]]) @ W[:2] + np.array(x[2]) * 3.0,
    lambda x: W @ (x * np.array(x)) + np.concatenate([np.asarray(x)[:3], x[3:]]) @ W,
    lambda x: np.linalg.norm(np.asarray(x)) + np.hypot(np.asarray(x)[0], x[1]),
    lambda x: np.sum(np.asarray(x.reshape(2, 3))[:, 1] ** 2),
]


@pytest.mark.parametrize("f", AS_OBJECTS)
def test_arrays_of_objects_unroll(f: Function) -> None:
    check(f)


def in_place(x: Any) -> Any:
    total, y = 0.0, 2 * x
    for k in range(len(x)):
        total += x[k] ** (k % 3)
        first = y[k]
        first *= 3
        y += first
    z = y
    z /= x[1] ** 2 + 1.0
    shifted = x[[0, 1, 2]]
    shifted -= 1.0
    mask = x > 0
    mask &= x < 1
    return total * y[0] + np.sum(y * mask) + shifted @ shifted


def filled(x: Any) -> Any:
    out = np.empty(len(x), dtype=object)
    for i in range(len(x)):
        out[i] = np.sin(x[i]) * i
        out[i] += x[i] ** 2
    return np.sum(out**2) + np.mean(out) + out @ W + np.std(np.asarray(x))


def test_object_arrays_may_be_filled() -> None:
    check(filled)


def test_arguments_with_defaults_keep_them_where_the_first_takes_the_point() -> None:
    def f(x: Any, a: float = 3.0, square: bool = True) -> Any:
        return np.sum(x**2 if square else x) * a

    assert fd.surface(f, dim=5)(np.ones(5)) == 15.0


def test_updates_in_place_of_what_nobody_else_sees() -> None:
    check(in_place)


def test_constants_and_parameters() -> None:
    @fd.surface(dim=3)
    def f(x: Any, *, a: float = 2.0, w: Any = (1.0, 2.0, 3.0)) -> Any:
        a += 1.0
        return a * np.dot(w, x) + np.sum(np.asarray(w) * x)

    assert f([1.0, 1.0, 1.0]) == 3.0 * 6.0 + 6.0
    assert f.with_params(a=0.0, w=[1.0, 0.0, 0.0])([5.0, 1.0, 1.0]) == 10.0
    constant = fd.surface(lambda x: 3.0, dim=2)
    assert constant([1.0, 2.0]) == 3.0
    np.testing.assert_array_equal(constant.gradient([1.0, 2.0]), [0.0, 0.0])
