"""Sweeps beside JAX, in one run: time, and how far the measured edges lie from each other.

`python benchmarks/sweeps_beside_jax.py [--rounds N] [--only bowl|network]`. JAX maps a loop over pairs of
hyperparameters (`vmap`), all at once or, by `lax.map`, by chunks that fit into the cache. Both compile before they are
timed; times are the least of the rounds, which take turns. The bowl: 1024 x 1024 pairs of lr and momentum, 500
steps. The network: 256 x 256 pairs of the first panel of examples/trainability_fractal.py, 500 steps; there JAX cannot
stop the trajectories that diverge one by one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from test_descend import machine

import fastdescent as fd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))
import trainability_fractal as fractal

STEPS = 500


def bowl(size: int = 1024) -> tuple[Callable[[], Any], Callable[[int], Callable[[], Any]], Callable[[Any], str]]:
    """Ours, JAX's by chunk, and what there is to say of the two results."""
    import jax
    import jax.numpy as jnp

    lrs, momenta = np.linspace(0.0, 2.2, size), np.linspace(0.0, 0.99, size)
    surface = fd.surface("x**2 + 0.1*y**2")

    def ours() -> Any:
        over = {"lr": lrs, "momentum": momenta}
        return fd.sweep(surface, [1.0, 1.0], fd.SGD(), over=over, max_steps=STEPS, gtol=None)

    def one(lr: Any, momentum: Any) -> Any:
        def step(_: int, state: Any) -> Any:
            x, v = state
            v = momentum * v + jax.grad(lambda p: p[0] ** 2 + 0.1 * p[1] ** 2)(x)
            return x - lr * v, v

        x, _ = jax.lax.fori_loop(0, STEPS, step, (jnp.ones(2), jnp.zeros(2)))
        return x[0] ** 2 + 0.1 * x[1] ** 2

    def theirs(chunk: int) -> Callable[[], Any]:
        return _jax_run(one, *np.meshgrid(lrs, momenta, indexing="ij"), chunk)

    def compared(pair: Any) -> str:
        edges = [np.array((~(fun <= 11.0)).argmax(axis=0)) for fun in (pair[0].fun, pair[1].reshape(size, size))]
        theory = np.searchsorted(lrs, 1 + momenta)
        off = [int(np.abs(edge - theory).max()) for edge in edges]
        return f"edge off 1 + momentum by at most {off[0]} pixel (JAX {off[1]})"

    return ours, theirs, compared


def network(size: int = 256) -> tuple[Callable[[], Any], Callable[[int], Callable[[], Any]], Callable[[Any], str]]:
    import jax
    import jax.numpy as jnp

    n, (X, y) = fractal.UNITS * fractal.INPUTS, map(np.asarray, fractal.DATA)

    def ours() -> Any:
        return fractal.panel(fractal.WINDOW, size, STEPS)

    def loss(w: Any) -> Any:
        first = w[:n].reshape(fractal.INPUTS, fractal.UNITS)
        return jnp.mean((jnp.tanh(X @ first) @ w[n:] / fractal.UNITS - y) ** 2)

    def one(second: Any, first: Any) -> Any:
        rates = jnp.concatenate([jnp.full(n, first), jnp.full(fractal.DIM - n, second)])

        def step(t: int, state: Any) -> Any:
            w, tail = state
            fun, g = jax.value_and_grad(loss)(w)
            return w - rates * g, tail + jnp.where(t >= STEPS - 20, fun, 0.0)

        return jax.lax.fori_loop(0, STEPS, step, (jnp.asarray(fractal.START), 0.0))[1] / 20

    def theirs(chunk: int) -> Callable[[], Any]:
        x = [10 ** (lo + (np.arange(size) + 0.5) * (hi - lo) / size) for lo, hi in fractal.WINDOW]
        return _jax_run(one, *np.meshgrid(x[1], x[0], indexing="ij"), chunk)

    def compared(pair: Any) -> str:
        verdicts = fractal.trains(pair[0]), pair[1].reshape(size, size) < fractal.loss(fractal.START)
        return f"{100 * np.mean(verdicts[0] == verdicts[1]):.2f} % of the verdicts agree"

    return ours, theirs, compared


def _jax_run(one: Any, a: np.ndarray, b: np.ndarray, chunk: int) -> Callable[[], Any]:
    """All pairs at once, or by chunks one after another."""
    import jax

    many = jax.vmap(one)
    run = jax.jit(lambda a, b: jax.lax.map(lambda ab: many(*ab), (a.reshape(-1, chunk), b.reshape(-1, chunk))).ravel())
    given = jax.numpy.asarray(a.ravel()), jax.numpy.asarray(b.ravel())
    compiled = run.lower(*given).compile()
    return lambda: np.asarray(jax.block_until_ready(compiled(*given)))


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = function()
    return time.perf_counter() - began, result


def main() -> None:
    import jax

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("bowl", "network"))
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    print(machine(), f"jax {jax.__version__}")
    works = {"bowl": (bowl, (1024, 4096, 16384, 1 << 20)), "network": (network, (64, 256, 1024))}
    for name, (make, chunks) in works.items():
        if arguments.only not in (None, name):
            continue
        ours, theirs, compared = make()
        runs = {chunk: theirs(chunk) for chunk in chunks}
        ours()  # compiles
        best, times, results = np.inf, dict.fromkeys(chunks, np.inf), [None, None]
        for _ in range(arguments.rounds):
            seconds, results[0] = timed(ours)
            best = min(best, seconds)
            for chunk, function in runs.items():
                seconds, results[1] = timed(function)
                times[chunk] = min(times[chunk], seconds)
        print(f"{name}: {best:.3f} s; {compared(results)}")
        for chunk, seconds in times.items():
            print(f"  JAX, {chunk} at once: {seconds:.3f} s, {seconds / best:.1f} times")


if __name__ == "__main__":
    main()
