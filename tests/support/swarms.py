"""Swarms that remember their starts, against `descend`."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastdescent as fd
from fastdescent import Status

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (20, 20))
N = 100


def same(swarm: fd.Swarm, max_steps: int, *, steps: int | None = None, **options: Any) -> bool:
    """Whether the swarm is where `descend` ends after that many steps; what runs on has the status -1."""
    steps = max_steps if steps is None else steps
    run = fd.descend(swarm.surface, swarm.reference_starts, swarm.optimizer, max_steps=steps, **options)
    status = np.where((run.status == Status.MAX_STEPS) & (run.nit < max_steps), -1, run.status).astype(np.int8)
    pairs = ((swarm.x, run.x), (swarm.nit, run.nit), (swarm.status, status))
    return all(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


def made(surface: fd.Surface, x0: Any, optimizer: Any, **options: Any) -> Any:
    """A swarm that remembers its starts."""
    swarm: Any = fd.Swarm(surface, x0, optimizer, **options)
    swarm.reference_starts = x0
    return swarm
