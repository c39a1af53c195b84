"""A network's loss written for JAX: the same gradient descent from many starts, here and in JAX, in one run.

`python benchmarks/jax_network_beside_jax.py [--starts N] [--rounds N]`. JAX maps its loop over the starts (`jit` of
`vmap`), all at once or, by `lax.map`, by chunks that fit into the cache. Both compile before they are timed; times are
the least of the rounds, which take turns. The gradient is compared at 100 points before anything is timed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from test_descend import machine

import fastdescent as fd

jax.config.update("jax_enable_x64", True)

LR, STEPS = 0.5, 100
X, Y = fd.data.two_moons(64)
WEIGHTS, UNRAVEL = jax.flatten_util.ravel_pytree({"W": jnp.zeros((2, 8)), "b": jnp.zeros(8), "v": jnp.zeros(8)})


def loss(w: Any) -> Any:
    p = UNRAVEL(w)
    logits = jnp.tanh(X @ p["W"] + p["b"]) @ p["v"]
    return jnp.mean(jax.nn.softplus(logits) - Y * logits)


def ours(surface: fd.Surface, starts: Any) -> Callable[[], Any]:
    return lambda: fd.descend(surface, starts, fd.GD(lr=LR), max_steps=STEPS, gtol=None, escape_radius=None).x


def theirs(starts: Any, chunk: int) -> Callable[[], Any]:
    def one(w: Any) -> Any:
        return jax.lax.fori_loop(0, STEPS, lambda _, w: w - LR * jax.grad(loss)(w), w)

    run = jax.jit(lambda w: jax.lax.map(jax.vmap(one), w.reshape(-1, chunk, w.shape[-1])).reshape(w.shape))
    given = jnp.asarray(starts)
    return lambda: np.asarray(jax.block_until_ready(run(given)))


def least(runs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    best = dict.fromkeys(runs, np.inf)
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    began = time.perf_counter()
    surface = fd.surface(loss, dim=WEIGHTS.size)
    traced = time.perf_counter() - began
    starts = np.random.default_rng(0).normal(size=(options.starts, WEIGHTS.size))
    wanted = jax.vmap(jax.grad(loss))(starts[:100])
    off = float(np.max(np.abs(surface.gradient(starts[:100]) - wanted)))
    assert off < 1e-14
    runs = {"fastdescent": ours(surface, starts)}
    for chunk in (64, 512, options.starts):
        if chunk <= options.starts and options.starts % chunk == 0:
            runs[f"JAX, {chunk} at a time"] = theirs(starts, chunk)
    ends = {name: run() for name, run in runs.items()}  # compiles, too
    apart = max(float(np.quantile(np.abs(e - ends["fastdescent"]).max(1), 0.9)) for e in ends.values())
    print(machine())
    print(f"{options.starts} starts, {WEIGHTS.size} weights, {STEPS} steps; traced in {traced:.2f} s")
    print(f"gradients within {off:.1e}; 9 of 10 endpoints within {apart:.1e}")
    for name, seconds in least(runs, options.rounds).items():
        print(f"{name:24} {seconds:7.2f} s")


if __name__ == "__main__":
    main()
