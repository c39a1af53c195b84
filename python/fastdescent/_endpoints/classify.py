"""`classify`: what each endpoint of a run is, and which critical point it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.markup import paragraph
from fastdescent._base.status import MINIMA, Outcome, Reason, Status
from fastdescent._endpoints.arrivals import arrivals, reasons
from fastdescent._endpoints.membership.classes import Canonical
from fastdescent._endpoints.membership.find import Membership, find_membership, landscape_of
from fastdescent._endpoints.outcomes import Facts, outcomes
from fastdescent._endpoints.search.cells import Ints, label
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import Polished, quiet
from fastdescent._endpoints.table.counts import medians, medians_of, with_counts
from fastdescent._endpoints.table.names import outcome_words
from fastdescent._endpoints.table.points import CriticalPoints, check_table
from fastdescent._endpoints.table.rows import polished_of, table_of
from fastdescent._endpoints.table.stability import stability
from fastdescent._endpoints.table.tabulate import rows_in_table, rows_of
from fastdescent._run.descent import Descent

_MOST_BINS = 1 << 17  #: of a histogram of steps for all rows, for each thread: it stays in the processor's cache
_ROUNDING = 1e-12  #: of f or its spread among minima: what lies lower by less is no lower


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Endpoints:
    """What the endpoints of a run are. Arrays have the leading axes of x0.

    Attributes
    ----------
    label : int32 array, (...)
        Row of `points`: the point at which the endpoint sits, or the minimum to which the descent from it leads, of a
        cycle from its mean; -1: none.
    outcome : int8 array, (...)
        Values of `Outcome`: the kind of the point where it has arrived, or its state.
    arrived : bool array, (...)
        Whether it sits at that point, and the run's own step keeps it there.
    period : int8 array, (...)
        Of a CYCLE, else 0.
    reason : int8 array, (...)
        Values of `Reason`: why it is UNSETTLED or FLAT, else 0.
    moved : float array, (...)
        Distance from the endpoint to the row's point; NaN where there is none.
    points : CriticalPoints
    fmin : float
        The value that a global minimum has; NaN where no minimum was found.
    fmin_source : str
        "given", "known" (of the surface) or "found".
    """

    label: npt.NDArray[np.int32]
    outcome: npt.NDArray[np.int8]
    arrived: npt.NDArray[np.bool_]
    period: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    moved: npt.NDArray[np.float64]
    points: CriticalPoints
    fmin: float
    fmin_source: str

    def __repr__(self) -> str:
        return f"<Endpoints: {outcome_words(self.outcome, self.fmin_source)}>\n{self.points!r}"

    def _repr_html_(self) -> str:
        return paragraph(f"{outcome_words(self.outcome, self.fmin_source)}.") + self.points._repr_html_()


@at_top
def classify(
    run: Descent, *, points: CriticalPoints | None = None, fmin: float | None = None, polish: bool = True,
    canonical: Canonical | None = None,
) -> Endpoints:  # fmt: skip
    """Says in whose valley each endpoint is, whether it has arrived there, and if not, why.

    Endpoints that lie together are taken to their critical point together, by Newton's method, within the bounds of
    the run. All others descend from where they are: their label is the minimum to which that leads. An endpoint has
    *arrived* if it sits at the point and the run's own step keeps it there. The statuses of the run stay as they were.
    See the page on endpoints for how each name is decided.

    Parameters
    ----------
    run : Descent
    points : CriticalPoints, optional
        A table to use, so that labels mean the same as in another run. Endpoints that belong to none of its rows get
        label -1. The numbers of starts in the result are those of this run.
    fmin : float, optional
        The lowest value of f, to tell global minima from local ones. By default it is the surface's, if known, else
        the lowest found. If something lower was found, its value counts instead.
    polish : bool
        False: the endpoints are taken as they are. Those in one cell of a ten-thousandth of the window are one point.
    canonical : callable, optional
        A NumPy function of a point (dim,) that maps it to a representative of its symmetry class, or to numbers that
        the symmetry does not change, such as ``fd.symmetry.permute_units(...)``. Points that it maps together, within
        1e-4 of the size of these numbers, and that have the same f are one row. It is called once for each place where
        endpoints lie; if it has an attribute `takes_many` that is true, for many of them at once, (m, dim).

    Returns
    -------
    Endpoints
        With L2 weight decay w, what is tested is f + w |x|^2 / 2, and so are the values in the table.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or what `canonical` returns is not finite or not always of one size.

    Notes
    -----
    The work is linear in the number of endpoints. If endpoints lie in very many places (more than 50,000 in ten
    dimensions, fewer in more), the places that most endpoints share are polished, and some of the others stay
    UNSETTLED.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2")
    >>> ends = fd.classify(fd.descend(s, fd.grid(s.window, (32, 32)), fd.LineSearch()))
    >>> ends.label.shape, len(ends.points), ends.points.x[2].round(6)
    ((32, 32), 4, array([3., 2.]))
    """
    return _classified(run, points, _checked(run, points, fmin, polish, canonical), polish, canonical)


@quiet
def _classified(
    run: Descent, points: CriticalPoints | None, given: float | None, polish: bool, canonical: Canonical | None
) -> Endpoints:
    landscape = landscape_of(run)
    found = find_membership(run, landscape, polish, canonical)
    table, row_of_candidate = _table(found, landscape, run, points, given, canonical)
    nit = np.ascontiguousarray(run.nit.reshape(-1), dtype=np.int32)
    most = int(nit.max(initial=0))
    n_bins = most + 1 if len(table) * (most + 1) <= _MOST_BINS else 0
    labels = label(found.endpoints, found.candidate, nit, row_of_candidate, table.x, n_bins)
    arrived = arrivals(run, found, labels.label, table) if polish else labels.label >= 0
    reason = reasons(run, landscape, found, labels.label, arrived, table)
    reason[found.period > 1] = Reason.NONE
    facts = Facts(run.status.reshape(-1), labels.label, arrived, found.period, reason)
    outcome = outcomes(facts, table.kind)
    table = with_counts(
        table, labels.count, labels.nit, run.status.size, run.random_starts,
        n_arrived=labels.count - _count(labels.label[~arrived], len(table)),
        nit_median=medians_of(labels.histogram) if n_bins else medians([(labels.label, nit)], len(table), most),
    )  # fmt: skip
    steadiness = stability(run.optimizer, table.eigenvalues, table.form, table.active)
    table = replace(table, stability=steadiness, _surface=landscape.surface, _inside=landscape.inside)
    shape = run.status.shape
    return Endpoints(
        label=labels.label.reshape(shape), outcome=outcome.reshape(shape), arrived=arrived.reshape(shape),
        period=(found.period * (outcome == Outcome.CYCLE)).reshape(shape), reason=reason.reshape(shape),
        moved=labels.moved.reshape(shape), points=table, fmin=table.fmin, fmin_source=table.fmin_source,
    )  # fmt: skip


def _count(label: Ints, k: int) -> npt.NDArray[np.int64]:
    """How many have each label 0 ... k - 1."""
    return np.bincount(label[label >= 0], minlength=k)


def _checked(run: Any, points: Any, fmin: Any, polish: Any, canonical: Any) -> float | None:
    if not isinstance(run, Descent):
        raise TypeError(f"run must be a Descent, the result of fd.descend; got {checks.shown(run)}")
    checks.flag("polish", polish)
    if canonical is not None and not callable(canonical):
        raise TypeError(f"canonical must be a function of a point; got {checks.shown(canonical)}")
    if points is not None:
        check_table(points, run.surface.dim)
    return None if fmin is None else checks.number("fmin", fmin)


def _table(
    found: Membership, landscape: Landscape, run: Descent, points: CriticalPoints | None, given: float | None,
    canonical: Canonical | None,
) -> tuple[CriticalPoints, Ints]:  # fmt: skip
    """The table, nothing counted yet, and the row of each candidate, or -1."""
    with_members = np.flatnonzero(found.n_members > 0)
    candidates = found.candidates[with_members]
    row_of_candidate = np.full(len(found.candidates), -1, np.int32)
    if points is None:
        row_of_candidate[with_members], best = rows_of(landscape, candidates, found.merge_tol, canonical)
        rows = candidates[best]
    else:
        rows = polished_of(points)
        row_of_candidate[with_members] = rows_in_table(landscape, rows, candidates, found.merge_tol, canonical)
    lowest, n_lower = _lowest_seen(run, landscape, found, rows)
    table = table_of(rows, run.surface.window, given, landscape.surface.fmin, found.position_tol, lowest=lowest,
                     n_lower=n_lower)  # fmt: skip
    return table, row_of_candidate


def _lowest_seen(run: Descent, landscape: Landscape, found: Membership, rows: Polished) -> tuple[float, int]:
    """The least f of endpoints and starts, and how many endpoints lie lower than all minima, beyond rounding."""
    fun, x = run.fun.reshape(-1), found.endpoints.x
    if landscape.surface is not run.surface or not np.isfinite(fun[:1]).any():
        fun = landscape.surface(x.astype(np.float64))
    is_minimum = np.isin(rows.kind, MINIMA)
    least = float(rows.fun[is_minimum].min(initial=np.inf))
    spread = float(np.ptp(rows.fun[is_minimum])) if is_minimum.any() else 0.0
    certain = least - _ROUNDING * max(spread, abs(least)) if is_minimum.any() else np.inf
    lower = np.flatnonzero(fun < certain)
    lower = lower[landscape.is_inside(x[lower]) & (run.status.reshape(-1)[lower] != Status.DIVERGED)]
    if is_minimum.any():
        lower = lower[fun[lower] < least - landscape.rounding(x[lower].astype(np.float64), fun[lower])]
    lowest_start = run._lowest_start if landscape.surface is run.surface else np.nan
    lowest = float(np.fmin(fun[lower].min(initial=np.inf), lowest_start))
    n_lower = len(lower) if is_minimum.any() else int(np.count_nonzero(found.candidate[lower] < 0))
    lowest = lowest if lowest < certain else least
    return (lowest if np.isfinite(lowest) else np.nan), n_lower
