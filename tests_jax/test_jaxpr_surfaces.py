"""Surfaces of functions of JAX's: how they are told apart, parameters, data, precision, engines, errors."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import fastdescent as fd

jax.config.update("jax_enable_x64", True)

POINT = np.array([0.5, -1.25, 2.0])


# ---------------------------------------------------------------------- what the user types
def test_coordinates() -> None:
    s = fd.surface(lambda x, y: jnp.sin(x) * y**2)
    assert s.dim == 2
    np.testing.assert_allclose(s.gradient([0.3, 2.0]), [4 * np.cos(0.3), 4 * np.sin(0.3)], rtol=1e-15)


def test_keyword_only_arguments_are_parameters() -> None:
    @fd.surface(dim=3, static=("n",))
    def f(x: Any, *, a: float = 2.0, shift: Any = (0.0, 1.0, 0.0), n: int = 2) -> Any:
        return a * jnp.sum((x - jnp.asarray(shift)) ** n)

    assert f(POINT) == 2.0 * np.sum((POINT - [0, 1, 0]) ** 2)
    assert f.with_params(a=3.0, n=4)(POINT) == 3.0 * np.sum((POINT - [0, 1, 0]) ** 4)


def test_args_follow_the_point() -> None:
    def f(x: Any, A: Any, b: Any) -> Any:
        return jnp.sum((A @ x - b) ** 2)

    A, b = np.arange(6.0).reshape(2, 3), np.ones(2)
    assert fd.surface(f, dim=3, args=(A, b))(POINT) == np.sum((A @ POINT - b) ** 2)


@jax.custom_jvp
def _root(x: Any) -> Any:
    return jnp.sqrt(x)


_root.defjvp(lambda x, dx: (_root(x[0]), 0.5 * dx[0] / _root(x[0])))


@pytest.mark.parametrize(
    "f",
    [
        jax.jit(lambda x: (x * x).sum()), jax.jit(lambda x: jnp.sum(x**2)),
        lambda x: lax.reduce(x * x, 0.0, lax.add, (0,)),
        lambda x: (jnp.ones(3) * x) @ x, lambda x: x.at[0].set(x[0]) @ x, lambda x: jnp.stack([*x]) @ x,
        lambda x: (x.astype(jnp.float64) ** 2).sum(), lambda x: jax.tree.map(jnp.sum, {"a": x * x})["a"],
        lambda x: lax.cond(x[0] > 9, lambda: 0.0, lambda: (x * x).sum()), lambda x: jnp.float64(x @ x),
    ],
)  # fmt: skip
def test_functions_that_are_told_apart(f: Callable[[Any], Any]) -> None:
    s = fd.surface(lambda x: f(x), dim=3)
    np.testing.assert_allclose(s(POINT), np.sum(POINT**2), rtol=1e-15)
    np.testing.assert_allclose(s.gradient(POINT), 2 * POINT, rtol=1e-15)
    assert fd.surface(f, dim=3)(POINT) == s(POINT)


def test_numpy_functions_with_arrays_of_jax() -> None:
    A = jnp.arange(6.0).reshape(2, 3)
    s = fd.surface(lambda x: np.sum(np.sin(A @ x)), dim=3)
    np.testing.assert_allclose(s(POINT), np.sum(np.sin(np.asarray(A) @ POINT)), rtol=1e-15)


def test_a_bare_except_does_not_hide_jax() -> None:
    def f(x: Any) -> Any:
        try:
            return jnp.sum(x**2)
        except:  # noqa: E722
            return 1e9

    assert fd.surface(f, dim=3)(POINT) == np.sum(POINT**2)


# ---------------------------------------------------------------------- data
ROWS = np.random.default_rng(2).normal(size=(12, 2))
LABELS = np.arange(12) % 3


def cross_entropy(w: Any, X: Any, y: Any) -> Any:
    scores = jax.nn.log_softmax(X @ w.reshape(2, 3))
    return -jnp.mean(scores[jnp.arange(len(y)), y])


def test_finite_sum() -> None:
    s = fd.finite_sum(cross_entropy, data=(ROWS, LABELS), dim=6)
    w = np.linspace(-1.0, 1.0, 6)
    np.testing.assert_allclose(s(w), cross_entropy(w, ROWS, LABELS), rtol=1e-14)
    np.testing.assert_allclose(s.gradient(w), jax.grad(cross_entropy)(w, ROWS, LABELS), rtol=1e-12)


def test_minibatches_are_those_of_the_same_loss_in_numpy() -> None:
    def plain(w: Any, X: Any, y: Any) -> Any:
        scores = X @ w.reshape(2, 3)
        scores = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        return -np.mean(np.sum(np.where(y[:, np.newaxis] == np.arange(3), scores, 0.0), axis=1))

    runs = [
        fd.descend(
            fd.finite_sum(f, data=(ROWS, LABELS), dim=6), np.zeros(6), fd.SGD(lr=0.3), batch_size=4, max_steps=50
        )
        for f in (cross_entropy, plain)
    ]
    np.testing.assert_allclose(runs[0].x, runs[1].x, rtol=1e-12, atol=1e-12)


def test_a_network_is_the_same_program_as_in_numpy() -> None:
    def loss(np_or_jnp: Any, softplus: Any) -> Callable[[Any], Any]:
        def network(w: Any) -> Any:
            logits = np_or_jnp.tanh(ROWS @ w[:6].reshape(2, 3) + w[6:9]) @ w[9:]
            return np_or_jnp.mean(softplus(logits) - LABELS * logits)

        return network

    ours = fd.surface(loss(np, lambda z: np.logaddexp(z, 0)), dim=12)
    theirs = fd.surface(loss(jnp, jax.nn.softplus), dim=12)
    assert str(theirs.program(fd.GD(lr=0.1))) == str(ours.program(fd.GD(lr=0.1)))
    x0 = np.random.default_rng(0).normal(size=(20, 12))
    assert np.array_equal(*(fd.descend(s, x0, fd.GD(lr=0.1), max_steps=50).x for s in (ours, theirs)))


def test_a_sum_is_no_mean() -> None:
    with pytest.raises(ValueError, match=r"np\.mean in place of np\.sum"):
        fd.finite_sum(lambda w, X: jnp.sum((X @ w) ** 2), data=(ROWS,), dim=2)


# ---------------------------------------------------------------------- precision, derivatives, engines
def test_without_x64_values_are_computed_in_float64() -> None:
    with jax.enable_x64(False):
        s = fd.surface(lambda x: jnp.sum(jnp.exp(x) / 3), dim=3)
        third = fd.surface(lambda x: jnp.sum(x) * 0.1, dim=3)
        data = fd.finite_sum(cross_entropy, data=(ROWS, LABELS), dim=6)
    np.testing.assert_allclose(s(POINT), np.sum(np.exp(POINT) / 3), rtol=1e-15)
    assert third(POINT) == np.sum(POINT) * float(np.float32(0.1))  # the constant is JAX's
    np.testing.assert_allclose(data(np.ones(6)), cross_entropy(np.ones(6), ROWS, LABELS), rtol=1e-14)


def test_branches_that_are_not_taken_leave_no_nan() -> None:
    s = fd.surface(lambda x: jnp.sum(jnp.where(x > 0, jnp.sqrt(x), 0.0)) + lax.cond(
        x[0] > 0, lambda: 0.0, lambda: jnp.log(x[0])), dim=2)  # fmt: skip
    assert s.gradient([4.0, -1.0]).tolist() == [0.25, 0.0]


def test_softplus_at_zero() -> None:
    s = fd.surface(
        lambda x: jnp.sum(jax.nn.softplus(x) - jax.nn.log_sigmoid(x) + jnp.sinc(x) + jnp.logaddexp(x, 0)), dim=1
    )
    f = lambda x: jax.nn.softplus(x) - jax.nn.log_sigmoid(x) + jnp.sinc(x) + jnp.logaddexp(x, 0)  # noqa: E731
    assert s.gradient([0.0]) == jax.grad(f)(0.0)
    np.testing.assert_allclose(s.hessian([0.0])[0, 0], jax.grad(jax.grad(f))(0.0), rtol=1e-12)


def test_a_derivative_of_the_users_is_named() -> None:
    with pytest.warns(UserWarning, match="_root has a derivative of its own, which is not used") as caught:
        s = fd.surface(lambda x: jnp.sum(_root(x)), dim=1)
    assert caught[0].filename == __file__
    assert s.gradient([4.0]) == 0.25
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fd.surface(lambda x: jnp.sum(jax.nn.relu(x)), dim=1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_engines_agree_bit_for_bit(dtype: Any) -> None:
    def f(x: Any) -> Any:
        y, _ = lax.scan(lambda c, r: (jnp.tanh(c * r + x[1]), None), x[0], jnp.linspace(-1.0, 1.0, 5))
        return y**2 + lax.cond(y > 0, lambda: x[2] ** 2, lambda: jnp.abs(x[2])) + lax.stop_gradient(x[0]) * x[2]

    s = fd.surface(f, dim=3)
    x0 = fd.uniform(((-2, 2),) * 3, 33, seed=1).astype(dtype)
    engines = [name for name in ("native", "jit", "numba") if name in _engines()]
    runs = [fd.descend(s, x0, fd.Momentum(lr=0.05), max_steps=40, engine=name) for name in engines]
    assert len(runs) > 1
    for run in runs[1:]:
        assert np.array_equal(run.x, runs[0].x)
        assert np.array_equal(run.fun, runs[0].fun)


def _engines() -> list[str]:
    return [name for name in ("native", "jit", "numba") if name in str(fd.info())]


# ---------------------------------------------------------------------- errors
ERRORS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda x: jnp.abs(jnp.fft.rfft(x)).sum(), r"primitive fft cannot be traced, in .*rfft.*; write the transform"),
    (lambda x: lax.while_loop(lambda c: c < 3.0, lambda c: c * 2, x[0]), "number of steps depends on the point"),
    (lambda x: jnp.sin(x[0]) if x[0] > 0 else x[1], r"truth of a traced value|jnp.where|lax.cond"),
    (lambda x: jnp.sum(np.sin(jnp.cos(x))), "write jnp.sin, not np.sin"),
    (lambda x: lax.fori_loop(0, 9999, lambda i, y: jnp.sin(y) + i, x)[0], "of 9999 steps of .* operations"),
    (lambda x: (jnp.sum(x), jnp.sum(x)), "returned 2 values"),
    (lambda x: jnp.sin(x), r"returned shape \(3,\)"),
    (lambda x: jnp.sum(jnp.dot(jnp.ones(4), x)), "JAX cannot trace the function, in .*jnp.dot"),
    (lambda x: x[(10 * x[0]).astype(jnp.uint32)], "integer without a sign"),
    (lambda x: jnp.real((x + 1j).sum()), "complex numbers"),
    (lambda x: jnp.zeros(3).at[jnp.argmax(x)].set(1.0) @ x, "a place to write to that depends on the point"),
    (lambda x: jax.random.normal(jax.random.key(jnp.argmax(x))), "primitive random_seed .*constant key"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "message"), ERRORS)
def test_errors_name_the_primitive_and_the_line(f: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(fd.TraceError) as told:
        fd.surface(f, dim=3)
    assert re.search(message, str(told.value))
    assert "returned" in str(told.value) or f"{__file__}:{f.__code__.co_firstlineno}" in str(told.value)


def test_errors_of_the_function_are_its_own() -> None:
    def f(x: Any) -> Any:
        jnp.sin(x)
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        fd.surface(f, dim=3)


def test_stop_conditions_are_functions_of_numpy() -> None:
    with pytest.raises(fd.TraceError, match="a function of JAX cannot be traced"):
        fd.descend(fd.surface("x**2 + y**2"), [1.0, 1.0], fd.GD(lr=0.1), stop_when=lambda x: jnp.sum(x) < 1)
