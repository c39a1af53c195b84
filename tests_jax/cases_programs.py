"""Functions of JAX's: networks, loops, branches, derivatives inside."""

from __future__ import annotations

from typing import Any

import jax
import jax.flatten_util
import jax.numpy as jnp
import jax.scipy.stats
from cases import DIM, IMAGE, LABELS, A, X, case
from jax import lax

_, UNRAVEL = jax.flatten_util.ravel_pytree({"w": jnp.zeros((2, 2)), "b": jnp.zeros(2)})


@case
def activations(x: Any) -> Any:
    nn = jax.nn
    kinks = nn.relu(x) + nn.elu(x) + nn.leaky_relu(x) + nn.selu(x) + nn.celu(x) + nn.relu6(4 * x) + nn.hard_tanh(x)
    smooth = nn.gelu(x) + nn.gelu(x, approximate=False) + nn.silu(x) + nn.softplus(x) + nn.mish(x) + nn.sigmoid(x)
    return jnp.sum(kinks + smooth + nn.log_sigmoid(x) + nn.soft_sign(x) + nn.hard_swish(x) + nn.squareplus(x))


@case
def softmaxes(x: Any) -> Any:
    rows = x.reshape(2, 3)
    return (
        jnp.sum(jax.nn.softmax(rows) * A[:2, :3]) + jnp.sum(jax.nn.log_softmax(rows, axis=0) ** 2) + jax.nn.logsumexp(x)
    )


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
    return -jnp.mean(scores[jnp.arange(len(LABELS)), LABELS]) - jnp.mean(
        jnp.sum(jax.nn.one_hot(LABELS, 3) * scores, axis=1)
    )


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
def branches(x: Any) -> Any:
    safe = lax.cond(x[0] > 0, lambda z: jnp.sum(jnp.log(jnp.abs(z))), lambda z: jnp.sum(z**2), x)
    one = lax.switch(jnp.sum(x > 0), [lambda z: z[0], lambda z: z[1] ** 2, lambda z: jnp.sin(z[2])], x)
    return safe + one + lax.cond(True, jnp.sum, jnp.prod, x)


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
    return jnp.sum(
        stats.norm.logpdf(x, 0.3, 1.2)
        + stats.cauchy.logpdf(x)
        + stats.laplace.logpdf(x, 3.0)
        + stats.logistic.logpdf(x)
    )
