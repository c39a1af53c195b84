"""From candidates to the rows of a table: what is one point, one connected set, or the same but for a symmetry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.classes import Canonical, classes_of
from fastdescent._endpoints.landscape import Landscape
from fastdescent._endpoints.merging import merged
from fastdescent._endpoints.sets import set_of_each
from fastdescent._endpoints.verdict import Polished

Indices = npt.NDArray[np.int_]


def rows_of(
    landscape: Landscape, points: Polished, tol: float, canonical: Canonical | None = None
) -> tuple[Indices, Indices]:
    """The row of each point, and the point that stands for each row; rows are sorted by f, then by position."""
    row, best = merged(points, landscape.frame, tol)
    group = np.arange(len(best))
    if canonical is not None and len(best):
        group = _joined(group, group, classes_of(canonical, points[best]))
    in_set = np.unique(group)
    in_set = in_set[points.set_dim[best[in_set]] > 0]
    if len(in_set) > 1:
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
