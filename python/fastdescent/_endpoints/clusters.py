"""Which numbers, and which points, are the same within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int_]


def ranks(values: Floats, tolerance: npt.ArrayLike) -> Indices:
    """Equal numbers for values that a chain of gaps of at most `tolerance` joins; ascending.

    >>> ranks(np.array([3.0, 1.0, 1.0 + 1e-9]), 1e-6).tolist()
    [1, 0, 0]
    """
    order = np.argsort(values, kind="stable")
    allowed = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), values.shape)[order]
    gaps = np.diff(values[order]) > np.maximum(allowed[1:], allowed[:-1])
    found = np.empty(len(values), np.int_)
    found[order] = np.concatenate([np.zeros(min(len(values), 1), np.int_), np.cumsum(gaps)])
    return found


def fun_tolerance(eigenvalues: Floats, distance: float) -> Floats:
    """By how much f differs between points of one critical point at most that far apart; eigenvalues (k, dim)."""
    steepest = np.abs(eigenvalues).max(axis=-1, initial=0.0)
    with np.errstate(over="ignore"):
        return np.asarray(0.5 * (np.sqrt(steepest) * distance) ** 2)


def groups(points: Floats, tolerance: float, values: Floats, value_tolerance: Floats) -> Indices:
    """A group number for each point, shape (m,); points (m, dim) and their values within tolerance are one group.

    Linear in m, but for sorting, where the groups are small compared with the distances between them.
    """
    side = tolerance / (2.0 * math.sqrt(points.shape[1]))
    cells = np.floor(points / side)
    _, first, cell_of = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    cell_of = cell_of.reshape(-1)
    parent = np.arange(len(first))
    for i, j in _close_pairs(points[first], tolerance, values[first], value_tolerance[first]):
        a, b = _root(parent, i), _root(parent, j)
        parent[max(a, b)] = min(a, b)
    roots = np.array([_root(parent, i) for i in range(len(parent))], dtype=np.int_)
    return np.unique(roots[cell_of], return_inverse=True)[1].reshape(-1)


def _root(parent: Indices, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _close_pairs(
    points: Floats, tolerance: float, values: Floats, value_tolerance: Floats
) -> Iterator[tuple[int, int]]:
    """Pairs within tolerance, found among neighbours in a generic direction, where few others come between."""
    direction = np.cos(1.0 + 2.4 * np.arange(points.shape[1]))
    along = points @ (direction / np.linalg.norm(direction))
    order = np.argsort(along, kind="stable")
    along = along[order]
    for k in range(1, len(order)):
        near = np.flatnonzero(along[k:] - along[:-k] <= tolerance)
        if not len(near):
            return
        i, j = order[near], order[near + k]
        same = np.linalg.norm(points[i] - points[j], axis=-1) <= tolerance
        same &= np.abs(values[i] - values[j]) <= np.maximum(value_tolerance[i], value_tolerance[j])
        yield from zip(i[same].tolist(), j[same].tolist(), strict=True)


def first_best(group: Indices, cost: npt.NDArray[Any]) -> Indices:
    """For each group the index of its least cost, of equals the first."""
    order = np.lexsort((np.arange(len(group)), cost, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return order[starts]
