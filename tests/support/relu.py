"""relu in many spellings, and a network of relu units that a plain NumPy loop trains, row after row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "maximum(z, 0)": lambda z: np.maximum(z, 0),
    "maximum(0, z)": lambda z: np.maximum(0, z),
    "fmax": lambda z: np.fmax(z, 0),
    "-minimum": lambda z: -np.minimum(-z, 0),
    "clip": lambda z: np.clip(z, 0, None),
    "method clip": lambda z: z.clip(0),
    "where >": lambda z: np.where(z > 0, z, 0),
    "where >=": lambda z: np.where(z >= 0, z, 0),
    "where <": lambda z: np.where(z < 0, 0, z),
    "where <=": lambda z: np.where(z <= 0, 0, z),
    "where not": lambda z: np.where(~(z < 0), z, 0),
    "select": lambda z: np.select([z >= 0], [z], 0.0),
    "(z > 0) * z": lambda z: (z > 0) * z,
    "z * (z >= 0)": lambda z: z * (z >= 0),
    "z * not": lambda z: z * ~(z < 0),
    "where * z": lambda z: np.where(z >= 0, 1.0, 0.0) * z,
    "heaviside": lambda z: np.heaviside(z, 0) * z,
    "half of abs": lambda z: (z + np.abs(z)) / 2,
    "halves": lambda z: 0.5 * z + 0.5 * np.abs(z),
    "abs minus": lambda z: (np.abs(z) - -z) / 2,
    "z - minimum": lambda z: z - np.minimum(z, 0),
    "max of a stack": lambda z: np.max(np.stack([z, np.zeros_like(z)]), axis=0),
}

ROWS = (0.0, 1.0)  #: inputs; the target of each is the input


def row_loss(n: int, relu: Callable[[Any], Any]) -> Callable[..., Any]:
    """The absolute error of dense(1, n, relu), dense(n, 1) for one row, which is the last coordinate.

    The others are weights, packed as `surfaces.layers` has them.
    """

    def absolute_error(x: Any) -> Any:
        w, row = x[:-1], x[-1]
        hidden = relu(row * w[:n] + w[n : 2 * n])
        return np.abs(hidden @ w[2 * n : 3 * n] + w[3 * n] - row)

    return absolute_error


def mean_loss(weights: Floats, n: int) -> Floats:
    """The mean absolute error of all rows, for weights (n_starts, 3 n + 1)."""
    w, c, v, d = np.split(weights, [n, 2 * n, 3 * n], axis=1)
    outputs = [np.sum(np.maximum(a * w + c, 0.0) * v, axis=1) + d[:, 0] for a in ROWS]
    return np.asarray(np.mean([np.abs(o - a) for o, a in zip(outputs, ROWS, strict=True)], axis=0))


def trained(starts: Floats, n: int, lr: float, n_epochs: int) -> Floats:
    """The weights after descent along one row at a time, in order: each derivative written out."""
    w, c, v, d = (part.copy() for part in np.split(starts, [n, 2 * n, 3 * n], axis=1))
    for _ in range(n_epochs):
        for a in ROWS:
            z = a * w + c
            hidden = np.maximum(z, 0.0)
            sign = np.sign(np.sum(hidden * v, 1, keepdims=True) + d - a)
            slope = sign * v * (z > 0.0)
            v, d = v - lr * sign * hidden, d - lr * sign
            w, c = w - lr * slope * a, c - lr * slope
    return np.concatenate([w, c, v, d], axis=1)
