"""Values, gradients and Hessian products against JAX in float64: NumPy code as people write it, and networks.

Run by `python -m pytest tests_jax`, where the extra "jax" is installed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdescent as fd

jax.config.update("jax_enable_x64", True)

ROWS = st.integers(1, 9)
WIDTHS = st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple)
JAX_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": jnp.tanh, "relu": jax.nn.relu, "gelu": lambda z: jax.nn.gelu(z, approximate=False),
    "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "identity": lambda z: z,
}  # fmt: skip


def assert_same(s: fd.Surface, f: Callable[[Any], Any], x: Any, tolerance: float = 1e-12) -> None:
    """f is the function in JAX. Errors are measured against the largest element, or 0.1 where all are less."""
    v = np.cos(np.arange(s.dim) + 1.0)
    value, slope = jax.value_and_grad(f)(jnp.asarray(x))
    along = jax.jvp(jax.grad(f), (jnp.asarray(x),), (jnp.asarray(v),))[1]
    for got, wanted in ((s(x), value), (s.gradient(x), slope), (s.hvp(x, v), along)):
        wanted = np.asarray(wanted)
        assert got.shape == wanted.shape
        assert np.max(np.abs(got - wanted)) <= tolerance * max(np.max(np.abs(wanted)), 0.1)


# ---------------------------------------------------------------------- networks
def in_jax(widths: tuple[int, ...], activation: str, X: Any, y: Any, loss: str, l2: float) -> Callable[[Any], Any]:
    def f(w: Any) -> Any:
        h, at = jnp.asarray(X), 0
        for k, (n, m) in enumerate(itertools.pairwise(widths)):
            h = jnp.einsum("ri,io->ro", h, w[at : at + n * m].reshape(n, m)) + w[at + n * m : at + n * m + m]
            at += n * m + m
            h = JAX_ACTIVATIONS[activation](h) if k < len(widths) - 2 else h
        if loss == "mse":
            value = jnp.mean((h - y.reshape(h.shape)) ** 2)
        elif loss == "logistic":
            value = -jnp.mean(jnp.where(y == 1, jax.nn.log_sigmoid(h[:, 0]), jax.nn.log_sigmoid(-h[:, 0])))
        else:
            value = -jnp.mean(jax.nn.log_softmax(h, axis=1)[jnp.arange(len(y)), y])
        return value + l2 / 2 * jnp.sum(w**2)

    return f


@settings(max_examples=30, deadline=None)
@given(
    widths=WIDTHS, activation=st.sampled_from([*JAX_ACTIVATIONS]), n=ROWS, l2=st.sampled_from([0.0, 0.25]),
    loss=st.sampled_from(["mse", "logistic", "cross_entropy"]), seed=st.integers(0, 99),
    gain=st.sampled_from([0.3, 1.0]),
)  # fmt: skip
def test_networks(
    widths: tuple[int, ...], activation: str, n: int, l2: float, loss: str, seed: int, gain: float
) -> None:
    random = np.random.default_rng(seed)
    widths = (*widths[:-1], 1) if loss == "logistic" else widths
    X = random.normal(size=(n, widths[0]))
    y = random.normal(size=(n, widths[-1])) if loss == "mse" else random.integers(0, max(2, widths[-1]), n)
    y = np.minimum(y, widths[-1] - 1) if loss == "cross_entropy" else y
    s = fd.surfaces.mlp(widths, activation, data=(X, y), loss=loss, l2=l2)
    assert_same(s, in_jax(widths, activation, X, y, loss, l2), gain * random.normal(size=s.dim))


@settings(max_examples=8, deadline=None)
@given(n=ROWS, d=st.integers(1, 5), seed=st.integers(0, 99))
def test_other_surfaces_with_data(n: int, d: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    X, y, Y = random.normal(size=(n, d)), random.integers(0, 2, n), random.normal(size=(n, 2))
    x = random.normal(size=20)
    signs = 2.0 * y - 1.0
    assert_same(
        fd.surfaces.logistic((X, y), l2=0.5),
        lambda w: jnp.mean(jnp.log1p(jnp.exp(-signs * (X @ w[:d] + w[d])))) + 0.25 * w @ w,
        x[: d + 1],
    )
    assert_same(
        fd.surfaces.deep_linear((d, 3, 2), (X, Y)),
        lambda w: jnp.mean(jnp.sum((X @ w[: 3 * d].reshape(d, 3) @ w[3 * d :].reshape(3, 2) - Y) ** 2, axis=1)) / 2,
        np.resize(x, 3 * d + 6),
    )
    assert_same(fd.surfaces.phase_retrieval((X, y)), lambda w: jnp.mean(((X @ w) ** 2 - y) ** 2) / 4, x[:d])
    assert_same(
        fd.surfaces.matrix_factorization(X, rank=2),
        lambda w: 0.5 * jnp.linalg.norm(w[: 2 * n].reshape(n, 2) @ w[2 * n :].reshape(d, 2).T - X) ** 2,
        np.resize(x, 2 * (n + d)),
    )


# ---------------------------------------------------------------------- NumPy code, traced and in JAX
N, K, M = 4, 3, 2  # w is (4, 3) or (2, 2, 3); others are constants
RANDOM = np.random.default_rng(1)
B, C, ROW = RANDOM.normal(size=(5, N)), RANDOM.normal(size=(M, K, M)), RANDOM.normal(size=K)
LABELS = np.array([0, 2, 1, 1])


def softmax(np: Any, z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def log_softmax(np: Any, z: Any) -> Any:
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


CODE: dict[str, Callable[[Any, Any], Any]] = {
    "constant @ variable": lambda np, w: np.sum((B @ w) ** 3),
    "variable @ constant": lambda np, w: np.sum((w @ C[0]) ** 3),
    "variable @ variable": lambda np, w: np.sum((w @ w.T) ** 2),
    "matrix @ vector": lambda np, w: np.sum((w @ w[0]) ** 2) + w[:, 0] @ w @ ROW,
    "stack @ stack": lambda np, w: np.sum(np.matmul(w.reshape(M, 2, K), C) ** 2),
    "stack @ itself": lambda np, w: np.sum((w.reshape(M, 2, K) @ np.swapaxes(w.reshape(M, 2, K), 1, 2)) ** 2),
    "stack @ matrix": lambda np, w: np.sum((C @ w[:2]) ** 2),
    "einsum": lambda np, w: np.sum(np.einsum("bij,bjk->bik", w.reshape(M, 2, K), C) ** 2),
    "einsum, bilinear": lambda np, w: np.einsum("ri,ik,rk->", B, w, B[:, :K]) ** 2,
    "reshape, transpose": lambda np, w: np.sum(np.cos(w.reshape(2, 6).T.reshape(K, N) @ B.T)),
    "broadcasting": lambda np, w: np.sum(np.tanh(w[:, None, :] - w[None, :, :]) ** 2 * ROW),
    "softmax": lambda np, w: np.sum(softmax(np, w) ** 2 * ROW),
    "log_softmax": lambda np, w: -np.mean(log_softmax(np, 3 * w)[np.arange(N), LABELS]),
    "logsumexp": lambda np, w: np.sum((np.log(np.sum(np.exp(w - w.max()), axis=0)) + w.max()) ** 2),
    "relu": lambda np, w: np.sum(np.maximum(B @ w, 0) ** 2) + np.sum(np.where(w > 0, w, 0.01 * w) ** 3),
    "sigmoid": lambda np, w: np.sum(1 / (1 + np.exp(-w)) ** 2),
    "softplus": lambda np, w: np.sum(np.log1p(np.exp(-np.abs(w))) + np.maximum(w, 0) + np.logaddexp(w, 1.0)),
    "cumsum": lambda np, w: np.sum(np.cumsum(w, axis=1) ** 2) + np.sum(np.cumsum(w, axis=0) ** 3),
    "layer norm": lambda np, w: np.sum(
        ((w - w.mean(axis=1, keepdims=True)) / np.sqrt(w.var(axis=1, keepdims=True) + 1e-5)) ** 3 * ROW
    ),
    "attention": lambda np, w: np.sum((softmax(np, w @ w.T / K**0.5) @ w) ** 2),
}


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
def test_numpy_code(code: Callable[[Any, Any], Any]) -> None:
    s = fd.surface(lambda x: code(np, x.reshape(N, K)), dim=N * K)
    for x in np.random.default_rng(2).normal(size=(5, N * K)):
        assert_same(s, lambda p: code(jnp, p.reshape(N, K)), x)


def test_gelu_by_scipys_erf() -> None:
    s = fd.surface(lambda x: np.sum(0.5 * x * (1 + scipy.special.erf(x / np.sqrt(2.0)))), dim=3)
    for x in np.random.default_rng(2).normal(size=(20, 3)):
        assert_same(s, lambda p: jnp.sum(jax.nn.gelu(p, approximate=False)), x)


def test_the_likelihood_of_a_gaussian_process() -> None:
    rng = np.random.default_rng(0)
    t = np.sort(rng.uniform(0, 10, 30))
    y, squares = np.sin(t) + 0.3 * rng.normal(size=30), (t[:, None] - t) ** 2

    def likelihood(numpy: Any, linalg: Any, x: Any) -> Any:
        kernel = numpy.exp(2 * x[0] - 0.5 * squares * numpy.exp(-2 * x[1])) + numpy.exp(2 * x[2]) * np.eye(30)
        factor = linalg.cho_factor(kernel, lower=True)
        return 0.5 * y @ linalg.cho_solve(factor, y) + numpy.sum(numpy.log(numpy.diag(factor[0])))

    s = fd.surface(lambda x: likelihood(np, scipy.linalg, x), dim=3)
    for x in rng.uniform(-1, 1, (5, 3)):
        assert_same(s, lambda p: likelihood(jnp, jax.scipy.linalg, p), x, 1e-11)


@pytest.mark.parametrize(
    "f",
    [
        lambda numpy, a, v: v @ numpy.linalg.solve(a, v) + numpy.linalg.det(a) / 9 + numpy.linalg.slogdet(a)[1],
        lambda numpy, a, v: numpy.sum(numpy.linalg.eigvalsh(a + a.T) * v) + numpy.sum(numpy.linalg.inv(a) ** 2),
        lambda numpy, a, v: (
            numpy.sum(numpy.linalg.svd(a, compute_uv=False) * v) + numpy.sum(numpy.linalg.pinv(a[:, :2]))
        ),
        lambda numpy, a, v: v[:2] @ numpy.linalg.lstsq(a[:, :2], v)[0],
        lambda numpy, a, v: numpy.sum(numpy.linalg.cholesky(a @ a.T + np.eye(4)) * v),
    ],
)
def test_linear_algebra(f: Any) -> None:
    rng = np.random.default_rng(1)
    fixed = rng.normal(size=(4, 4)) + 3 * np.diag(np.arange(4.0))

    def on(numpy: Any, x: Any) -> Any:
        return f(numpy, fixed + numpy.outer(x, numpy.sin(x)), numpy.cos(x))

    s = fd.surface(lambda x: on(np, x), dim=4)
    for x in rng.uniform(-1, 1, (3, 4)):
        assert_same(s, lambda p: on(jnp, p), x, 1e-9)


@pytest.mark.parametrize("name", ["gammaln", "digamma", "i0e", "i1e", "i0", "i1"])
def test_special_functions(name: str) -> None:
    s = fd.surface(lambda x: np.sum(getattr(scipy.special, name)(x) * np.arange(1.0, 4.0)), dim=3)
    for x in np.random.default_rng(2).uniform(0.3, 12, (4, 3)):
        assert_same(s, lambda p: jnp.sum(getattr(jax.scipy.special, name)(p) * np.arange(1.0, 4.0)), x, 1e-10)
