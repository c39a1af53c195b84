"""A slow, obvious NumPy implementation of the optimizers and the stop tests: the oracle with a tolerance.

It takes f and its gradient as Python functions of one point and shares nothing with the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

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
