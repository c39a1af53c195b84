"""Connected sets of critical points: their representatives become one row of the table.

Representatives of sets (`set_dim` 1 or more) are joined like the edges of a shortest tree: from each set so far to the
nearest representative of another one, if the two are in one valley at one height.

Example. On two rings of minima, four points of each become one set each:

>>> from fastdescent import surface
>>> from fastdescent._endpoints.search.verdict import judged
>>> rings = Landscape.of(surface("((x**2 + y**2 - 1) * (x**2 + y**2 - 4))**2", window=(-3, 3)))
>>> angle = np.arange(16) * np.pi / 8
>>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
>>> points = judged(rings, np.concatenate([circle, 2 * circle]))
>>> len(points), int(set_of_each(rings, points).max()) + 1
(32, 2)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.chains import SAME_SET, height_tolerance
from fastdescent._endpoints.search.connected import connected
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import Polished

MOST = 600  #: representatives that are joined; others join the set of the nearest of these
_TRIES = 6  #: nearest points of other sets that a set is compared with

Indices = npt.NDArray[np.int_]


def set_of_each(landscape: Landscape, points: Polished) -> Indices:
    """The set (0, 1, ...) of each of the points, all of which stand for sets."""
    scaled = points.x / landscape.frame.width
    tol = height_tolerance(landscape, points)
    chosen = np.linspace(0, len(points) - 1, min(len(points), MOST)).astype(np.int_)
    sets = _joined(landscape, points.x[chosen], scaled[chosen], points.fun[chosen], tol[chosen])
    if len(chosen) == len(points):
        return sets
    found = np.empty(len(points), np.int_)
    found[chosen] = sets
    others = np.setdiff1d(np.arange(len(points)), chosen)
    parts = np.array_split(others, 1 + len(others) // MOST)
    nearest = np.concatenate([_distances(scaled[k], scaled[chosen]).argmin(axis=1) for k in parts])
    found[others] = sets[nearest]
    return found


def _joined(landscape: Landscape, x: Floats, scaled: Floats, fun: Floats, tol: Floats) -> Indices:
    distance = _distances(scaled, scaled)
    distance[np.abs(fun[:, np.newaxis] - fun) > np.maximum(tol[:, np.newaxis], tol)] = np.inf
    sets, failures = np.arange(len(x)), np.zeros(len(x), np.int_)
    while True:
        apart = np.where(sets[:, np.newaxis] != sets, distance, np.inf)
        apart[failures[sets] >= _TRIES] = np.inf
        a, b = _nearest_pairs(apart, sets)
        if not len(a):
            return np.unique(sets, return_inverse=True)[1].reshape(-1)
        is_one = connected(landscape, x[a], x[b], SAME_SET)
        distance[a[~is_one], b[~is_one]] = distance[b[~is_one], a[~is_one]] = np.inf
        np.add.at(failures, sets[a[~is_one]], 1)
        np.add.at(failures, sets[b[~is_one]], 1)
        for i, j in zip(a[is_one].tolist(), b[is_one].tolist(), strict=True):
            low, high = sorted((sets[i], sets[j]))
            sets[sets == high] = low


def _nearest_pairs(apart: Floats, sets: Indices) -> tuple[Indices, Indices]:
    """For each set the pair of nearest points, one of the set and one of another set; each pair once."""
    nearest = apart.argmin(axis=1)
    length = apart[np.arange(len(apart)), nearest]
    order = np.lexsort((length, sets))
    first = order[np.flatnonzero(np.diff(sets[order], prepend=-1))]
    first = first[np.isfinite(length[first])]
    pairs = np.unique(np.sort(np.stack([first, nearest[first]], axis=1), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _distances(a: Floats, b: Floats) -> Floats:
    squares = (a**2).sum(axis=1)[:, np.newaxis] - 2 * a @ b.T + (b**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
