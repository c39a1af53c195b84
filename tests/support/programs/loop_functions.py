"""Functions of six coordinates with loops, each with another way in which steps need one another."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastdescent as fd

DIM = 6
DATA = np.random.default_rng(11).normal(size=(12, 4))
SMALL = np.random.default_rng(12).normal(size=(4, 4)) / 4


def logistic_map(x: Any) -> Any:
    """One number is carried; the result alone is read."""
    r = 2.5 + 0.2 * np.tanh(x[0])
    return (fd.fori(9, lambda i, u: r * u * (1 - u), 0.3) - x[1]) ** 2 + np.sum(x**2)


def exchanged(x: Any) -> Any:
    """Arrays change places, and one is carried that nothing reads."""
    a, b, _ = fd.fori(5, lambda i, c: (c[1], c[0] * x[:3] + 0.1 * i, c[2] + 1.0), (x[:3], x[3:], 0.0))
    return np.sum(a * b) + np.sum(a**2)


def with_data(x: Any) -> Any:
    """Rows of data forwards, backwards and in steps, and a sum of losses."""

    def step(i: Any, carried: Any) -> Any:
        h = np.tanh(SMALL @ carried["h"] + DATA[i] * x[4] - DATA[11 - i] + DATA[i // 3, ::-1])
        return {"h": h, "loss": carried["loss"] + np.sum((h - DATA[i]) ** 2) * x[5]}

    end = fd.fori(12, step, {"h": x[:4], "loss": 0.0})
    return end["loss"] + np.sum(end["h"] ** 2)


def rows_of_x(x: Any) -> Any:
    """Each step reads its own coordinate."""
    y = 0.5 * x * x + 0.5
    return fd.fori(6, lambda i, s: np.sin(s + x[i]) * y[5 - i], 0.5)


def wide(x: Any) -> Any:
    """Many rows are carried: instructions are loops within the loop."""
    first = np.outer(x[:5], np.linspace(-1, 1, 8))
    end = fd.fori(4, lambda i, u: 0.9 * u + 0.1 * np.sin(u * x[5]) @ np.eye(8)[::-1], first)
    return np.mean(end**2) + np.sum(x**2)


def training(x: Any) -> Any:
    """Five steps of gradient descent with momentum; the learning rate and the start are what is learnt."""
    A, y = DATA[:, :3], DATA[:, 3]
    lr, momentum = 0.1 * np.exp(x[0]), 1 / (1 + np.exp(-x[1]))

    def step(i: Any, carried: Any) -> Any:
        w, v = carried
        v = momentum * v - lr * (A.T @ (A @ w - y)) / 12
        return w + v, v

    w, _ = fd.fori(5, step, (x[3:], np.zeros(3)))
    return np.mean((A @ w - y) ** 2) + 0.01 * np.sum(x**2)


def one_after_the_other(x: Any) -> Any:
    """Loops whose starts other loops made, with the same body twice; one has one step."""

    def step(i: Any, u: Any) -> Any:
        return u - 0.1 * np.stack([u[1] * x[0], -u[0] * x[1] + u[1] ** 2])

    u = fd.fori(7, step, np.array([1.0, 0.5]))
    v = fd.fori(7, step, u * x[2])
    w = fd.fori(1, step, v)
    return np.sum((u - v) ** 2) + np.sum(w**2) + np.sum(x**2)


def guarded(x: Any) -> Any:
    """Choices by the step and by what is carried, with a root that may be at 0."""

    def step(i: Any, u: Any) -> Any:
        grown = np.where(u > 0.5, np.sqrt(np.maximum(u, 0.0)), u * u)
        return np.where(i % 2 == 0, grown, u + x[1] * 0.1)

    return fd.fori(8, step, x[0] ** 2) + np.sum(x**2)


FUNCTIONS = (logistic_map, exchanged, with_data, rows_of_x, wide, training, one_after_the_other, guarded)
