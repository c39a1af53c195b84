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
    n: int  #: starts: a square grid over `window` in two dimensions, else random points of it
    window: tuple[float, float]
    optimizer: fd.Optimizer
    options: dict[str, Any]
    answer: Callable[[fd.Descent], bool]

    def starts(self, n: int | None = None) -> np.ndarray:
        n, dim = n or self.n, self.surface().dim
        if dim > 2:
            return fd.uniform((self.window,) * dim, n)
        return fd.grid((self.window, self.window), (round(n**0.5),) * 2).reshape(-1, 2)

    def run(self, x0: np.ndarray, **more: Any) -> fd.Descent:
        return fd.descend(self.surface(), x0, self.optimizer, **(self.options | more))


def waves() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Amplitudes, wave vectors and phases of a random field of 256 waves in 100 dimensions."""
    rng = np.random.default_rng(1)
    return rng.normal(size=256) * (2 / 256) ** 0.5, rng.normal(size=(256, 100)) / 10, rng.uniform(0, 2 * np.pi, 256)


def field() -> fd.Surface:
    a, w, b = waves()
    return fd.surface(lambda x: np.sum(a * np.cos(w @ x + b)) + 0.005 * np.sum(x * x), dim=100, name="field")


def arcs() -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved arcs, 256 points with labels -1 and 1."""
    X, label = fd.data.two_moons(256, noise=0.1, seed=2)
    return X, np.where(label > 0, 1.0, -1.0)


def network(p: Any, X: Any, y: Any, xp: Any = np) -> Any:
    """Loss of a 2-16-1 tanh network with 65 weights, in an array module."""
    w1, b1, w2, b2 = p[:32].reshape(16, 2), p[32:48], p[48:64], p[64]
    return xp.mean((xp.tanh(X @ w1.T + b1) @ w2 + b2 - y) ** 2)


def deep_network(p: Any, X: Any, y: Any, xp: Any = np) -> Any:
    """The same of a 2-64-64-1 network with 4417 weights."""
    w1, b1 = p[:128].reshape(64, 2), p[128:192]
    w2, b2 = p[192:4288].reshape(64, 64), p[4288:4352]
    h = xp.tanh(xp.tanh(X @ w1.T + b1) @ w2.T + b2)
    return xp.mean((h @ p[4352:4416] + p[4416] - y) ** 2)


def network_loss() -> fd.Surface:
    return fd.finite_sum(lambda p, X, y: network(p, X, y), data=arcs(), dim=65, name="network")


def deep_network_loss() -> fd.Surface:
    return fd.finite_sum(lambda p, X, y: deep_network(p, X, y), data=arcs(), dim=4417, name="deep_network")


FREE = {"gtol": None, "escape_radius": None}
WORKLOADS = [
    Workload(
        "himmelblau-gd", fd.surfaces.himmelblau, 1 << 20, (-5, 5), fd.GD(lr=0.005), {"max_steps": 1000, **FREE},
        lambda run: bool(np.all(run.fun < 1e-9)),
    ),
    Workload(
        "rastrigin-adam", fd.surfaces.rastrigin, 1 << 18, (-5, 5), fd.Adam(lr=0.01), {"max_steps": 500, **FREE},
        lambda run: bool(np.all(run.grad_norm < 10.0)),
    ),
    Workload(
        "styblinski-sgd", fd.surfaces.styblinski_tang, 1 << 18, (-5, 5), fd.SGD(lr=0.002),
        {"max_steps": 500, "noise": 5.0, **FREE}, lambda run: bool(-70 < np.mean(run.fun) < -60),
    ),
    Workload(
        "rosenbrock-stop", fd.surfaces.rosenbrock, 1 << 17, (-1.5, 1.5), fd.Momentum(lr=0.0002),
        {"max_steps": 50_000, "gtol": 1e-6, "escape_radius": None},
        lambda run: bool(run.success.all() and np.all(run.fun < 1e-9)),
    ),
    Workload(
        "field-gd", field, 4096, (-3, 3), fd.GD(lr=0.05), {"max_steps": 200, **FREE},
        lambda run: bool(np.all(run.fun < 2.5)),
    ),
    Workload(
        "mlp-sgd", network_loss, 4096, (-1, 1), fd.SGD(lr=0.02, momentum=0.9),
        {"max_steps": 1000, "batch_size": 16, **FREE}, lambda run: bool(np.mean(run.fun) < 0.2),
    ),
    Workload(
        "mlp-gd", network_loss, 4096, (-1, 1), fd.SGD(lr=0.02, momentum=0.9), {"max_steps": 200, **FREE},
        lambda run: bool(np.mean(run.fun) < 0.5),
    ),
    Workload(
        "deep-mlp-gd", deep_network_loss, 1024, (-0.3, 0.3), fd.SGD(lr=0.01, momentum=0.9), {"max_steps": 50, **FREE},
        lambda run: bool(np.mean(run.fun) < 1.0),
    ),
    Workload(
        "himmelblau-map", fd.surfaces.himmelblau, 1 << 20, (-5, 5), fd.LineSearch(), {},
        lambda run: bool(run.success.all()),
    ),
]  # fmt: skip
