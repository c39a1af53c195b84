"""Each optimizer's rule against its update equation in plain NumPy, on f and a gradient that share no code with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fastdescent as fd

Point = np.ndarray
Gradient = Callable[[Point], Point]


def gd(g: Gradient, x: Point, lr: float) -> Iterator[Point]:
    while True:
        yield x
        x = x - lr * g(x)


def momentum(g: Gradient, x: Point, lr: float, momentum: float) -> Iterator[Point]:
    v = np.zeros_like(x)
    while True:
        yield x
        v = momentum * v + g(x)
        x = x - lr * v


def sgd(
    g: Gradient, x: Point, lr: float, momentum: float, dampening: float, nesterov: bool, weight_decay: float
) -> Iterator[Point]:
    """PyTorch's: the first buffer is the gradient, without dampening."""
    buffer = None
    while True:
        yield x
        slope = g(x) + weight_decay * x
        buffer = slope if buffer is None else momentum * buffer + (1 - dampening) * slope
        x = x - lr * (slope + momentum * buffer if nesterov else buffer)


def rmsprop(
    g: Gradient, x: Point, lr: float, alpha: float, eps: float, weight_decay: float, momentum: float, centered: bool
) -> Iterator[Point]:
    v, a, b = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    while True:
        yield x
        slope = g(x) + weight_decay * x
        v = alpha * v + (1 - alpha) * slope**2
        a = alpha * a + (1 - alpha) * slope
        b = momentum * b + slope / (np.sqrt(v - a**2 if centered else v) + eps)
        x = x - lr * b


def adam(
    g: Gradient, x: Point, lr: float, betas: tuple[float, float], eps: float, weight_decay: float, amsgrad: bool
) -> Iterator[Point]:
    m, v, top, t = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x), 0
    while True:
        yield x
        t += 1
        slope = g(x) + weight_decay * x
        m = betas[0] * m + (1 - betas[0]) * slope
        v = betas[1] * v + (1 - betas[1]) * slope**2
        top = np.maximum(top, v)
        m_hat, v_hat = m / (1 - betas[0] ** t), (top if amsgrad else v) / (1 - betas[1] ** t)
        x = x - lr * m_hat / (np.sqrt(v_hat) + eps)


def after(path: Iterator[Point], steps: int) -> Point:
    """The point after so many steps."""
    for _ in range(steps):
        next(path)
    return next(path)


STEPS = 25


def beale_gradient(p: np.ndarray) -> np.ndarray:
    x, y = p
    r = np.array([1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3])
    by_x, by_y = np.array([y - 1, y**2 - 1, y**3 - 1]), np.array([x, 2 * x * y, 3 * x * y**2])
    return np.array([2 * r @ by_x, 2 * r @ by_y])


RULES: list[tuple[Any, Any]] = [
    (fd.GD(lr=0.001), lambda x: gd(beale_gradient, x, 0.001)),
    (fd.Momentum(lr=0.001, momentum=0.7), lambda x: momentum(beale_gradient, x, 0.001, 0.7)),
    (fd.SGD(lr=0.001), lambda x: gd(beale_gradient, x, 0.001)),
    (fd.SGD(lr=0.001, momentum=0.7), lambda x: momentum(beale_gradient, x, 0.001, 0.7)),
    (
        fd.SGD(lr=0.001, momentum=0.7, dampening=0.3, weight_decay=0.1),
        lambda x: sgd(beale_gradient, x, 0.001, 0.7, 0.3, False, 0.1),
    ),
    (
        fd.SGD(lr=0.001, momentum=0.7, nesterov=True),
        lambda x: sgd(beale_gradient, x, 0.001, 0.7, 0.0, True, 0.0),
    ),
    (fd.Langevin(lr=0.001, temperature=0), lambda x: gd(beale_gradient, x, 0.001)),
    (fd.RMSprop(lr=0.02), lambda x: rmsprop(beale_gradient, x, 0.02, 0.99, 1e-8, 0, 0, False)),
    (
        fd.RMSprop(lr=0.02, alpha=0.9, eps=1e-4, weight_decay=0.1, momentum=0.5, centered=True),
        lambda x: rmsprop(beale_gradient, x, 0.02, 0.9, 1e-4, 0.1, 0.5, True),
    ),
    (fd.Adam(), lambda x: adam(beale_gradient, x, 0.001, (0.9, 0.999), 1e-8, 0, False)),
    (
        fd.Adam(lr=0.05, betas=(0.7, 0.9), eps=1e-3, weight_decay=0.2, amsgrad=True),
        lambda x: adam(beale_gradient, x, 0.05, (0.7, 0.9), 1e-3, 0.2, True),
    ),
]


@pytest.mark.parametrize(
    ("optimizer", "path"), RULES, ids=lambda v: repr(v)[:60] if isinstance(v, fd.Optimizer) else ""
)
def test_rule_against_numpy(optimizer: Any, path: Any) -> None:
    x0 = np.array([[0.5, 0.5], [-1.0, 1.2], [2.0, -0.3], [3.0, 0.4]])
    run = fd.descend(fd.surfaces.beale(), x0, optimizer, max_steps=STEPS, gtol=None)
    assert np.all(run.nit == STEPS)
    expected = [after(path(x), STEPS) for x in x0]
    np.testing.assert_allclose(run.x, expected, rtol=1e-10)
