"""Points at rest on connected sets, such as rings: those that stand close together are on one set, as their chains are.

Example. On a ring of minima, points in steps of a thousandth of the window are one chain. It leads to the candidate at
angle 0, which is the only one:

>>> from fastdescent import surface
>>> from fastdescent._endpoints.search.verdict import judged
>>> ring = Landscape.of(surface("(x**2 + y**2 - 1)**2", window=(-2, 2)))
>>> candidates = judged(ring, np.array([[1.0, 0.0]]))
>>> angle = np.arange(300) * 0.004
>>> points = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
>>> np.unique(chained(ring, points, candidates, np.zeros(300, int))).tolist()
[0]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.clusters import fun_tolerance, ranks
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import Polished

SAME_SET = 2e-3  #: windows: points of sets that are no further apart are of one set
_SAME_HEIGHT = 1e-6  #: windows: f of one set is the same but for what such a distance makes

Indices = npt.NDArray[np.integer[Any]]


def height_tolerance(landscape: Landscape, points: Polished) -> Floats:
    """How much f may differ between these points and others of the same set, (m,)."""
    tol = fun_tolerance(np.nan_to_num(points.eigenvalues), _SAME_HEIGHT * landscape.frame.width.max())
    return np.asarray(tol + landscape.rounding(points.x, points.fun))


def chained(landscape: Landscape, x: Floats, candidates: Polished, to: Indices) -> Indices:
    """For each point (m, dim) the first candidate to which a chain of points leads, or -1.

    The points are at the height of the candidates `to`; a chain does not change its height.
    """
    is_set, width = np.flatnonzero(candidates.set_dim > 0), landscape.frame.width
    height = ranks(candidates.fun, height_tolerance(landscape, candidates))
    height = np.concatenate([height[is_set], height[to]])
    nodes, n = np.concatenate([candidates.x[is_set], x]) / width, len(is_set) + len(x)
    i, j = KDTree(nodes).query_pairs(SAME_SET, output_type="ndarray").T
    same = height[i] == height[j]
    edges = coo_array((np.ones(np.count_nonzero(same), np.int8), (i[same], j[same])), shape=(n, n))
    _, chain = connected_components(edges, directed=False)
    first = np.full(n, -1)
    first[chain[: len(is_set)][::-1]] = is_set[::-1]  # of equals the last one that is written stays
    return np.asarray(first[chain[len(is_set) :]])
