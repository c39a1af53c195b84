"""From candidates to the rows of a table: what is one point, one connected set, or the same but for a symmetry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.membership.classes import Canonical, classes_of
from fastdescent._endpoints.search.cells import Frame
from fastdescent._endpoints.search.clusters import cheapest_of_each, clusters_of, fun_tolerance, ranks
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import Polished
from fastdescent._endpoints.table.sets import set_of_each

Indices = npt.NDArray[np.int_]


def merged(points: Polished, frame: Frame, tol: float) -> tuple[Indices, Indices]:
    """Merges points nearer than `tol`, and sorts: the row of each point, and the point that stands for each row."""
    scaled = (points.x - frame.low) / frame.width
    fun_tol = fun_tolerance(points.eigenvalues, tol * frame.width.max())
    fun_tol += 16 * np.finfo(np.float64).eps * np.abs(points.fun)
    cluster = clusters_of(scaled, tol, points.fun, fun_tol)
    best = cheapest_of_each(cluster, points.grad_norm)
    by_position = [ranks(scaled[best, k], tol) for k in reversed(range(scaled.shape[1]))]
    order = np.lexsort((*by_position, ranks(points.fun[best], fun_tol[best])))
    row_of_cluster = np.empty(len(best), np.int_)
    row_of_cluster[order] = np.arange(len(best))
    return row_of_cluster[cluster], best[order]


def rows_of(
    landscape: Landscape | Frame, points: Polished, tol: float, canonical: Canonical | None = None
) -> tuple[Indices, Indices]:
    """The row of each point, and the point that stands for each row; rows are sorted by f, then by position.

    Without a landscape, in a frame alone, sets are not followed.
    """
    frame = landscape if isinstance(landscape, Frame) else landscape.frame
    row, best = merged(points, frame, tol)
    group = np.arange(len(best))
    if canonical is not None and len(best):
        group = _joined(group, group, classes_of(canonical, points[best]))
    in_set = np.unique(group)
    in_set = in_set[points.set_dim[best[in_set]] > 0]
    if len(in_set) > 1 and isinstance(landscape, Landscape):
        group = _joined(group, in_set, set_of_each(landscape, points[best[in_set]]))
    _, first, new_row = np.unique(group, return_index=True, return_inverse=True)
    return new_row.reshape(-1)[row], best[first]


def _joined(group: Indices, index: Indices, same: Indices) -> Indices:
    """Groups of rows, where rows `index` with equal numbers in `same` are now in the group of the first of them."""
    found = group.copy()
    for k in np.unique(same):
        members = index[same == k]
        old = np.unique(found[members])
        found[np.isin(found, old)] = old.min()
    return found


def rows_in_table(
    landscape: Landscape, table: Polished, points: Polished, tol: float, canonical: Canonical | None = None
) -> Indices:
    """For each point the row of a given table that it belongs to, or -1."""
    row, _ = rows_of(landscape, Polished.joined([table, points]), tol, canonical)
    given = np.full(row.max(initial=-1) + 1, -1, np.int_)
    given[row[: len(table)][::-1]] = np.arange(len(table))[::-1]
    return given[row[len(table) :]]
