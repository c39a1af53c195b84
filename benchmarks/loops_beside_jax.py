"""A fit of a differential equation beside JAX, in one run: time, and how far the results lie from each other.

`python benchmarks/loops_beside_jax.py [--starts N] [--steps N] [--rounds N]`. Foxes and rabbits after Lotka and
Volterra, a thousand steps of Runge and Kutta's method, fitted to twenty counts of both by Adam. JAX has `lax.scan`,
`grad` and `vmap`, in float64. Both compile before they are timed; times are the least of the rounds, which take turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from test_descend import machine

import fastdescent as fd

N, EVERY, DT = 1000, 50, 0.01
TRUTH, FIRST = np.array([1.5, 1.0, 1.0, 3.0]), np.array([1.0, 0.5])
IS_COUNT = np.arange(1, N + 1) % EVERY == 0


def rk4(stack: Callable[..., Any], u: Any, p: Any) -> Any:
    """One step; `stack` is that of NumPy or of JAX."""

    def rates(u: Any) -> Any:
        return stack([p[0] * u[0] - p[1] * u[0] * u[1], p[2] * u[0] * u[1] - p[3] * u[1]])

    a = rates(u)
    b = rates(u + DT / 2 * a)
    c = rates(u + DT / 2 * b)
    return u + DT / 6 * (a + 2 * b + 2 * c + rates(u + DT * c))


def counted() -> Any:
    """What is fitted, with a row for each step; those of steps without a count are not read."""
    u, counts = FIRST, np.zeros((N, 2))
    for k in range(N):
        counts[k] = u = rk4(np.stack, u, TRUTH)
    return counts


COUNTS = counted()


def misfit(p: Any) -> Any:
    def step(i: Any, carried: Any) -> Any:
        u, total = carried
        u = rk4(np.stack, u, p)
        return u, total + IS_COUNT[i] * np.sum((u - COUNTS[i]) ** 2)

    return fd.fori(N, step, (FIRST, 0.0))[1]


def jax_run(x0: Any, lr: float, n_steps: int) -> Callable[[], Any]:
    """Adam on all starts."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def of_one(p: Any) -> Any:
        def step(carried: Any, row: Any) -> Any:
            u = rk4(jnp.stack, carried[0], p)
            return (u, carried[1] + row[1] * jnp.sum((u - row[0]) ** 2)), None

        rows = jnp.asarray(COUNTS), jnp.asarray(IS_COUNT, float)
        return jax.lax.scan(step, (jnp.asarray(FIRST), 0.0), rows)[0][1]

    slope = jax.vmap(jax.grad(of_one))

    def one(t: Any, state: Any) -> Any:
        x, m, v = state
        g = slope(x)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        corrected = m / (1 - 0.9 ** (t + 1.0)), v / (1 - 0.999 ** (t + 1.0))
        return x - lr * corrected[0] / (jnp.sqrt(corrected[1]) + 1e-8), m, v

    run = jax.jit(lambda x: jax.lax.fori_loop(0, n_steps, one, (x, 0 * x, 0 * x))[0])
    return lambda: np.asarray(run(x0))


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, usual in (("starts", 1024), ("steps", 20), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    x0 = TRUTH * np.random.default_rng(0).uniform(0.8, 1.2, (given.starts, 4))
    began = time.perf_counter()
    surface = fd.surface(misfit, dim=4)
    traced = time.perf_counter()

    def ours() -> Any:
        return fd.descend(surface, x0, fd.Adam(lr=0.01), max_steps=given.steps, gtol=None, engine="jit").x

    runs = {"fastdescent": ours, "JAX": jax_run(x0, 0.01, given.steps)}
    times: dict[str, list[float]] = {name: [] for name in runs}
    found = {}
    for _ in range(given.rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            found[name] = run()
            times[name].append(time.perf_counter() - start)
    assert np.allclose(found["fastdescent"], found["JAX"], rtol=1e-9), "both descend to the same points"
    print(machine())
    print(f"traced in {traced - began:.2f} s; {given.starts} starts, {given.steps} steps of Adam")
    for name, (first, *others) in times.items():
        each = min(others) / given.starts / given.steps
        print(f"{name:<12} {1e6 * each:8.1f} us a step and start, the first run {first - min(others):.2f} s longer")


if __name__ == "__main__":
    main()
