"""The workloads by hand in JAX: whole arrays in one compiled loop, by chunks that fit into the cache.

Where trajectories stop at their own times: a vmapped while loop, in which each waits for the slowest of its chunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import Workload, arcs, deep_network, network, waves

NETWORKS = {"mlp-gd": network, "deep-mlp-gd": deep_network}
Run = Callable[[np.ndarray], tuple[np.ndarray, int]]
#: Trajectories of a chunk: what was found best, of powers of two.
CHUNK, CHUNKS = 4096, {"mlp-gd": 64, "deep-mlp-gd": 16}


def jax_run(w: Workload) -> Run:
    """Compiled for arrays of the shape that it is first called with."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    run = jax.jit(_chunked(_jax_loop(w, jax, jnp), CHUNKS.get(w.name, CHUNK), jax))

    def timed(x0: np.ndarray) -> tuple[np.ndarray, int]:
        ends, steps = jax.block_until_ready(run(jnp.asarray(x0)))
        return np.asarray(ends), int(np.sum(steps, dtype=np.int64))

    return timed


def _chunked(loop: Any, chunk: int, jax: Any) -> Any:
    def run(x: Any) -> Any:
        n = math.gcd(len(x), chunk)
        ends, steps = jax.lax.map(loop, x.reshape(-1, n, x.shape[-1]))
        return ends.reshape(x.shape), steps

    return run


def _jax_loop(w: Workload, jax: Any, jnp: Any) -> Any:
    if w.name == "rosenbrock-stop":
        return _jax_stopping(w, jax, jnp)
    last = w.options["max_steps"]
    step, state = _jax_step(w, jax, jnp)

    def loop(x: Any) -> Any:
        return jax.lax.fori_loop(0, last, step, (x, *state(x)))[0], jnp.full(len(x), last)

    return loop


def _jax_step(w: Workload, jax: Any, jnp: Any) -> tuple[Any, Any]:
    """One step of all trajectories, and what it keeps beside x."""
    lr = w.optimizer.lr
    if w.name == "mlp-sgd":
        return _jax_network_step(w, jax, jnp)
    gradient = jax.vmap(jax.grad(_objective(w, jnp)))
    if w.name in NETWORKS:

        def heavy_ball(t: Any, s: Any) -> Any:
            x, v = s
            v = w.optimizer.momentum * v + gradient(x)
            return x - lr * v, v

        return heavy_ball, lambda x: (jnp.zeros_like(x),)
    if w.name == "rastrigin-adam":

        def adam(t: Any, s: Any) -> Any:
            x, m, v = s
            g = gradient(x)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            return x - lr / (1 - 0.9 ** (t + 1)) * m / (jnp.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8), m, v

        return adam, lambda x: (jnp.zeros_like(x), jnp.zeros_like(x))
    if w.name == "styblinski-sgd":

        def noisy(t: Any, s: Any) -> Any:
            x, key = s
            key, own = jax.random.split(key)
            return x - lr * (gradient(x) + w.options["noise"] * jax.random.normal(own, x.shape)), key

        return noisy, lambda x: (jax.random.key(0),)
    return lambda t, s: (s[0] - lr * gradient(s[0]),), lambda x: ()


def _jax_network_step(w: Workload, jax: Any, jnp: Any) -> tuple[Any, Any]:
    X, y = map(jnp.asarray, arcs())
    o, size = w.optimizer, w.options["batch_size"]

    gradient = jax.vmap(jax.grad(lambda p, rows: network(p, X[rows], y[rows], jnp)))

    def step(t: Any, s: Any) -> Any:
        p, v, key = s
        key, own = jax.random.split(key)
        v = o.momentum * v + gradient(p, jax.random.randint(own, (len(p), size), 0, len(X)))
        return p - o.lr * v, v, key

    return step, lambda p: (jnp.zeros_like(p), jax.random.key(0))


def _jax_stopping(w: Workload, jax: Any, jnp: Any) -> Any:
    o, last, gtol2 = w.optimizer, w.options["max_steps"], w.options["gtol"] ** 2
    gradient = jax.grad(_objective(w, jnp))

    def one(x: Any) -> Any:
        def goes_on(s: Any) -> Any:
            return (s[3] < last) & (jnp.sum(s[2] ** 2) > gtol2)

        def step(s: Any) -> Any:
            x, v, g, t = s
            v = o.momentum * v + g
            x = x - o.lr * v
            return x, v, gradient(x), t + 1

        end = jax.lax.while_loop(goes_on, step, (x, jnp.zeros_like(x), gradient(x), 0))
        return end[0], end[3]

    return jax.vmap(one)


def _objective(w: Workload, xp: Any) -> Any:
    """f of one point, in an array module."""
    if w.name in NETWORKS:
        X, y = map(xp.asarray, arcs())
        return lambda p: NETWORKS[w.name](p, X, y, xp)
    if w.name == "field-gd":
        a, k, b = map(xp.asarray, waves())
        return lambda x: xp.sum(a * xp.cos(k @ x + b)) + 0.005 * xp.sum(x * x)
    return {
        "himmelblau-gd": lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2,
        "rastrigin-adam": lambda x: 20 + xp.sum(x * x - 10 * xp.cos(2 * np.pi * x)),
        "styblinski-sgd": lambda x: 0.5 * xp.sum(x**4 - 16 * x**2 + 5 * x),
        "rosenbrock-stop": lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
    }[w.name]
