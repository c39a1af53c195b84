"""Work to be timed, defined once: a surface, starts, an optimizer, and what the answer must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastdescent as fd


@dataclass(frozen=True)
class Workload:
    """`answer` checks a run before it is timed."""

    name: str
    surface: Callable[[], fd.Surface]
    side: int  #: starts: a grid of side x side over `window`
    window: tuple[float, float]
    optimizer: fd.Optimizer
    options: dict[str, Any]
    answer: Callable[[fd.Descent], bool]

    def starts(self, side: int | None = None) -> np.ndarray:
        return fd.grid((self.window, self.window), (side or self.side,) * 2).reshape(-1, 2)

    def run(self, x0: np.ndarray, **more: Any) -> fd.Descent:
        return fd.descend(self.surface(), x0, self.optimizer, **self.options, **more)


FREE = {"gtol": None, "escape_radius": None}
WORKLOADS = [
    Workload(
        "himmelblau-gd", fd.surfaces.himmelblau, 1024, (-5, 5), fd.GD(lr=0.005), {"max_steps": 1000, **FREE},
        lambda run: bool(np.all(run.fun < 1e-9)),
    ),
    Workload(
        "rastrigin-adam", fd.surfaces.rastrigin, 512, (-5, 5), fd.Adam(lr=0.01), {"max_steps": 500, **FREE},
        lambda run: bool(np.all(run.grad_norm < 10.0)),
    ),
    Workload(
        "rosenbrock-stop", fd.surfaces.rosenbrock, 362, (-1.5, 1.5), fd.Momentum(lr=0.0002),
        {"max_steps": 50_000, "gtol": 1e-6, "escape_radius": None},
        lambda run: bool(run.success.all() and np.all(run.fun < 1e-9)),
    ),
    Workload(
        "himmelblau-map", fd.surfaces.himmelblau, 1024, (-5, 5), fd.LineSearch(), {},
        lambda run: bool(run.success.all()),
    ),
]  # fmt: skip
