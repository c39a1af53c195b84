"""Losses as people have them beside JAX, in one run: a robot's arm with `if`s, k-means, a Gaussian process.

`python benchmarks/losses_beside_jax.py [--starts N] [--only NAME]`. Each loss is a plain NumPy function; JAX gets its
own, since it knows no `if`, and maps 200 steps of gradient descent over the starts (`jit` of `vmap`, by chunks of 1,024
that fit into the cache), in float64. Gradients are compared first. Both have compiled before they are timed.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np
from test_descend import machine

import fastdescent as fd

jax.config.update("jax_enable_x64", True)
STEPS, CHUNK = 200, 1024


def arm(angles: Any) -> float:
    """Three joints reach for (1, 1.5), over the floor, none bent by more than 2."""
    x = y = heading = penalty = 0.0
    for angle in angles:
        heading += angle
        x, y = x + math.cos(heading), y + math.sin(heading)
        if abs(angle) > 2:
            penalty += (abs(angle) - 2) ** 2
    if y < 0:
        penalty += y**2
    return (x - 1) ** 2 + (y - 1.5) ** 2 + penalty


def arm_in_jax(angles: Any) -> Any:
    heading = jnp.cumsum(angles)
    x, y = jnp.sum(jnp.cos(heading)), jnp.sum(jnp.sin(heading))
    bent = jnp.sum(jnp.where(jnp.abs(angles) > 2, (jnp.abs(angles) - 2) ** 2, 0.0))
    return (x - 1) ** 2 + (y - 1.5) ** 2 + bent + jnp.where(y < 0, y**2, 0.0)


POINTS = np.random.default_rng(0).normal(size=(30, 2)) + np.repeat([[0, 0], [4, 0], [0, 4]], 10, axis=0)


def k_means(x: Any) -> Any:
    centres = x.reshape(3, 2)
    return sum(min(np.sum((p - c) ** 2) for c in centres) for p in POINTS) / len(POINTS)


def k_means_in_jax(x: Any) -> Any:
    return jnp.mean(jnp.min(jnp.sum((POINTS[:, None] - x.reshape(3, 2)) ** 2, axis=-1), axis=1))


TIMES = np.linspace(0.0, 3.0, 30)
VALUES = np.sin(2 * TIMES) + 0.1 * np.random.default_rng(1).normal(size=30)


def gaussian_process(h: Any) -> Any:
    """Minus the log likelihood per point, by the logarithms of length, height and noise."""
    length, height, noise = np.exp(h)
    k = height * np.exp(-0.5 * ((TIMES[:, None] - TIMES) / length) ** 2) + (noise + 1e-3) * np.eye(30)
    chol = np.linalg.cholesky(k)
    white = np.linalg.solve(chol, VALUES)
    return (0.5 * white @ white + np.sum(np.log(np.diag(chol)))) / 30


def gaussian_process_in_jax(h: Any) -> Any:
    length, height, noise = jnp.exp(h)
    k = height * jnp.exp(-0.5 * ((TIMES[:, None] - TIMES) / length) ** 2) + (noise + 1e-3) * jnp.eye(30)
    chol = jnp.linalg.cholesky(k)
    white = jax.scipy.linalg.solve_triangular(chol, VALUES, lower=True)
    return (0.5 * white @ white + jnp.sum(jnp.log(jnp.diag(chol)))) / 30


@dataclass(frozen=True)
class Loss:
    """A loss for both, its coordinates, the deviation of normal starts, the learning rate, and how many starts."""

    ours: Callable[[Any], Any]
    theirs: Callable[[Any], Any]
    dim: int
    spread: float
    lr: float
    n: int


LOSSES = {
    "arm": Loss(arm, arm_in_jax, 3, 1.5, 0.05, 1 << 20),
    "k-means": Loss(k_means, k_means_in_jax, 6, 2.0, 0.2, 1 << 14),
    "gaussian process": Loss(gaussian_process, gaussian_process_in_jax, 3, 0.5, 0.1, 1 << 10),
}


def jax_run(loss: Loss, starts: Any) -> Callable[[], Any]:
    def one(x: Any) -> Any:
        return jax.lax.fori_loop(0, STEPS, lambda _, x: x - loss.lr * jax.grad(loss.theirs)(x), x)

    run = jax.jit(lambda x: jax.lax.map(jax.vmap(one), x.reshape(-1, min(CHUNK, len(x)), loss.dim)).reshape(x.shape))
    return lambda: np.asarray(jax.block_until_ready(run(jnp.asarray(starts))))


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int)
    parser.add_argument("--only", choices=LOSSES)
    options = parser.parse_args()
    print(machine(), "jax", jax.__version__)
    for name in [options.only] if options.only else LOSSES:
        loss = LOSSES[name]
        starts = np.random.default_rng(2).normal(size=(options.starts or loss.n, loss.dim)) * loss.spread
        traced, surface = seconds(lambda loss=loss: fd.surface(loss.ours, dim=loss.dim))  # type: ignore[misc]
        wanted = np.asarray(jax.vmap(jax.grad(loss.theirs))(starts[:100]))
        off = np.max(np.abs(surface.gradient(starts[:100]) - wanted)) / np.max(np.abs(wanted))

        def ours(surface: fd.Surface = surface, starts: Any = starts, lr: float = loss.lr) -> Any:
            return fd.descend(surface, starts, fd.GD(lr), max_steps=STEPS, gtol=None, escape_radius=None).x

        theirs = jax_run(loss, starts)
        first = [seconds(run)[0] for run in (ours, theirs)]
        times = np.min([[seconds(run)[0] for run in (ours, theirs)] for _ in range(3)], axis=0)
        longer = [a - b for a, b in zip(first, times, strict=True)]
        print(f"{name}: {len(starts)} starts, {STEPS} steps: {times[0]:.2f} s, JAX {times[1]:.2f} s;", end=" ")
        print(f"traced in {traced:.2f} s, first runs longer by {longer[0]:.1f} and {longer[1]:.1f} s;", end=" ")
        print(f"gradients within {off:.1e}")


if __name__ == "__main__":
    main()
