"""The table of critical points that a run's endpoints belong to: made, counted, merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import shown
from fastdescent._base.status import Outcome
from fastdescent._endpoints import table as _table
from fastdescent._endpoints.cells import Counts, Floats, Frame
from fastdescent._endpoints.clusters import cheapest_of_each, clusters_of, fun_tolerance, ranks
from fastdescent._endpoints.quadratic import ZERO_CURVATURE_RTOL
from fastdescent._endpoints.verdict import Polished, Verdict
from fastdescent._surface.known import Window

#: Minima are equally deep if f differs by no more than this part of its spread among the minima, or of its size.
_SPREAD_RTOL, _SIZE_RTOL = 1e-8, 1e-12
#: Quantile of the normal distribution for intervals of 95 %.
_Z95 = 1.959963984540054


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class CriticalPoints:
    """A table of critical points, a row each.

    Rows are sorted by f and then by position, so that labels and colours stay from run to run.

    Attributes
    ----------
    x : array, (k, dim)
    fun, grad_norm : array, (k,)
    eigenvalues : array, (k, dim)
        Of the Hessian, ascending.
    morse_index : int array, (k,)
        How many eigenvalues are negative.
    nullity : int array, (k,)
        How many are zero.
    kind : int8 array, (k,)
        Values of `Outcome`.
    n_starts : int array, (k,)
        Starts that end here.
    share : array, (k,)
        `n_starts` as a part of all starts.
    share_low, share_high : array, (k,)
        The 95 % interval (Wilson) of `share` if the starts are random, else NaN.
    nit_mean : array, (k,)
        Mean number of steps of the starts that end here.
    stability : array, (k,)
        lr times the largest eigenvalue: gradient descent is attracted if this is below 2. NaN for optimizers
        without a constant lr.
    n_total : int
        All starts, also starts that end elsewhere.
    fmin : float
        The value that a global minimum has.
    fmin_source : str
        Whether it was "given", is "known" of the surface, or is the lowest "found".

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("x**4 - x**2 + y**2")
    >>> run = fd.descend(s, fd.grid(s.window, (9, 9)), fd.LineSearch())
    >>> run.classify().points.x.round(6) + 0.0
    array([[-0.707107,  0.      ],
           [ 0.707107,  0.      ],
           [ 0.      ,  0.      ]])
    """

    x: Floats
    fun: Floats
    grad_norm: Floats
    eigenvalues: Floats
    morse_index: npt.NDArray[np.int_]
    nullity: npt.NDArray[np.int_]
    kind: npt.NDArray[np.int8]
    n_starts: Counts
    share: Floats
    share_low: Floats
    share_high: Floats
    nit_mean: Floats
    stability: Floats
    n_total: int
    fmin: float
    fmin_source: str
    window: Window
    random_starts: bool = False

    def __len__(self) -> int:
        return len(self.x)

    def letter(self, row: int) -> str:
        """The name of a row: A ... Z, AA, AB ..."""
        return letter(row)

    def __repr__(self) -> str:
        return _table.text(self)

    def _repr_html_(self) -> str:
        return _table.html(self)


def letter(row: int) -> str:
    """A ... Z, AA, AB ..."""
    return (letter(row // 26 - 1) if row >= 26 else "") + chr(ord("A") + row % 26)


def wilson(count: Counts, n: int) -> tuple[Floats, Floats]:
    """The 95 % score interval of a share: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    Wilson, "Probable inference, the law of succession, and statistical inference", J. Am. Stat. Assoc. 22 (1927).
    """
    if n == 0:
        return np.full(count.shape, np.nan), np.full(count.shape, np.nan)
    p, z2n = count / n, _Z95**2 / n
    half = _Z95 * np.sqrt(p * (1 - p) / n + z2n / (4 * n))
    low, high = (p + z2n / 2 - half) / (1 + z2n), (p + z2n / 2 + half) / (1 + z2n)
    return np.where(count == 0, 0.0, low), np.where(count == n, 1.0, high)


def merged(points: Polished, frame: Frame, tol: float) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
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


def table_of(points: Polished, window: Window, given: float | None, known: float | None, tol: float) -> CriticalPoints:
    """A table of sorted points, nothing counted yet."""
    k, frame = len(points), Frame.of(window)
    size = np.abs(points.eigenvalues)
    zero = size <= ZERO_CURVATURE_RTOL * size.max(axis=-1, keepdims=True, initial=0.0)
    morse_index = (~zero & (points.eigenvalues < 0)).sum(axis=-1)
    nan = np.full(k, np.nan)
    table = CriticalPoints(
        x=points.x, fun=points.fun, grad_norm=points.grad_norm, eigenvalues=points.eigenvalues,
        morse_index=morse_index, nullity=zero.sum(axis=-1), kind=np.full(k, Outcome.UNSETTLED, np.int8),
        n_starts=np.zeros(k, np.int64), share=nan, share_low=nan, share_high=nan, nit_mean=nan, stability=nan,
        n_total=0, fmin=np.nan, fmin_source="found", window=window,
    )  # fmt: skip
    return with_kinds(table, given, known, fun_tolerance(points.eigenvalues, tol * frame.width.max()))


def with_kinds(table: CriticalPoints, given: float | None, known: float | None, fun_tol: Floats) -> CriticalPoints:
    """The table with the kind of each row, and the value that a global minimum has.

    A given or known value that is higher than the lowest found is no minimum of f: the lowest found counts instead.
    """
    index, dim = table.morse_index, table.x.shape[1]
    is_minimum = (index == 0) & (table.nullity == 0)
    lowest = float(table.fun[is_minimum].min(initial=np.inf))
    spread = float(np.ptp(table.fun[is_minimum])) if is_minimum.any() else 0.0
    fmin, source = (lowest if np.isfinite(lowest) else np.nan), "found"
    for value, name in ((known, "known"), (given, "given")):
        if value is None:
            continue
        allowed = fun_tol[is_minimum].max(initial=0.0) + _SPREAD_RTOL * spread + _SIZE_RTOL * abs(value)
        if not lowest < value - allowed:
            fmin, source = value, name
    fun_tol = fun_tol + _SPREAD_RTOL * spread + _SIZE_RTOL * abs(fmin)
    kind = np.full(len(table), Outcome.SADDLE, np.int8)
    kind[index == dim] = Outcome.MAXIMUM
    kind[is_minimum] = Outcome.LOCAL_MINIMUM
    kind[is_minimum & (table.fun <= fmin + fun_tol)] = Outcome.GLOBAL_MINIMUM
    return replace(table, kind=kind, fmin=fmin, fmin_source=source)


def with_counts(
    table: CriticalPoints, n_starts: Counts, nit_sum: npt.NDArray[Any], n_total: int, random_starts: bool
) -> CriticalPoints:
    """The table with shares of all starts, intervals of the shares, and mean numbers of steps."""
    nan = np.full(len(table), np.nan)
    low, high = wilson(n_starts, n_total) if random_starts else (nan, nan)
    share = n_starts / n_total if n_total else nan
    nit_mean = np.divide(nit_sum, n_starts, out=nan.copy(), where=n_starts > 0)
    return replace(
        table, n_starts=n_starts, share=share, share_low=low, share_high=high, nit_mean=nit_mean, n_total=n_total,
        random_starts=random_starts,
    )  # fmt: skip


def polished_of(table: CriticalPoints) -> Polished:
    """The rows as points."""
    verdict = np.full(len(table), Verdict.CLEAN, np.int8)
    return Polished(table.x, table.fun, table.grad_norm, table.eigenvalues, verdict)


@at_top
def merge(a: CriticalPoints, b: CriticalPoints, *, tolerance: float = 1e-6) -> CriticalPoints:
    """One table of the rows of both tables; numbers of starts are added up.

    Classify with ``points=fd.merge(a, b)`` to get labels that are comparable between runs.

    Parameters
    ----------
    a, b : CriticalPoints
        Tables of surfaces with the same number of coordinates.
    tolerance : float
        Rows nearer than this, in widths of the window, are the same.

    Returns
    -------
    CriticalPoints
        `stability` is NaN where the two tables do not agree. `fmin` is the lower of the two.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("x**4 - x**2")
    >>> left, right = (fd.descend(s, [[x]], fd.GD(0.1)).classify().points for x in (-1.0, 1.0))
    >>> fd.merge(left, right).n_starts
    array([1, 1])
    """
    for name, table in (("a", a), ("b", b)):
        if not isinstance(table, CriticalPoints):
            raise TypeError(f"{name} must be a CriticalPoints table; got {shown(table)}")
    if a.x.shape[1] != b.x.shape[1]:
        raise ValueError(f"a and b must have the same number of coordinates; got {a.x.shape[1]} and {b.x.shape[1]}")
    return joined([a, b], tolerance)[0]


def joined(
    tables: list[CriticalPoints], tolerance: float = 1e-6, n_total: int | None = None
) -> tuple[CriticalPoints, list[npt.NDArray[np.int_]]]:
    """As `merge`, for any number of tables; and for each table the new row of each of its rows."""
    n_total = sum(t.n_total for t in tables) if n_total is None else n_total
    if len(tables) == 1 and tables[0].n_total == n_total:
        return tables[0], [np.arange(len(tables[0]))]
    window = tables[0].window
    row, best = merged(Polished.joined([polished_of(t) for t in tables]), Frame.of(window), tolerance)
    # If tables have different values of the global minimum, the lowest holds; it may have been given or known.
    lowest = min((t for t in tables if not np.isnan(t.fmin)), key=lambda t: t.fmin, default=tables[0])
    known = None if lowest.fmin_source == "found" else lowest.fmin
    points = Polished.joined([polished_of(t) for t in tables])[best]
    table = table_of(points, window, None, known, tolerance)
    if table.fmin_source == "known":
        table = replace(table, fmin_source=lowest.fmin_source)

    k, n = len(best), np.concatenate([t.n_starts for t in tables])
    nit_sum = np.where(n > 0, n * np.concatenate([t.nit_mean for t in tables]), 0.0)
    random = all(t.random_starts for t in tables)
    counted = with_counts(
        table, np.bincount(row, n, k).astype(np.int64), np.bincount(row, nit_sum, k), n_total, random
    )  # fmt: skip
    bounds = np.cumsum([len(t) for t in tables])
    stability = _agreed(np.concatenate([t.stability for t in tables]), row, k)
    return replace(counted, stability=stability), np.split(row, bounds[:-1])


def _agreed(values: Floats, row: npt.NDArray[np.int_], k: int) -> Floats:
    """For each row the value that all its points share, else NaN."""
    low, high = np.full(k, np.inf), np.full(k, -np.inf)
    with np.errstate(invalid="ignore"):  # NaN where there is no constant lr
        np.minimum.at(low, row, values)
        np.maximum.at(high, row, values)
        agree = np.isclose(low, high, rtol=1e-6, atol=0.0)
    return np.where(agree, high, np.nan)
