"""`classify`: what each endpoint of a run is, and which critical point it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.markup import paragraph
from fastdescent._base.status import Outcome
from fastdescent._endpoints.cells import Frame, Ints, Labels, label
from fastdescent._endpoints.counts import medians, with_counts
from fastdescent._endpoints.membership import Membership, endpoints_of, find_membership, without_noise
from fastdescent._endpoints.merging import merged
from fastdescent._endpoints.outcomes import outcomes
from fastdescent._endpoints.points import CriticalPoints, check_table
from fastdescent._endpoints.rows import polished_of, table_of
from fastdescent._endpoints.stability import stability
from fastdescent._endpoints.verdict import Polished
from fastdescent._run.descent import Descent


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Endpoints:
    """What the endpoints of a run are. Arrays have the leading axes of x0.

    Attributes
    ----------
    label : int32 array, (...)
        Row of `points`, -1: none.
    outcome : int8 array, (...)
        Values of `Outcome`.
    moved : float array, (...)
        Distance from the endpoint to the critical point; NaN where there is none.
    points : CriticalPoints
    fmin : float
        The value that a global minimum has; NaN where no minimum was found.
    fmin_source : str
        "given", "known" (of the surface) or "found".
    """

    label: npt.NDArray[np.int32]
    outcome: npt.NDArray[np.int8]
    moved: npt.NDArray[np.float64]
    points: CriticalPoints
    fmin: float
    fmin_source: str

    def __repr__(self) -> str:
        return f"<Endpoints: {outcome_words(self.outcome)}>\n{self.points!r}"

    def _repr_html_(self) -> str:
        return paragraph(f"{outcome_words(self.outcome)}.") + self.points._repr_html_()


def outcome_words(outcome: npt.NDArray[np.int8]) -> str:
    """How many endpoints have each outcome."""
    counts = {o: np.count_nonzero(outcome == o) for o in Outcome}
    parts = [f"{counts[o]} {o.words}" for o in Outcome if counts[o]]
    return f"{outcome.size} endpoint{'' if outcome.size == 1 else 's'}: " + (", ".join(parts) or "none")


@at_top
def classify(
    run: Descent, *, points: CriticalPoints | None = None, fmin: float | None = None, polish: bool = True
) -> Endpoints:
    """Says what each endpoint is: a minimum, a saddle or another critical point, escaped, or unsettled.

    Endpoints that lie together are taken to their critical point together, by Newton's method, at most a thousandth of
    the window away. Endpoints that are still in transit descend further. They are labelled if they come to rest within
    a twentieth of the window. Unless they come to rest very near, the run's own optimizer must also go down from where
    it ended: with too large a step it may circle a minimum for ever. All other endpoints keep label -1. The statuses
    of the run stay as they were.

    Parameters
    ----------
    run : Descent
    points : CriticalPoints, optional
        A table to use, so that labels mean the same as in another run. Endpoints that belong to none of its rows get
        label -1. The numbers of starts in the result are those of this run.
    fmin : float, optional
        The lowest value of f, to tell global minima from local ones. By default it is the surface's, if known, else
        the lowest found. If a lower minimum was found, its value counts instead.
    polish : bool
        False: the endpoints are taken as they are. Those in one cell of a ten-thousandth of the window are one point.

    Returns
    -------
    Endpoints
        `moved` is how far each endpoint is from its critical point. Endpoints of runs with noise or minibatches first
        descend without them, however far that takes the endpoints.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

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
    given = _checked(run, points, fmin, polish)
    surface = run.surface
    found = find_membership(without_noise(run) if run.is_random else run, polish)
    table, row_of_candidate = _table(found, run, points, given)
    endpoints = endpoints_of(run) if run.is_random else found.endpoints
    labels = label(endpoints, found.candidate, _flat_nit(run), row_of_candidate, table.x)
    nit_median = medians([(labels.label, _flat_nit(run))], len(table), int(run.nit.max(initial=0)))
    table = with_counts(
        table, labels.count, labels.nit, run.status.size, run.random_starts, n_arrived=labels.count,
        nit_median=nit_median,
    )  # fmt: skip
    steadiness = stability(run.optimizer, table.eigenvalues, table.form, table.active)
    return _endpoints(labels, replace(table, stability=steadiness, window=surface.window), run)


def _checked(run: Any, points: Any, fmin: Any, polish: Any) -> float | None:
    if not isinstance(run, Descent):
        raise TypeError(f"run must be a Descent, the result of fd.descend; got {checks.shown(run)}")
    if not isinstance(polish, bool):
        raise TypeError(f"polish must be True or False; got {checks.shown(polish)}")
    if points is not None:
        check_table(points, run.surface.dim)
    return None if fmin is None else checks.number("fmin", fmin)


def _flat_nit(run: Descent) -> Ints:
    return np.ascontiguousarray(run.nit.reshape(-1), dtype=np.int32)


def _table(
    found: Membership, run: Descent, points: CriticalPoints | None, given: float | None
) -> tuple[CriticalPoints, Ints]:
    """The table, nothing counted yet, and the row of each candidate, or -1."""
    window, known, tol = run.surface.window, run.surface.fmin, found.merge_tol
    with_members = np.flatnonzero(found.n_members > 0)
    candidates = found.candidates[with_members]
    row_of_candidate = np.full(len(found.n_members), -1, np.int32)
    if points is None:
        row_of_candidate[with_members], best = merged(candidates, Frame.of(window), tol)
        return table_of(candidates[best], window, given, known, tol), row_of_candidate
    given_points = polished_of(points)
    merged_row, _ = merged(Polished.joined([given_points, candidates]), Frame.of(window), tol)
    given_row = np.full(len(merged_row), -1, np.int32)
    given_row[merged_row[: len(points)]] = np.arange(len(points))
    row_of_candidate[with_members] = given_row[merged_row[len(points) :]]
    return table_of(given_points, window, given, known, tol), row_of_candidate


def _endpoints(labels: Labels, table: CriticalPoints, run: Descent) -> Endpoints:
    shape = run.status.shape
    return Endpoints(
        label=labels.label.reshape(shape),
        outcome=outcomes(labels.label, run.status.reshape(-1), table.kind).reshape(shape),
        moved=labels.moved.reshape(shape),
        points=table,
        fmin=table.fmin,
        fmin_source=table.fmin_source,
    )
