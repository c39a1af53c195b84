"""Functions of JAX's of many kinds, each of a point of shape (6,)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

DIM = 6
_RNG = np.random.default_rng(5)
POINTS = _RNG.uniform(-1.5, 1.5, (3, DIM))
A = jnp.asarray(_RNG.normal(size=(DIM, DIM)))
X, LABELS = jnp.asarray(_RNG.normal(size=(9, 2))), jnp.asarray(_RNG.integers(0, 3, 9))
IMAGE = jnp.asarray(_RNG.normal(size=(1, 2, 5, 5)))

CASES: dict[str, Callable[[Any], Any]] = {}


def case(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    CASES[f.__name__] = f
    return f
