"""The workloads by hand in Numba: a loop over trajectories under prange, with fastmath."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import Workload

Run = Callable[[np.ndarray], tuple[np.ndarray, int]]


def numba_run(w: Workload) -> Run:
    """Compiled when it is first called. For the workloads whose step is a few lines of scalar code."""
    import numba

    made = numba.njit(parallel=True, fastmath=True)(FORMS[w.name](w, numba.prange))

    def timed(x0: np.ndarray) -> tuple[np.ndarray, int]:
        x = x0.copy()
        return x, int(made(x))

    return timed


def _numba_himmelblau(w: Workload, prange: Any) -> Any:
    lr, last = w.optimizer.lr, w.options["max_steps"]

    def run(points: Any) -> int:
        for i in prange(len(points)):
            x, y = points[i]
            for _ in range(last):
                a, b = x * x + y - 11, x + y * y - 7
                x, y = x - lr * (4 * x * a + 2 * b), y - lr * (2 * a + 4 * y * b)
            points[i, 0], points[i, 1] = x, y
        return len(points) * last

    return run


def _numba_rastrigin(w: Workload, prange: Any) -> Any:
    lr, last = w.optimizer.lr, w.options["max_steps"]

    def run(points: Any) -> int:
        for i in prange(len(points)):
            for k in range(2):
                x, m, v, p, q = points[i, k], 0.0, 0.0, 1.0, 1.0
                for _ in range(last):
                    g = 2 * x + 20 * math.pi * math.sin(2 * math.pi * x)
                    m, v, p, q = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g, 0.9 * p, 0.999 * q
                    x -= lr / (1 - p) * m / (math.sqrt(v / (1 - q)) + 1e-8)
                points[i, k] = x
        return len(points) * last

    return run


def _numba_styblinski(w: Workload, prange: Any) -> Any:
    lr, last, sigma = w.optimizer.lr, w.options["max_steps"], w.options["noise"]

    def run(points: Any) -> int:
        for i in prange(len(points)):
            for _ in range(last):
                for k in range(2):
                    x = points[i, k]
                    points[i, k] = x - lr * (2 * x**3 - 16 * x + 2.5 + sigma * np.random.normal())  # noqa: NPY002
        return len(points) * last

    return run


def _numba_rosenbrock(w: Workload, prange: Any) -> Any:
    lr, mu, last, gtol2 = w.optimizer.lr, w.optimizer.momentum, w.options["max_steps"], w.options["gtol"] ** 2

    def run(points: Any) -> int:
        steps = 0
        for i in prange(len(points)):
            x, y = points[i]
            u, v, t = 0.0, 0.0, 0
            while t < last:
                c = y - x * x
                gx, gy = -400 * x * c - 2 * (1 - x), 200 * c
                if gx * gx + gy * gy <= gtol2:
                    break
                u, v, t = mu * u + gx, mu * v + gy, t + 1
                x, y = x - lr * u, y - lr * v
            points[i, 0], points[i, 1] = x, y
            steps += t
        return steps

    return run


FORMS: dict[str, Any] = {
    "himmelblau-gd": _numba_himmelblau,
    "rastrigin-adam": _numba_rastrigin,
    "styblinski-sgd": _numba_styblinski,
    "rosenbrock-stop": _numba_rosenbrock,
}
