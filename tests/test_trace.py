"""Tracing: every supported ufunc and function against plain NumPy, indexing, and what cannot be traced."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastdescent as fd
from fastdescent.program.numpy_functions import FUNCTIONS
from fastdescent.program.numpy_ufuncs import UFUNCS

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
    "cos": ANYWHERE, "tan": SMALL, "tanh": ANYWHERE, "arctan": ANYWHERE,
}  # fmt: skip
BINARY = {
    "add": ANYWHERE, "subtract": ANYWHERE, "multiply": ANYWHERE, "divide": POSITIVE, "true_divide": POSITIVE,
    "power": POSITIVE, "float_power": POSITIVE, "arctan2": POSITIVE, "hypot": POSITIVE, "maximum": ANYWHERE,
    "minimum": ANYWHERE, "less": ANYWHERE, "less_equal": ANYWHERE, "greater": ANYWHERE, "greater_equal": ANYWHERE,
    "equal": ANYWHERE, "not_equal": ANYWHERE,
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
    assert {*UNARY, *BINARY, *LOGICAL, "logical_not", "invert", "matmul"} == set(UFUNCS)


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
    "clip": [lambda x: W @ np.clip(x, -1, 1.2) + W @ x.clip(None, 0.5) + W @ np.clip(x, W - 3, W)],
    "outer": [lambda x: np.sum(A[:2, :4] * np.outer(x[:2], np.sin(x[2:]))) + np.sum(np.outer(W, x)[1])],
    "norm": [lambda x: np.linalg.norm(x - W), lambda x: W[:2] @ np.linalg.norm(x.reshape(2, 3), 2, axis=1),
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
