"""Random functions of JAX's: operations on arrays of shape (2, 3), one after the other, with loops and branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cases
import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

import fastdescent as fd

Array = Any
SHAPE = (2, 3)
CONSTANT = cases.A[:2, :3]

OF_ONE: list[Callable[[Array], Array]] = [
    jnp.sin, jnp.tanh, jax.nn.softplus, jax.nn.gelu, jnp.cosh,
    lambda a: jnp.log1p(a * a), lambda a: jnp.sqrt(a * a + 0.3), lambda a: jnp.where(a > 0.1, a, jnp.exp(a)),
    lambda a: jnp.clip(a, -0.6, 0.7) + 0.1 * a, lambda a: lax.stop_gradient(a) * a,
    # what moves elements
    lambda a: a[::-1], lambda a: a.T.reshape(SHAPE), lambda a: jnp.roll(a, 1, axis=1),
    lambda a: jnp.pad(a, ((1, 0), (0, 1)))[:2, 1:] + a, lambda a: a[:, jnp.argsort(a[0])],
    lambda a: a.at[jnp.array([0, 1, 1]), jnp.array([2, 0, 0])].add(a[0]),
    lambda a: a.at[:, 1].set(jnp.prod(a, axis=1)), lambda a: a[jnp.argmax(a[:, 0])] - a,
    # what joins them
    lambda a: jnp.sort(a, axis=1), lambda a: jnp.cumsum(a, axis=0), lambda a: lax.cummax(a, axis=1),
    lambda a: a - jnp.max(a, axis=1, keepdims=True), lambda a: jax.nn.softmax(a, axis=1),
    lambda a: a @ a.T @ CONSTANT, lambda a: jnp.einsum("ij,kj->ik", a, a) @ a,
    lambda a: jax.vmap(jnp.dot, (0, None))(a, a[0])[:, None] + a,
    # loops, branches, calls
    lambda a: lax.fori_loop(0, 3, lambda i, s: jnp.sin(s + i * a), a),
    lambda a: lax.scan(lambda c, r: (c + jnp.tanh(r), c * r), a[0], a)[1],
    lambda a: lax.cond(a[0, 0] > a[1, 1], lambda z: z * 2, jnp.cos, a),
    lambda a: jax.checkpoint(lambda z: z * jnp.mean(z))(a),
    lambda a: jax.grad(lambda z: jnp.sum(jnp.sin(z) * z[::-1]))(a),
]  # fmt: skip
OF_TWO: list[Callable[[Array, Array], Array]] = [
    jnp.add, jnp.multiply, jnp.subtract, jnp.maximum, jnp.logaddexp, jnp.arctan2,
    lambda a, b: a / (1 + b * b), lambda a, b: jnp.where(a > b, a, b * b),
    lambda a, b: jnp.concatenate([a, b])[1:3], lambda a, b: jnp.hypot(a, b + 2.0),
]  # fmt: skip
STEPS = st.lists(st.tuples(st.integers(0, len(OF_ONE) - 1), st.integers(0, len(OF_TWO) - 1)), min_size=1, max_size=5)


def composed(steps: list[tuple[int, int]]) -> Callable[[Array], Array]:
    """Each step applies an operation to the last array, combines both, and keeps numbers small."""

    def f(x: Array) -> Array:
        a = x.reshape(SHAPE)
        for one, two in steps:
            a = jnp.tanh(OF_TWO[two](OF_ONE[one](a), a)) + 0.3 * a
        return jnp.sum(a * CONSTANT)

    return f


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 99))
def test_random_functions(steps: list[tuple[int, int]], seed: int) -> None:
    f = composed(steps)
    x = np.random.default_rng(seed).normal(size=6)
    s = fd.surface(f, dim=6)
    value, slope = jax.value_and_grad(f)(x)
    np.testing.assert_allclose(s(x), value, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(s.gradient(x), slope, rtol=1e-10, atol=1e-10 * np.max(np.abs(slope)))
