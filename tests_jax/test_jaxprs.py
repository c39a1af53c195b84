"""Functions of JAX's as surfaces: values, gradients and Hessian products are those of JAX in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.flatten_util
import jax.numpy as jnp
import jax.scipy.special
import jax.scipy.stats
import numpy as np
import pytest
from jax import lax

import fastdescent as fd

jax.config.update("jax_enable_x64", True)

DIM = 6
RNG = np.random.default_rng(5)
POINTS = RNG.uniform(-1.5, 1.5, (4, DIM))
A = jnp.asarray(RNG.normal(size=(DIM, DIM)))
X, LABELS = jnp.asarray(RNG.normal(size=(9, 2))), jnp.asarray(RNG.integers(0, 3, 9))
IMAGE = jnp.asarray(RNG.normal(size=(1, 2, 5, 5)))
PARAMETERS, UNRAVEL = jax.flatten_util.ravel_pytree({"w": jnp.zeros((2, 2)), "b": jnp.zeros(2)})

CASES: dict[str, Callable[[Any], Any]] = {}


def case(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    CASES[f.__name__] = f
    return f


# ---------------------------------------------------------------------- elementwise functions
@case
def trigonometry(x: Any) -> Any:
    return jnp.sum(jnp.sin(x) * jnp.cos(2 * x) + jnp.tan(x / 2) + jnp.arctan2(x, 2.0) + jnp.arcsin(x / 2) + jnp.arccos(x / 3))


@case
def hyperbolic(x: Any) -> Any:
    return jnp.sum(jnp.sinh(x) + jnp.cosh(x) + jnp.tanh(x) + jnp.arcsinh(x) + jnp.arctanh(x / 2) + jnp.arccosh(2 + x**2))


@case
def powers(x: Any) -> Any:
    y = jnp.abs(x) + 0.5
    return jnp.sum(x**3 + y**2.5 + 2.0**x + y**x + lax.rsqrt(y) + jnp.cbrt(y) + jnp.sqrt(y) + 1 / y + jnp.exp2(x) + x**-2)


@case
def logarithms(x: Any) -> Any:
    y = x**2 + 0.5
    return jnp.sum(jnp.log(y) + jnp.log1p(y) + jnp.expm1(x) + jnp.log2(y) + jnp.log10(y) + jnp.logaddexp(x, 1.0))


@case
def rounding(x: Any) -> Any:
    return jnp.sum(x * (jnp.floor(x) + jnp.ceil(x) + jnp.round(x) + jnp.trunc(x) + jnp.sign(x))) + jnp.sum(x % 0.7 + x // 0.3)


@case
def rounded_away(x: Any) -> Any:
    return jnp.sum(x * lax.round(2 * x, lax.RoundingMethod.AWAY_FROM_ZERO))


@case
def error_functions(x: Any) -> Any:
    special = jax.scipy.special
    return jnp.sum(special.erf(x) + special.erfc(x) + special.expit(x) + special.ndtr(x) + special.xlogy(2.0, x**2))


@case
def decisions(x: Any) -> Any:
    masked = jnp.where((x > 0) & ~(x > 1) | (x < -1), x**2, jnp.sin(x))
    return jnp.sum(masked) + jnp.sum(jnp.clip(x, -0.5, 0.8)) + jnp.sum(jnp.maximum(x, x[::-1] + 0.1) * jnp.isfinite(x))


@case
def counts(x: Any) -> Any:
    return jnp.sum(x > 0) * x[0] + (x > 0).astype(jnp.int32).sum() // 2 * x[1] + jnp.any(x > 1) * x[2] + jnp.all(x > -1) * x[3]


@case
def casts(x: Any) -> Any:
    return jnp.sum((3 * x).astype(int) * x) + jnp.sum(x.astype(bool) * x)


@case
def selections(x: Any) -> Any:
    pieces = jnp.piecewise(x, [x < -0.5, x > 0.5], [lambda z: z**2, lambda z: -z, lambda z: jnp.exp(z)])
    return jnp.sum(pieces) + jnp.sum(jnp.select([x > 1, x > 0], [x**3, x**2], jnp.sin(x)))


@case
def safe_logarithm(x: Any) -> Any:
    return jnp.sum(jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1.0)), 0.0)) + jnp.sum(x**2)


# ---------------------------------------------------------------------- networks
@case
def activations(x: Any) -> Any:
    nn = jax.nn
    return jnp.sum(
        nn.relu(x) + nn.gelu(x) + nn.gelu(x, approximate=False) + nn.elu(x) + nn.silu(x) + nn.softplus(x) + nn.mish(x)
        + nn.leaky_relu(x) + nn.selu(x) + nn.celu(x) + nn.sigmoid(x) + nn.log_sigmoid(x) + nn.relu6(4 * x) + nn.hard_tanh(x)
        + nn.soft_sign(x) + nn.hard_swish(x) + nn.squareplus(x)
    )  # fmt: skip


@case
def softmaxes(x: Any) -> Any:
    rows = x.reshape(2, 3)
    return jnp.sum(jax.nn.softmax(rows) * A[:2, :3]) + jnp.sum(jax.nn.log_softmax(rows, axis=0) ** 2) + jax.nn.logsumexp(x)


@case
def standardized(x: Any) -> Any:
    return jnp.sum(jax.nn.standardize(x) * A[0])


@case
def network(x: Any) -> Any:
    p = UNRAVEL(x)
    return jnp.mean((jnp.tanh(X @ p["w"] + p["b"]) - X) ** 2)


@case
def classifier(x: Any) -> Any:
    scores = jax.nn.log_softmax(X @ x.reshape(2, 3))
    return -jnp.mean(scores[jnp.arange(len(LABELS)), LABELS]) - jnp.mean(jnp.sum(jax.nn.one_hot(LABELS, 3) * scores, axis=1))


@case
def mapped_network(x: Any) -> Any:
    def one(row: Any, label: Any) -> Any:
        scores = jax.nn.relu(row @ x.reshape(2, 3)) + 0.1 * x[:3]
        return -jax.nn.log_softmax(scores)[label]

    return jnp.mean(jax.vmap(one)(X, LABELS))


@case
def convolution(x: Any) -> Any:
    kernel = jnp.concatenate([x, x[:2] ** 2]).reshape(1, 2, 2, 2)
    one = lax.conv_general_dilated(IMAGE, kernel, (2, 1), "SAME", rhs_dilation=(1, 2))
    return jnp.sum(jnp.tanh(one)) + jnp.sum(jnp.convolve(x, A[0], mode="same") ** 2)


@case
def grouped_convolution(x: Any) -> Any:
    out = lax.conv_general_dilated(
        IMAGE, x[:4].reshape(2, 1, 2, 1), (1, 1), [(1, 0), (2, -1)], lhs_dilation=(2, 1), feature_group_count=2
    )
    return jnp.sum(out**2)


@case
def pooling(x: Any) -> Any:
    image = jnp.outer(x, x[::-1])
    return jnp.sum(lax.reduce_window(image, -jnp.inf, lax.max, (2, 3), (1, 2), "SAME") * A[:, :3]) + jnp.sum(
        lax.reduce_window(image, 0.0, lax.add, (2, 2), (2, 2), "VALID") ** 2
    )


# ---------------------------------------------------------------------- reductions and products
@case
def reductions(x: Any) -> Any:
    rows = x.reshape(2, 3)
    return (jnp.mean(rows, 0).sum() + jnp.max(rows, 1) @ jnp.min(rows, 1) + jnp.prod(x) + jnp.var(x) + jnp.std(x, ddof=1)
            + jnp.ptp(x) + jnp.linalg.norm(x) + jnp.average(x, weights=jnp.arange(6.0)))  # fmt: skip


@case
def running(x: Any) -> Any:
    return jnp.sum(jnp.cumsum(x) ** 2) + jnp.cumprod(x)[3] + lax.cummax(x) @ A[0] + lax.cummin(x, reverse=True) @ A[1] + jnp.sum(
        lax.cumlogsumexp(x)) + jnp.sum(lax.associative_scan(jnp.multiply, x) ** 2)  # fmt: skip


@case
def products(x: Any) -> Any:
    M = x.reshape(2, 3)
    kron = jnp.kron(M, M)
    return (x @ A @ x + jnp.einsum("ij,kj,ik->", M, M, A[:2, :2]) + jnp.trace(M @ A[:3, :3] @ M.T) + jnp.sum(jnp.outer(x, x) * A)
            + jnp.sum(kron**2) + jnp.cross(M[0], M[1]) @ A[0, :3] + jnp.tensordot(M, M, 2) + jnp.vdot(x, A[2]))  # fmt: skip


@case
def batched_products(x: Any) -> Any:
    stack = jnp.stack([x.reshape(2, 3), x[::-1].reshape(2, 3)])
    return jnp.sum(jnp.matmul(stack, jnp.swapaxes(stack, 1, 2)) ** 2)


# ---------------------------------------------------------------------- moving, gathering, scattering
@case
def moving(x: Any) -> Any:
    M = jnp.pad(jnp.roll(x, 2).reshape(3, 2), ((1, 0), (0, 2)), constant_values=0.5)
    return jnp.sum(M[::2, 1:] * M[1::2, ::-1][:, :3]) + jnp.sum(jnp.tile(x, 2) * jnp.repeat(x, 2)) + jnp.sum(
        jnp.flip(M) * M) + jnp.sum(jnp.tril(M) ** 3) + jnp.sum(jnp.diag(x) @ A) + jnp.sum(jnp.split(x, 3)[1] ** 2)  # fmt: skip


@case
def gathering(x: Any) -> Any:
    return jnp.sum(x[jnp.array([0, 0, 5, -1])] ** 3) + jnp.sum(jnp.take(x, jnp.array([[1, 2], [3, 3]])) ** 2) + jnp.sum(
        jnp.take_along_axis(x.reshape(2, 3), jnp.array([[2], [0]]), 1)) + jnp.sum(x.at[jnp.array([1, 9])].get(mode="fill", fill_value=2.0) ** 2)  # fmt: skip


@case
def scattering(x: Any) -> Any:
    y = jnp.zeros((3, 2)).at[0].set(x[:2]).at[jnp.array([1, 1, 2]), 0].add(x[2:5]).at[:, 1].multiply(x[:3])
    z = x.at[jnp.array([0, 0])].max(0.3).at[2:4].min(x[0]).at[10].set(7.0)
    return jnp.sum(y**2 + y) + jnp.sum(z**3) + jnp.sum(jax.ops.segment_sum(x, jnp.array([0, 1, 0, 2, 2, 2]), 3) ** 2)


@case
def dynamic_slices(x: Any) -> Any:
    y = lax.dynamic_update_slice(x, x[:2] ** 2, (3,))
    return jnp.sum(lax.dynamic_slice(y, (9,), (3,)) ** 2) + jnp.sum(y * A[0])


@case
def index_by_the_point(x: Any) -> Any:
    k = jnp.argmin(x)
    return x[k] ** 2 + A[k] @ x + lax.dynamic_slice(x, (jnp.argmax(x),), (2,)).sum() + x.reshape(2, 3)[jnp.argmax(x[:2]), k // 2]


@case
def order(x: Any) -> Any:
    return jnp.sort(x) @ A[0] + jnp.median(x**2) + jnp.quantile(x, 0.3) + jnp.sum(lax.top_k(x, 3)[0] ** 2) + jnp.sum(
        x[jnp.argsort(-x)] * A[1]) + jnp.sum(jnp.sort(x.reshape(2, 3), axis=0) * A[:2, :3])  # fmt: skip


@case
def interpolation(x: Any) -> Any:
    return jnp.sum(jnp.interp(x, jnp.linspace(-2.0, 2.0, 9), jnp.cos(jnp.arange(9.0))))


# ---------------------------------------------------------------------- loops, branches, calls
@case
def loop(x: Any) -> Any:
    return jnp.sum(lax.fori_loop(0, 7, lambda i, y: y + 0.1 * jnp.sin(A @ y) * i, x) ** 2)


@case
def scanned(x: Any) -> Any:
    def step(state: Any, row: Any) -> Any:
        new = jnp.tanh(state + row @ x[:2])
        return new, new[:2] * x[2:4]

    last, rows = lax.scan(step, x[:3], X)
    _, back = lax.scan(lambda c, row: (c * 0.5 + row, c), x[:2], rows, reverse=True)
    return jnp.sum(last**2) + jnp.sum(back**2)


@case
def recurrent(x: Any) -> Any:
    state, _ = lax.scan(lambda s, _: (3.2 * s * (1 - s) * jax.nn.sigmoid(x[0]), None), 0.3, None, length=12)
    return (state - 0.5) ** 2 + jnp.sum(lax.map(lambda row: jnp.sin(row @ x[:2]), X))


@case
def counted_while(x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < 4, lambda c: (c[0] + 1, c[1] * jnp.cos(c[1]) + c[0]), (0, x))[1].sum()


@case
def branches(x: Any) -> Any:
    safe = lax.cond(x[0] > 0, lambda z: jnp.sum(jnp.log(jnp.abs(z))), lambda z: jnp.sum(z**2), x)
    return safe + lax.switch(jnp.sum(x > 0), [lambda z: z[0], lambda z: z[1] ** 2, lambda z: jnp.sin(z[2])], x) + lax.cond(
        True, jnp.sum, jnp.prod, x)  # fmt: skip


@case
def jitted_parts(x: Any) -> Any:
    return jax.jit(lambda z, n: jnp.sum(z**n), static_argnums=1)(x, 3) + jax.checkpoint(lambda z: jnp.sin(z) @ z)(x)


@case
def stopped(x: Any) -> Any:
    return jnp.sum(lax.stop_gradient(x**2) * x) + jnp.sum(x + lax.stop_gradient(jnp.round(x) - x))


@case
def derivatives_inside(x: Any) -> Any:
    u = lambda t: jnp.sum(jnp.tanh(x[:3] * t + x[3:]))  # noqa: E731
    residuals = jax.vmap(lambda t: jax.grad(jax.grad(u))(t) + u(t))(jnp.linspace(0.0, 1.0, 4))
    return jnp.mean(residuals**2) + jnp.sum(jax.hessian(lambda z: jnp.prod(jnp.sin(z)))(x)) + jnp.sum(
        jax.jacfwd(lambda z: A @ jnp.exp(z))(x) ** 2)  # fmt: skip


@case
def random_features(x: Any) -> Any:
    key, other = jax.random.split(jax.random.key(3))
    W = jax.random.normal(key, (4, DIM))
    return jnp.sum(jnp.cos(W @ x + jax.random.uniform(other, (4,))))


@case
def lotka_volterra(x: Any) -> Any:
    def slope(y: Any) -> Any:
        return jnp.array([y[0] * (x[0] - x[1] * y[1]), y[1] * (x[2] * y[0] - x[3])])

    def step(y: Any, _: Any) -> Any:
        k1 = slope(y)
        k2 = slope(y + 0.05 * k1)
        return y + 0.1 * k2, y

    _, path = lax.scan(step, jnp.array([1.0, 0.5]), None, length=20)
    return jnp.mean((path - 0.7) ** 2)


@case
def log_densities(x: Any) -> Any:
    stats = jax.scipy.stats
    return jnp.sum(stats.norm.logpdf(x, 0.3, 1.2) + stats.cauchy.logpdf(x) + stats.laplace.logpdf(x, 3.0) + stats.logistic.logpdf(x))


@pytest.mark.parametrize("name", CASES)
def test_equals_jax(name: str) -> None:
    f = CASES[name]
    s = fd.surface(f, dim=DIM)
    assert s.name == name
    along = jnp.cos(jnp.arange(DIM) + 1.0)
    for x in POINTS:
        value, slope = jax.jit(jax.value_and_grad(f))(x)
        product = jax.jit(lambda x: jax.jvp(jax.grad(f), (x,), (along,))[1])(x)
        for got, wanted in ((s(x), value), (s.gradient(x), slope), (s.hvp(x, along), product)):
            wanted = np.asarray(wanted)
            assert np.isfinite(wanted).all()
            assert np.max(np.abs(got - wanted)) <= 1e-12 * max(1.0, np.max(np.abs(wanted)))
