"""Membership: which candidate for a critical point each endpoint of a run belongs to.

A round has three passes. Endpoints are gathered into cells of a ten-thousandth of the window. Each cell's
representative is polished to a candidate. An endpoint of the cell is a member of the candidate if its own gradient
shows that it is near enough: where f is quadratic, |x - x*| <= |gradient| / |smallest curvature|.

Some endpoints are undecided after a round: runs cut short, optimizers that circle a minimum, minima closer than a
cell. They descend further from where they ended, and go through a second round, and a third with finer cells.

Example. f = x^4 - x^2 has minima at -0.7071 and 0.7071 and a maximum at 0; the window is 4 wide. After 20 steps of
gradient descent five trajectories have come to these endpoints:

>>> from fastdescent import GD, descend, surface
>>> s = surface("x**4 - x**2", window=(-2, 2))
>>> run = descend(s, [[-0.71], [0.71], [0.6], [0.3], [0.0]], GD(0.01), max_steps=20)
>>> run.x[:, 0].round(4).tolist()
[-0.7084, 0.7084, 0.6529, 0.4048, 0.0]

The first round decides for the two endpoints beside the minima, and for the one at the maximum. The third endpoint is
0.014 windows from a minimum: it descends further and is labelled, since the run was on its way there. The fourth one
is 0.08 windows away: it belongs to no candidate.

>>> found = find_membership(run, polish=True)
>>> [round(float(found.candidates.x[c, 0]), 4) + 0.0 if c >= 0 else None for c in found.candidate]
[-0.7071, 0.7071, 0.7071, None, 0.0]

Candidates of different cells and rounds may be the same point. `points.merged` makes one row of them:

>>> found.candidate.tolist()
[0, 1, 5, -1, 4]

Invariants
----------
- An endpoint belongs to at most one candidate, and to none if it escaped.
- An endpoint is at most `_LABEL_DISTANCE` from its candidate; with noise, its noiseless descent's end is.
- `n_members[c]` is how many endpoints belong to candidate c. Only candidates with members become critical points.
- Rounds append candidates: a number once given to an endpoint stays valid.
- The run stays as it is. Further descents decide labels only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status
from fastdescent._endpoints.cells import Candidates, Cells, EndpointSet, Floats, Frame, Ints, Members, assign, gather
from fastdescent._endpoints.polish import polish
from fastdescent._endpoints.still_descending import descends
from fastdescent._endpoints.verdict import Polished, Verdict, judged, unpolished
from fastdescent._run.descent import Descent, descend
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import default_optimizer
from fastdescent.optimizers._rules import LineSearch

#: Statuses of endpoints that may belong to a critical point.
ELIGIBLE = tuple(s for s in Status if not s.is_escape)
_RESTING = (Status.CONVERGED, Status.STALLED)

# Lengths, in windows.
COARSE_CELL, FINE_CELL = 1e-4, 1e-6  # sides of cells
MERGE_TOL = FINE_CELL  #: candidates nearer than this are one critical point
_UNTESTED_DISTANCE = 0.005  # an undecided endpoint this near needs no proof that it was on its way to the candidate
_LABEL_DISTANCE = 0.05  # an endpoint is not labelled by a critical point further away
_CERTAIN_DISTANCE = 1e-8  # an endpoint this near a candidate is a member, whatever its gradient is
#: Newton's method leads to a saddle or maximum, too, if its first step is at most this long. Float32 stops earlier.
_NEWTON_RADIUS = {np.dtype(np.float64): 1e-5, np.dtype(np.float32): 1e-4}

_SLACK = 2.0  # by this factor the proof by gradients allows for f not being quadratic
_UNLIMITED = 1e300
# How many cells a round polishes, the most populous first. The work of an eigenvalue problem grows as dim^3.
_MAX_RESTING, _MAX_RESTING_DIM3, _MIN_RESTING = 100_000, 50_000_000, 200
_MAX_IN_TRANSIT = 2_000  # most of these cells are far from any critical point
_FURTHER_STEPS, _FURTHER_GTOL = 200, 1e-9
_NOISELESS_GTOL = 1e-8
_COLUMNS = ("x", "fun", "grad_norm", "nit", "status")


@dataclass(frozen=True)
class Membership:
    """The candidates found, and which of them each endpoint belongs to."""

    endpoints: EndpointSet
    candidate: Ints  #: (n,), row of `candidates`, or -1
    n_members: npt.NDArray[np.int64]  #: endpoints of each candidate
    candidates: Polished  #: not yet merged: several may be the same point
    merge_tol: float  #: candidates nearer than this, in windows, are the same point


def find_membership(run: Descent, polish: bool) -> Membership:
    """Finds the candidate of each endpoint of a run."""
    surface, endpoints = run.surface, endpoints_of(run)
    search = _Search(surface, Frame.of(surface.window), _NEWTON_RADIUS[endpoints.x.dtype], polish)
    if not polish:
        members, candidates = search.round(endpoints, COARSE_CELL, 2 * _SLACK)
        return Membership(endpoints, members.candidate, members.count, candidates, merge_tol=3 * COARSE_CELL)
    members, candidates = search.round(endpoints, COARSE_CELL)
    if not len(members.undecided):
        return Membership(endpoints, members.candidate, members.count, candidates, MERGE_TOL)
    return _after_further_descent(run, search, endpoints, members, candidates)


def endpoints_of(run: Descent) -> EndpointSet:
    """The endpoints of a run, by index in C order."""
    x = run.x.reshape(-1, run.surface.dim)
    # Rounding in a float32 gradient would pass for distance.
    exact = x.dtype == np.float64
    grad_norm = run.grad_norm if exact else run.surface.value_and_gradient_norm(x.astype(np.float64))[1]
    return EndpointSet.of(x, grad_norm.reshape(-1), run.status.reshape(-1), ELIGIBLE)


def without_noise(run: Descent) -> Descent:
    """The run after each endpoint has descended by the gradient without noise, over all samples."""
    x = run.x.reshape(-1, run.surface.dim).astype(np.float64)
    index = np.flatnonzero(np.isin(run.status.reshape(-1), ELIGIBLE))
    noiseless = descend(run.surface, x[index], default_optimizer(x.shape[1]), gtol=_NOISELESS_GTOL, **run._inside)
    columns: dict[str, Any] = {"x": x}
    for name in _COLUMNS[1:]:
        columns[name] = getattr(run, name).reshape(-1).astype(getattr(noiseless, name).dtype)
    for name, values in columns.items():
        values[index] = getattr(noiseless, name)
    return replace(run, **columns)


@dataclass(frozen=True)
class _Search:
    """What every round needs."""

    surface: Surface
    frame: Frame
    newton_radius: float
    polish: bool

    def round(self, endpoints: EndpointSet, size: float, slack: float = _SLACK) -> tuple[Members, Polished]:
        """Gathers endpoints into cells, polishes representatives to candidates, and assigns members."""
        cells = gather(endpoints, self.frame, size)
        chosen = self._cells_to_polish(cells, endpoints.status)
        candidates = self._polished(endpoints.x[cells.representative[chosen]].astype(np.float64))
        candidate_of_cell = np.full(len(cells.count), -1, np.int32)
        candidate_of_cell[chosen] = np.arange(len(chosen))
        limits = self._limits(candidates, slack, size)
        return assign(endpoints, self.frame, cells, candidate_of_cell, limits), candidates

    def _cells_to_polish(self, cells: Cells, status: npt.NDArray[np.int8]) -> npt.NDArray[np.int_]:
        """The most populous cells whose representative is at rest, and fewer of the others."""
        most = max(_MIN_RESTING, min(_MAX_RESTING, _MAX_RESTING_DIM3 // self.surface.dim**3))
        at_rest = np.isin(status[cells.representative], _RESTING)
        resting = _most_populous(np.flatnonzero(at_rest), cells.count, most)
        in_transit = _most_populous(np.flatnonzero(~at_rest), cells.count, min(most, _MAX_IN_TRANSIT))
        return np.sort(np.concatenate([resting, in_transit]))

    def _polished(self, start: Floats) -> Polished:
        if self.polish:
            return polish(self.surface, start, self.frame, self.newton_radius)
        return judged(self.surface, unpolished(start), self.frame, newton_tol=10 * COARSE_CELL)

    def _limits(self, candidates: Polished, slack: float, size: float) -> Candidates:
        """How near the members of each candidate must be."""
        smallest = np.abs(candidates.eigenvalues).min(axis=-1, initial=np.inf)
        with np.errstate(divide="ignore"):
            per_gradient = np.minimum(slack / smallest, _UNLIMITED)
        is_minimum = (candidates.eigenvalues > 0).all(axis=-1)
        radius = np.where(is_minimum, _UNLIMITED, self.newton_radius if self.polish else COARSE_CELL)
        # All of a fine cell belongs to its representative's candidate, unless the candidate repels.
        fine_radius = np.where(is_minimum, _UNLIMITED, self.newton_radius)
        certain_radius = fine_radius if size == FINE_CELL else np.full(len(candidates), _CERTAIN_DISTANCE)
        # No endpoint is near NaN, so that a lost candidate has no members.
        x = np.where((candidates.verdict == Verdict.LOST)[:, np.newaxis], np.nan, candidates.x)
        return Candidates(x, per_gradient, radius, certain_radius, candidates.verdict == Verdict.DEGENERATE)


def _most_populous(cells: npt.NDArray[np.int_], count: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int_]:
    """At most so many of the cells, those with the most endpoints."""
    return cells if len(cells) <= most else cells[np.argpartition(-count[cells], most)[:most]]


def _after_further_descent(
    run: Descent, search: _Search, endpoints: EndpointSet, members: Members, candidates: Polished
) -> Membership:
    """Undecided endpoints descend further, and belong to the candidate where they come to rest, if it is not far.

    An endpoint that is not quite near must have been on its way to its candidate: optimizers with too large a step
    circle a minimum for ever.
    """
    candidate, n_members, undecided = members.candidate, members.count, members.undecided
    start = endpoints.x[undecided].astype(np.float64)
    further = descend(search.surface, start, LineSearch(), max_steps=_FURTHER_STEPS, gtol=_FURTHER_GTOL)
    for size in (COARSE_CELL, FINE_CELL):
        ends = EndpointSet.of(further.x, further.grad_norm, further.status, ELIGIBLE)
        found, new = search.round(ends, size)
        index = np.flatnonzero(found.candidate >= 0)
        distance = search.frame.distance(start[index], new.x[found.candidate[index]])
        to_test = np.flatnonzero((distance <= _LABEL_DISTANCE) & (distance > _UNTESTED_DISTANCE))
        distance[to_test[~descends(run, undecided[index[to_test]])]] = np.inf
        index = index[distance <= _LABEL_DISTANCE]
        candidate[undecided[index]] = found.candidate[index] + len(candidates)
        n_members = np.concatenate([n_members, np.bincount(found.candidate[index], minlength=len(new))])
        candidates = Polished.joined([candidates, new])
        if not len(found.undecided):
            break
        undecided, start = undecided[found.undecided], start[found.undecided]
        further = replace(further, **{name: getattr(further, name)[found.undecided] for name in _COLUMNS})
    return Membership(endpoints, candidate, n_members, candidates, MERGE_TOL)
