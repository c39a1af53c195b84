"""Points that are the same become one row; tables become one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.status import MINIMA
from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import Polished
from fastdescent._endpoints.table.counts import with_counts
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._endpoints.table.rows import polished_of, table_of
from fastdescent._endpoints.table.tabulate import rows_of

Indices = npt.NDArray[np.int_]

_POSITION_TOL = 1e-9  #: windows: so exact are positions in tables


@at_top
def merge(*tables: CriticalPoints, tolerance: float = 1e-6) -> CriticalPoints:
    """One table of the rows of all tables; numbers of starts are added up.

    Classify with ``points=fd.merge(a, b)`` to get labels that are comparable between runs.

    Parameters
    ----------
    *tables : CriticalPoints
        One or more, of surfaces with the same number of coordinates.
    tolerance : float
        Rows nearer than this, in widths of the first table's window, are the same, and so are rows that stand for
        one connected set.

    Returns
    -------
    CriticalPoints
        `stability` is NaN where the tables do not agree, and so is `nit_median` where rows of several tables with
        starts became one. `fmin` and `lowest` are the least of all tables.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("x**4 - x**2")
    >>> left, right = (fd.descend(s, [[x]], fd.GD(0.1)).classify().points for x in (-1.0, 1.0))
    >>> fd.merge(left, right, left).n_starts
    array([2, 1])
    """
    if not tables:
        raise TypeError("merge needs at least one table")
    for k, table in enumerate(tables):
        if not isinstance(table, CriticalPoints):
            raise TypeError(f"merge: argument {k + 1} must be a CriticalPoints table; got {checks.shown(table)}")
    dims = [table.x.shape[1] for table in tables]
    if len(set(dims)) > 1:
        raise ValueError(f"merge: tables must have the same number of coordinates; got {', '.join(map(str, dims))}")
    tolerance = checks.number("tolerance", tolerance)
    if not tolerance > 0:
        raise ValueError(f"tolerance must be greater than 0; got {tolerance:g}")
    return joined(tables, tolerance)[0]


def joined(
    tables: Sequence[CriticalPoints], tolerance: float = 1e-6, n_total: int | None = None
) -> tuple[CriticalPoints, list[Indices]]:
    """As `merge`; and for each table the new row of each of its rows."""
    n_total = sum(t.n_total for t in tables) if n_total is None else n_total
    if len(tables) == 1 and tables[0].n_total == n_total:
        return tables[0], [np.arange(len(tables[0]))]
    points = Polished.joined([polished_of(t) for t in tables])
    row, best = rows_of(_landscape(tables), points, tolerance)
    table = _rejudged(points[best], tables)
    bounds = np.cumsum([len(t) for t in tables])
    return _with_added_counts(table, tables, row, n_total), np.split(row, bounds[:-1])


def _known(tables: Sequence[CriticalPoints]) -> CriticalPoints:
    """The first table that knows its surface, else the first one: pickles of tables without sets know none."""
    return next((t for t in tables if t._surface is not None), tables[0])


def _landscape(tables: Sequence[CriticalPoints]) -> Landscape | Frame:
    """What the tables are of, so that sets can be followed, with the first one's window as the unit of length."""
    frame, known = Frame.of(tables[0].window), _known(tables)
    if known._surface is None:
        return frame
    return replace(Landscape.of(known._surface, known._inside), frame=frame)


def summed(tables: Sequence[CriticalPoints], n_total: int) -> CriticalPoints:
    """Tables of the same rows as one: rows stay where they are, numbers of starts are added up."""
    first = tables[0]
    table = _rejudged(polished_of(first), tables)
    return _with_added_counts(table, tables, np.tile(np.arange(len(first)), len(tables)), n_total)


def _rejudged(points: Polished, tables: Sequence[CriticalPoints]) -> CriticalPoints:
    """A table of the points; the global minimum and the lowest seen are the lowest of all tables.

    Endpoints of one table may lie lower than its own rows, but not lower than another table's rows.
    """
    by_fmin = [t for t in tables if not np.isnan(t.fmin) and t.fmin_source != "found"]
    claimed = min(by_fmin, key=lambda t: t.fmin, default=None)
    known = None if claimed is None else claimed.fmin
    lowest = min((t.lowest for t in tables if not np.isnan(t.lowest)), default=np.nan)
    least = float(points.fun[np.isin(points.kind, MINIMA)].min(initial=np.inf))
    n_lower = sum(t.n_lower for t in tables if t.lowest < least)
    table = table_of(points, tables[0].window, None, known, _POSITION_TOL, lowest=lowest, n_lower=n_lower)
    if claimed is not None and table.fmin_source == "known":
        table = replace(table, fmin_source=claimed.fmin_source)
    return table


def _with_added_counts(
    table: CriticalPoints, tables: Sequence[CriticalPoints], row: Indices, n_total: int
) -> CriticalPoints:
    """The table with the starts of all tables; `row` has the new row of each of their rows, one after the other."""

    def column(name: str) -> npt.NDArray[np.float64]:
        return np.concatenate([getattr(t, name) for t in tables])

    k, n = len(table), np.concatenate([t.n_starts for t in tables])
    sums = {name: np.bincount(row, np.where(n > 0, n * column(name), 0.0), k) for name in ("nit_mean", "arrived")}
    counted = with_counts(
        table, np.bincount(row, n, k).astype(np.int64), sums["nit_mean"], n_total, all(t.random_starts for t in tables),
        n_arrived=sums["arrived"], nit_median=_only(column("nit_median"), n, row, k),
    )  # fmt: skip
    known = _known(tables)
    return replace(
        counted, stability=_agreed(column("stability"), row, k), _surface=known._surface, _inside=known._inside
    )


def _only(values: Floats, n_starts: npt.NDArray[np.int64], row: Indices, k: int) -> Floats:
    """For each row the value of its one point that has starts; NaN if it has none or several."""
    counted = n_starts > 0
    found = np.full(k, np.nan)
    found[row[counted]] = values[counted]
    return np.where(np.bincount(row[counted], minlength=k) == 1, found, np.nan)


def _agreed(values: Floats, row: Indices, k: int) -> Floats:
    """For each row the value that all its points share, else NaN."""
    low, high = np.full(k, np.inf), np.full(k, -np.inf)
    with np.errstate(invalid="ignore"):  # NaN where there is no constant lr
        np.minimum.at(low, row, values)
        np.maximum.at(high, row, values)
        agree = np.isclose(low, high, rtol=1e-6, atol=0.0)
    return np.where(agree, high, np.nan)
