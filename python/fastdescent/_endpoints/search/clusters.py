"""Which numbers, and which points, are the same within a tolerance.

"The same" is made transitive by chains: if a is near b and b is near c, all three are one cluster.

Example. Points 0.0, 0.9, 1.8 and 5.0 on a line with a tolerance of 1: the first three are a chain.

>>> points, fun, tol = np.array([[0.0], [0.9], [1.8], [5.0]]), np.zeros(4), np.full(4, 0.1)
>>> clusters_of(points, 1.0, fun, tol).tolist()
[0, 0, 0, 1]

Points of different values of f stay apart, however near they are; here the first point cannot be joined:

>>> clusters_of(points, 1.0, np.array([7.0, 0.0, 0.0, 0.0]), tol).tolist()
[0, 1, 1, 2]

Of each cluster the point of the least cost, such as its gradient's norm, is kept:

>>> cheapest_of_each(np.array([0, 1, 1, 2]), np.array([3.0, 2.0, 1.0, 0.0])).tolist()
[0, 2, 3]

Invariants
----------
- Numbers of clusters are 0, 1, ... without gaps, so that they serve as indices.
- Points of one box, whose diagonal is half of the tolerance, are one cluster whatever their values are.
- Every two points of different clusters are further apart than the tolerance in position or in value, or one of
  them is not the first point of its box.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int_]


def ranks(values: Floats, tol: npt.ArrayLike) -> Indices:
    """The rank of each value, ascending; values joined by a chain of gaps of at most `tol` share a rank.

    >>> ranks(np.array([3.0, 1.0, 1.0 + 1e-9]), 1e-6).tolist()
    [1, 0, 0]
    """
    order = np.argsort(values, kind="stable")
    allowed = np.broadcast_to(np.asarray(tol, dtype=np.float64), values.shape)[order]
    is_gap = np.diff(values[order]) > np.maximum(allowed[1:], allowed[:-1])
    found = np.empty(len(values), np.int_)
    found[order] = np.concatenate([np.zeros(min(len(values), 1), np.int_), np.cumsum(is_gap)])
    return found


def fun_tolerance(eigenvalues: Floats, distance: float) -> Floats:
    """How much f differs between two points at most that far apart beside a critical point; eigenvalues (k, dim)."""
    steepest = np.max(np.abs(eigenvalues), axis=-1, initial=0.0, where=~np.isnan(eigenvalues))
    with np.errstate(over="ignore"):
        return np.asarray(0.5 * (np.sqrt(steepest) * distance) ** 2)


def clusters_of(points: Floats, tol: float, fun: Floats, fun_tol: Floats) -> Indices:
    """The cluster of each point, (m,): points (m, dim) within `tol`, with values within `fun_tol`, are one cluster.

    The work is sorting, and linear in m besides, if clusters are small compared with the distances between them.
    Points are put into boxes first, and only the first point of each box is compared with others.
    """
    side = tol / (2.0 * math.sqrt(points.shape[1]))
    boxes = np.floor(points / side)
    _, first, box_of = np.unique(boxes, axis=0, return_index=True, return_inverse=True)
    box_of = box_of.reshape(-1)
    parent = np.arange(len(first))  # union-find over boxes
    for i, j in _close_pairs(points[first], tol, fun[first], fun_tol[first]):
        a, b = _root(parent, i), _root(parent, j)
        parent[max(a, b)] = min(a, b)
    roots = np.array([_root(parent, i) for i in range(len(parent))], dtype=np.int_)
    return np.unique(roots[box_of], return_inverse=True)[1].reshape(-1)


def _root(parent: Indices, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _close_pairs(points: Floats, tol: float, fun: Floats, fun_tol: Floats) -> Iterator[tuple[int, int]]:
    """Pairs within both tolerances.

    The points are sorted along a generic direction. A pair within `tol` is within `tol` along this direction, too, and
    few other points come between the two. So each point is compared with its first neighbours in this order, then with
    its second ones, and so on, until no k-th neighbour is within `tol` along the direction.
    """
    direction = np.cos(1.0 + 2.4 * np.arange(points.shape[1]))
    along = points @ (direction / np.linalg.norm(direction))
    order = np.argsort(along, kind="stable")
    along = along[order]
    for k in range(1, len(order)):
        near = np.flatnonzero(along[k:] - along[:-k] <= tol)
        if not len(near):
            return
        i, j = order[near], order[near + k]
        same = np.linalg.norm(points[i] - points[j], axis=-1) <= tol
        same &= np.abs(fun[i] - fun[j]) <= np.maximum(fun_tol[i], fun_tol[j])
        yield from zip(i[same].tolist(), j[same].tolist(), strict=True)


def cheapest_of_each(cluster: Indices, cost: npt.NDArray[Any]) -> Indices:
    """For each cluster the index of its point of least cost, of equals the first."""
    order = np.lexsort((np.arange(len(cluster)), cost, cluster))
    begins = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    return order[begins]
