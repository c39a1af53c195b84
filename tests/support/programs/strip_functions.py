"""Functions of weights and rows of data, each with another way in which rows need each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from support.rows import surface_of_rows

import fastdescent as fd

X = np.random.default_rng(0).normal(size=(13, 3))


Y = np.random.default_rng(1).normal(size=13)


DIM = 24


def layers(w: Any) -> tuple[Any, ...]:
    return w[:12].reshape(3, 4), w[12:16], w[16:20], w[20:24]


def network(w: Any, X: Any, y: Any) -> Any:
    a, b, c, _ = layers(w)
    return np.mean((np.tanh(X @ a + b) @ c - y) ** 2)


def columns(w: Any, X: Any, y: Any) -> Any:
    """Rows of data are columns."""
    a, b, c, _ = layers(w)
    return np.mean((c @ np.tanh(a.T @ X.T + b[:, np.newaxis]) - y) ** 2)


def normalized(w: Any, X: Any, y: Any) -> Any:
    """What all rows have in common is needed by each of them."""
    a, b, c, d = layers(w)
    z = X @ a + b
    z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 0.1)
    return np.mean((np.tanh(z * d) @ c - y) ** 2)


def classes(w: Any, X: Any, y: Any) -> Any:
    a, b, c, d = layers(w)
    z = np.exp(-((X @ a + b) ** 2)) @ np.stack([c, d], axis=1)
    return -np.mean(np.sum((z - np.logaddexp.reduce(z, axis=1, keepdims=True)) * np.stack([y, 1 - y], axis=1), axis=1))


def neighbours(w: Any, X: Any, y: Any) -> Any:
    """Rows that need other rows: the next, the last, all of them."""
    a, b, c, _ = layers(w)
    h = np.cos(X @ a + b)
    g = np.sin(h) * 2.0 - h
    return (
        np.sum((g[1:] - g[:-1]) ** 2) + np.sum(g[::-1] * h) + np.sum((g @ g.T) ** 2) * 0.01 + np.sum((g @ c - y) ** 2)
    )


def heads(w: Any, X: Any, y: Any) -> Any:
    """Three axes, the rows in the middle; halves of each row."""
    a, b, c, d = layers(w)
    z = np.stack([X @ a + b, np.tanh(X @ a) * d])
    e = np.exp(0.1 * z)
    return np.sum(e[:, :, ::2] * e[:, :, 1::2]) + np.sum((np.sum(e, axis=2) * y) ** 2) + np.sum(e.mean(axis=0) @ c)


def joined(w: Any, X: Any, y: Any) -> Any:
    """Rows are put together and taken apart."""
    a, b, c, d = layers(w)
    h = np.tanh(X @ a + b)
    both = np.concatenate([h, h * h * d], axis=1)
    return np.sum((both[:, 2:6] @ c - y) ** 2) + np.max(both[:, 0] * 0.5 + both[:, 7])


def extremes(w: Any, X: Any, y: Any) -> Any:
    a, b, c, _ = layers(w)
    z = np.arctan(X @ a + b)
    return (
        np.sum(np.max(z, axis=0)) + np.logaddexp.reduce(z @ c + y) + np.prod(1.0 + 0.1 * z[:, 1]) + np.cumsum(z @ c)[5]
    )


FUNCTIONS = (network, columns, normalized, classes, neighbours, heads, joined, extremes)


def surface_of(f: Callable[..., Any]) -> fd.Surface:
    return surface_of_rows(f, data=(X, Y), dim=DIM, name=f.__name__)
