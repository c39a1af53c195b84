"""From endpoints to critical points: which of them each endpoint belongs to.

Endpoints are gathered into cells of a ten-thousandth of the window. Each cell's representative is polished, and a
member belongs to the representative's critical point if its own gradient says that it is that near: where f is
quadratic, |x - x*| <= |gradient| / |smallest curvature|. What is not settled so (runs cut short, optimizers that
circle a minimum, minima closer than a cell) descends some more, from where it ended, and is gathered again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status
from fastdescent._endpoints.cells import Candidates, Cells, Ends, Floats, Frame, Ints, Members, assign, gather
from fastdescent._endpoints.polish import Polished, State, judged, polish, unpolished
from fastdescent._endpoints.still_descending import descends
from fastdescent._run.descent import Descent, descend
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import LineSearch

#: Statuses of endpoints that are polished.
ENDED = (Status.CONVERGED, Status.STALLED, Status.MAX_STEPS, Status.INTERRUPTED)
COARSE, FINE = 1e-4, 1e-6  # sides of cells, in windows
NEAR = 0.005  # an endpoint this near, in windows, may circle the critical point
FAR = 0.05  # an endpoint is not labelled by a critical point further off than this, in windows
_EXACT = 1e-8  # an endpoint that near a polished point, in windows, needs no further proof
# Cells polished in a round, the most populous first. The work of an eigenvalue problem grows as dim^3.
_MOST_AT_REST, _MOST_AT_REST_DIM3, _LEAST_AT_REST = 100_000, 50_000_000, 200
_MOST_IN_TRANSIT = 2_000  # most of those will be far from anything
_MORE_STEPS, _MORE_GTOL = 200, 1e-9
_CALM_GTOL = 1e-8
_SLACK = 2.0  # how far from quadratic f may be between a member and its critical point
#: A Newton step up to this leads to a saddle or maximum too. Float32 stops earlier.
_TINY = {np.dtype(np.float64): 1e-5, np.dtype(np.float32): 1e-4}
_ANY = 1e300


@dataclass(frozen=True)
class Settled:
    """The clean critical points found, and which of them each endpoint belongs to."""

    ends: Ends
    candidate: Ints  #: (n,), row of `points`, -1: none
    count: npt.NDArray[np.int64]  #: endpoints of each
    points: Polished  #: not yet merged: several may be the same
    same: float  #: candidates nearer than this, in windows, are one


@dataclass(frozen=True)
class _Looking:
    """What every round needs."""

    surface: Surface
    frame: Frame
    tiny: float
    polish: bool

    def round(self, ends: Ends, size: float, slack: float = _SLACK) -> tuple[Members, Polished]:
        """Gathers, polishes representatives, assigns members."""
        cells = gather(ends, self.frame, size)
        chosen = self._chosen(cells, ends.status)
        start = ends.x[cells.representative[chosen]].astype(np.float64)
        points = self._polished(start)
        of_cell = np.full(len(cells.count), -1, np.int32)
        of_cell[chosen] = np.arange(len(chosen))
        return assign(ends, self.frame, cells, of_cell, self._candidates(points, slack, size)), points

    def _chosen(self, cells: Cells, status: npt.NDArray[np.int8]) -> npt.NDArray[np.int_]:
        """The cells to polish: the most populous of those at rest, and fewer of the others."""
        most = max(_LEAST_AT_REST, min(_MOST_AT_REST, _MOST_AT_REST_DIM3 // self.surface.dim**3))
        at_rest = np.isin(status[cells.representative], (Status.CONVERGED, Status.STALLED))
        resting = _most(np.flatnonzero(at_rest), cells.count, most)
        in_transit = _most(np.flatnonzero(~at_rest), cells.count, min(most, _MOST_IN_TRANSIT))
        return np.sort(np.concatenate([resting, in_transit]))

    def _polished(self, start: Floats) -> Polished:
        if self.polish:
            return polish(self.surface, start, self.frame, self.tiny)
        return judged(self.surface, unpolished(start), self.frame, 10 * COARSE)

    def _candidates(self, points: Polished, slack: float, size: float) -> Candidates:
        least = np.abs(points.eigenvalues).min(axis=-1, initial=np.inf)
        with np.errstate(divide="ignore"):
            per_gradient = np.minimum(slack / least, _ANY)
        is_minimum = (points.eigenvalues > 0).all(axis=-1)
        radius = np.where(is_minimum, _ANY, self.tiny if self.polish else COARSE)
        # All of a fine cell goes where its representative went, unless that is a point which repels.
        sure = np.where(is_minimum, _ANY, self.tiny) if size == FINE else np.full(len(points), _EXACT)
        # Nothing is near NaN, so that what led nowhere has no members.
        x = np.where((points.state == State.LOST)[:, np.newaxis], np.nan, points.x)
        return Candidates(x, per_gradient, radius, sure, points.state == State.DEGENERATE)


def _most(cells: npt.NDArray[np.int_], count: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int_]:
    """The most populous of some cells."""
    return cells if len(cells) <= most else cells[np.argpartition(-count[cells], most)[:most]]


def ends_of(run: Descent) -> Ends:
    """The endpoints of a run, by index in C order."""
    x = run.x.reshape(-1, run.surface.dim)
    # The noise in a float32 gradient would pass for distance.
    exact = x.dtype == np.float64
    grad_norm = run.grad_norm if exact else run.surface.value_and_gradient_norm(x.astype(np.float64))[1]
    return Ends.of(x, grad_norm.reshape(-1), run.status.reshape(-1), ENDED)


def calmed(run: Descent) -> Descent:
    """The run with each endpoint gone down from where it is, by the gradient without noise and over all rows."""
    x = run.x.reshape(-1, run.surface.dim).astype(np.float64)
    ended = np.flatnonzero(np.isin(run.status.reshape(-1), ENDED))
    calm = descend(run.surface, x[ended], LineSearch(), gtol=_CALM_GTOL, **run._inside)
    columns: dict[str, Any] = {"x": x}
    for name in ("fun", "grad_norm", "nit", "status"):
        columns[name] = getattr(run, name).reshape(-1).astype(getattr(calm, name).dtype)
    for name, values in columns.items():
        values[ended] = getattr(calm, name)
    return replace(run, **columns)


def settle(run: Descent, polish: bool) -> Settled:
    """Finds the critical point of each endpoint of a run."""
    surface, ends = run.surface, ends_of(run)
    looking = _Looking(surface, Frame.of(surface.window), _TINY[ends.x.dtype], polish)
    if not polish:
        members, points = looking.round(ends, COARSE, 2 * _SLACK)
        return Settled(ends, members.candidate, members.count, points, same=3 * COARSE)
    members, points = looking.round(ends, COARSE)
    if not len(members.lost):
        return Settled(ends, members.candidate, members.count, points, FINE)
    return _continued(run, looking, ends, members, points)


def _continued(run: Descent, looking: _Looking, ends: Ends, members: Members, points: Polished) -> Settled:
    """Lost endpoints descend on, and are labelled by where they come to rest, if that is not far.

    What is not quite near must have been on its way there: optimizers with too large a step go round in circles.
    """
    candidate, count = members.candidate, members.count
    lost = members.lost
    began = ends.x[lost].astype(np.float64)
    more = descend(looking.surface, began, LineSearch(), max_steps=_MORE_STEPS, gtol=_MORE_GTOL)
    for size in (COARSE, FINE):
        rest = Ends.of(more.x, more.grad_norm, more.status, ENDED)
        found, new = looking.round(rest, size)
        index = np.flatnonzero(found.candidate >= 0)
        distance = looking.frame.distance(began[index], new.x[found.candidate[index]])
        may_circle = np.flatnonzero((distance <= FAR) & (distance > NEAR))
        distance[may_circle[~descends(run, lost[index[may_circle]])]] = np.inf
        index = index[distance <= FAR]
        candidate[lost[index]] = found.candidate[index] + len(points)
        count = np.concatenate([count, np.bincount(found.candidate[index], minlength=len(new))])
        points = Polished.joined([points, new])
        if not len(found.lost):
            break
        lost, began, more = lost[found.lost], began[found.lost], _part(more, found.lost)
    return Settled(ends, candidate, count, points, FINE)


def _part(run: Descent, index: npt.NDArray[np.int64]) -> Descent:
    names = ("x", "fun", "grad_norm", "nit", "status")
    return replace(run, **{name: getattr(run, name)[index] for name in names})
