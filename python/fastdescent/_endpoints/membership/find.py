"""Membership: in whose valley each endpoint of a run is, and whether it sits at the bottom.

1. *At rest.* Endpoints that stopped because nothing moved any more are gathered into cells. Each cell's representative
   is polished to a candidate for a critical point. An endpoint of the cell is a member of the candidate if its own
   gradient shows that it is near (where f is quadratic, |x - x*| <= |gradient| / |smallest curvature|), or if f has no
   barrier between the two. What is undecided is gathered into smaller cells, and so on: no size of cells is fixed.
2. *Descent.* All other endpoints descend from where they are, and are members where they come to rest. They belong to
   that valley, but do not sit at its bottom.
3. *Kinks.* Where descent gets stuck, or the gradient is not defined, representatives are polished at kinks.

With `canonical`, endpoints of one class of a symmetry get one candidate before cells are made: see `classes`.

Example. f = x^4 - x^2 has minima at -0.7071 and 0.7071 and a maximum at 0. After 20 steps of gradient descent five
trajectories have come to these endpoints, and three have stopped because the gradient is small:

>>> from fastdescent import GD, descend, surface
>>> s = surface("x**4 - x**2", window=(-2, 2))
>>> run = descend(s, [[-0.71], [0.71], [0.6], [0.3], [0.0]], GD(0.1), max_steps=20, gtol=1e-4)
>>> run.x[:, 0].round(4).tolist(), run.success.tolist()
([-0.7071, 0.7071, 0.7071, 0.707, 0.0], [True, True, True, False, True])

>>> found = find_membership(run, Landscape.of(s), polish=True)
>>> (found.candidates.x[found.candidate, 0].round(4) + 0.0).tolist(), found.is_at_rest.tolist()
([-0.7071, 0.7071, 0.7071, 0.7071, 0.0], [True, True, True, False, True])

Invariants
----------
- An endpoint belongs to at most one candidate, and to none if it escaped.
- `n_members[c]` is how many endpoints belong to candidate c. Only candidates with members become critical points.
- Rounds append candidates: a number once given to an endpoint stays valid.
- The run stays as it is. Further descents decide labels only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Form, Status
from fastdescent._endpoints.arrival.cycles import cycles
from fastdescent._endpoints.kinks.rough import is_rough
from fastdescent._endpoints.membership.classes import Canonical, look_at_classes
from fastdescent._endpoints.membership.rounds import COARSE_CELL, FINE_CELL, Rounds, may_rest
from fastdescent._endpoints.search.cells import EndpointSet, Ints, counted
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import Polished
from fastdescent._run.descent import Descent
from fastdescent._surface.define import surface as define_surface

#: Statuses of endpoints that may belong to a critical point, and of those that nothing moved any more.
ELIGIBLE = tuple(s for s in Status if not s.is_escape)
RESTING = (Status.CONVERGED, Status.STALLED)
#: Those of endpoints that neither rest nor may descend: UNDEFINED ones may be at a kink.
_NEVER = tuple(s for s in Status if s.is_escape and s != Status.UNDEFINED)
MERGE_TOL = FINE_CELL  #: candidates nearer than this, in windows, are one critical point
POSITION_TOL = 1e-9  #: windows: so exact are polished positions

_DEFAULT_GTOL = 1e-6
_FURTHER = 1e-3  #: descents go on until the gradient is this part of gtol
_FURTHER_STEPS = 2_000
_MAY_BE_STUCK = np.array([s in (Status.STALLED, Status.MAX_STEPS, Status.UNDEFINED) for s in Status])
_AT_KINK, _AMPLITUDES = 1e-4, 2.0  #: at a kink: windows, or so many steps of the run
#: Endpoints that descend no further than this, in windows, were there already. Float32 stops earlier.
_STILL = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-4}


@dataclass(frozen=True)
class Membership:
    """The candidates found, and which of them each endpoint belongs to."""

    endpoints: EndpointSet
    candidate: Ints  #: (n,), row of `candidates`, or -1
    is_at_rest: npt.NDArray[np.bool_]  #: (n,), the endpoint is where its candidate is, as far as its gradient tells
    period: npt.NDArray[np.int8]  #: (n,), of endpoints that go round in a cycle, else 0
    looked_at: Ints  #: (n,), the candidate that was looked at last for an endpoint without one, or -1
    candidates: Polished  #: not yet merged: several may be the same point
    representatives: npt.NDArray[np.int_]  #: the endpoint that led to each candidate
    merge_tol: float  #: candidates nearer than this, in windows, are the same point
    position_tol: float  #: how exact positions are, in windows

    @property
    def n_members(self) -> npt.NDArray[np.int64]:
        return counted(self.candidate, len(self.candidates))


def landscape_of(run: Descent) -> Landscape:
    """What the run descends: with L2 weight decay w, f + w |x|^2 / 2."""
    decay = 0.0 if run.optimizer.decouples else run.optimizer.hyper()["weight_decay"]
    if isinstance(decay, int | float) and decay > 0:
        bowl = define_surface(lambda x: 0.5 * decay * (x**2).sum(), dim=run.surface.dim, window=run.surface.window)
        return Landscape.of(run.surface + bowl, run._inside)
    return Landscape.of(run.surface, run._inside)


def find_membership(run: Descent, landscape: Landscape, polish: bool, canonical: Canonical | None = None) -> Membership:
    """Finds the candidate of each endpoint of a run."""
    endpoints = endpoints_of(run, landscape)
    status, rounds = endpoints.status, Rounds(landscape, len(endpoints.status), polish)
    if not polish:
        return _as_they_are(rounds, endpoints)
    _look_at(rounds, canonical, endpoints, np.flatnonzero(_has(status, RESTING)), at_rest=True)
    is_at_rest = rounds.candidate >= 0
    period = np.zeros(len(status), np.int8)
    left = np.flatnonzero(~is_at_rest)
    left = left[~_has(status[left], _NEVER)]
    if len(left):
        start, period[left] = _starts(run, endpoints, left)
        further = landscape.descended(start, _FURTHER * (run._gtol or _DEFAULT_GTOL), _FURTHER_STEPS)
        ends = EndpointSet.of(further.x, landscape.slope(further.x), further.status, ELIGIBLE)
        descended = np.flatnonzero(status[left] != Status.UNDEFINED)
        _look_at(rounds, canonical, ends, descended, at_rest=False, owner=left)
        _look_at_kinks(landscape, rounds, further, left)
        _settle(run, landscape, rounds, endpoints, further, left, is_at_rest)
    return Membership(endpoints, rounds.candidate, is_at_rest, period, rounds.looked_at, rounds.candidates,
                      rounds.representatives, MERGE_TOL, POSITION_TOL)  # fmt: skip


def _as_they_are(rounds: Rounds, endpoints: EndpointSet) -> Membership:
    """Endpoints of one coarse cell are one point; nothing is polished."""
    index = np.flatnonzero(_has(endpoints.status, ELIGIBLE))
    rounds.look_at(endpoints, index, at_rest=True, sizes=(COARSE_CELL,))
    period = np.zeros(len(endpoints.status), np.int8)
    return Membership(endpoints, rounds.candidate, rounds.candidate >= 0, period, rounds.looked_at, rounds.candidates,
                      rounds.representatives, 3 * COARSE_CELL, 3 * COARSE_CELL)  # fmt: skip


def _look_at(
    rounds: Rounds, canonical: Canonical | None, ends: EndpointSet, index: npt.NDArray[np.int_], at_rest: bool,
    owner: npt.NDArray[np.int_] | None = None,
) -> None:  # fmt: skip
    """Rounds over these of the ends: by classes, if there is a symmetry, and then by cells for those left over."""
    if canonical is not None:
        look_at_classes(rounds, canonical, ends, index, owner)
        index = index[rounds.candidate[index if owner is None else owner[index]] < 0]
    rounds.look_at(ends, index, at_rest, owner=owner)


def _starts(
    run: Descent, endpoints: EndpointSet, left: npt.NDArray[np.int_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """Where endpoints descend from, (m, dim): a cycle from its mean; and the periods (m,)."""
    start, period = endpoints.x[left].astype(np.float64), np.zeros(len(left), np.int8)
    cut = np.flatnonzero(endpoints.status[left] == Status.MAX_STEPS)
    if len(cut) and not run.is_random:
        period[cut], start[cut] = cycles(run, left[cut])
    return start, period


def _has(status: npt.NDArray[np.int8], group: tuple[Status, ...]) -> npt.NDArray[np.bool_]:
    """Which statuses are of the group; many statuses are compared faster than looked up."""
    found = np.zeros(len(status), np.bool_)
    for s in group:
        found |= status == s
    return found


def _look_at_kinks(landscape: Landscape, rounds: Rounds, further: Descent, left: npt.NDArray[np.int_]) -> None:
    """Looks for kinks where descents got stuck; endpoints by their numbers `left`."""
    stuck = np.flatnonzero(rounds.candidate[left] < 0)
    stuck = stuck[np.isfinite(further.x[stuck]).all(axis=-1) & _MAY_BE_STUCK[further.status[stuck]]]
    stuck = stuck[is_rough(landscape, further.x[stuck], stuck=True)]
    if len(stuck):
        x = further.x[stuck]
        slope, status = np.nan_to_num(landscape.slope(x), nan=np.inf), np.zeros(len(x), np.int8)
        rounds.look_at_kinks(EndpointSet.of(x, slope, status, (0,)), left[stuck])


def _settle(
    run: Descent, landscape: Landscape, rounds: Rounds, endpoints: EndpointSet, further: Descent,
    left: npt.NDArray[np.int_], is_at_rest: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Which of the endpoints that descended were at their candidate already."""
    found = np.flatnonzero(rounds.candidate[left] >= 0)
    index, candidates = left[found], rounds.candidates
    x, slope, to = endpoints.x[index].astype(np.float64), endpoints.grad_norm[index], rounds.candidate[index]
    is_kink = (candidates.form[to] & Form.NONSMOOTH) != 0
    still = landscape.frame.distance(x, further.x[found]) <= _STILL[endpoints.x.dtype]
    still &= ~is_kink
    still[still] = may_rest(landscape, x[still], slope[still], candidates, to[still])
    width = landscape.frame.width.max()
    reach = np.maximum(_AMPLITUDES * _step_length(run, index) * np.nan_to_num(slope), _AT_KINK * width)
    still |= is_kink & (np.linalg.norm(x - candidates.x[to], axis=-1) <= reach)
    is_at_rest[index] = still


def _step_length(run: Descent, index: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """lr of trajectories, as far as it is a number or one per trajectory; else 0."""
    lr = run.optimizer.hyper().get("lr", 0.0)
    if callable(lr) or np.ndim(lr) > run.status.ndim:
        return np.zeros(len(index))
    return np.broadcast_to(np.asarray(lr, np.float64), run.status.shape).reshape(-1)[index]


def endpoints_of(run: Descent, landscape: Landscape) -> EndpointSet:
    """The endpoints of a run, by index in C order; the gradients are those of the landscape."""
    x = run.x.reshape(-1, run.surface.dim)
    # Rounding in a float32 gradient would pass for distance.
    exact = x.dtype == np.float64 and not landscape.has_walls and landscape.surface is run.surface
    if exact and np.isfinite(run.grad_norm).any():
        slope, fun = run.grad_norm.reshape(-1), run.fun.reshape(-1)
    else:
        slope, fun = landscape.slope(x.astype(np.float64)), landscape.surface(x.astype(np.float64))
    return EndpointSet.of(x, slope, run.status.reshape(-1), ELIGIBLE, fun)
