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

from fastdescent._base.status import Status
from fastdescent._endpoints.cells import EndpointSet, Ints
from fastdescent._endpoints.classes import Canonical, look_at_classes
from fastdescent._endpoints.cycles import cycles
from fastdescent._endpoints.landscape import Landscape
from fastdescent._endpoints.rounds import COARSE_CELL, FINE_CELL, Rounds, may_rest
from fastdescent._endpoints.verdict import Polished
from fastdescent._run.descent import Descent
from fastdescent._surface.define import surface as define_surface

#: Statuses of endpoints that may belong to a critical point, and of those that nothing moved any more.
ELIGIBLE = tuple(s for s in Status if not s.is_escape)
RESTING = (Status.CONVERGED, Status.STALLED)
MERGE_TOL = FINE_CELL  #: candidates nearer than this, in windows, are one critical point

_DEFAULT_GTOL = 1e-6
_FURTHER = 1e-3  #: descents go on until the gradient is this part of gtol
_FURTHER_STEPS = 2_000
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
    merge_tol: float  #: candidates nearer than this, in windows, are the same point

    @property
    def n_members(self) -> npt.NDArray[np.int64]:
        return np.bincount(self.candidate[self.candidate >= 0], minlength=len(self.candidates))


def landscape_of(run: Descent) -> Landscape:
    """What the run descends: with L2 weight decay w, f + w |x|^2 / 2."""
    decay = run.optimizer.hyper().get("weight_decay", 0.0)
    if isinstance(decay, int | float) and decay > 0:
        bowl = define_surface(lambda x: 0.5 * decay * (x**2).sum(), dim=run.surface.dim, window=run.surface.window)
        return Landscape.of(run.surface + bowl, run._inside)
    return Landscape.of(run.surface, run._inside)


def find_membership(run: Descent, landscape: Landscape, polish: bool, canonical: Canonical | None = None) -> Membership:
    """Finds the candidate of each endpoint of a run."""
    endpoints = endpoints_of(run, landscape)
    status, n = endpoints.status, len(endpoints.status)
    rounds, period = Rounds(landscape, n, polish), np.zeros(n, np.int8)
    if not polish:
        rounds.look_at(endpoints, np.flatnonzero(np.isin(status, ELIGIBLE)), at_rest=True, sizes=(COARSE_CELL,))
        at_rest = rounds.candidate >= 0
        return Membership(endpoints, rounds.candidate, at_rest, period, rounds.looked_at, rounds.candidates,
                          3 * COARSE_CELL)  # fmt: skip
    resting = np.flatnonzero(np.isin(status, RESTING))
    if canonical is not None:
        look_at_classes(rounds, canonical, endpoints, resting)
        resting = resting[rounds.candidate[resting] < 0]
    rounds.look_at(endpoints, resting, at_rest=True)
    is_at_rest = rounds.candidate >= 0
    left = np.flatnonzero(np.isin(status, ELIGIBLE) & ~is_at_rest)
    if len(left):
        start = endpoints.x[left].astype(np.float64)
        cut = np.flatnonzero(status[left] == Status.MAX_STEPS)
        if len(cut) and not run.is_random:
            period[left[cut]], start[cut] = cycles(run, left[cut])
        further = landscape.descended(start, _FURTHER * (run._gtol or _DEFAULT_GTOL), _FURTHER_STEPS)
        ends = EndpointSet.of(further.x, landscape.slope(further.x), further.status, ELIGIBLE)
        index = np.arange(len(left))
        if canonical is not None:
            look_at_classes(rounds, canonical, ends, index, owner=left)
            index = index[rounds.candidate[left] < 0]
        rounds.look_at(ends, index, at_rest=False, owner=left)
        moved = landscape.frame.distance(endpoints.x[left], further.x)
        still = left[(rounds.candidate[left] >= 0) & (moved <= _STILL[endpoints.x.dtype])]
        x, slope = endpoints.x[still].astype(np.float64), endpoints.grad_norm[still]
        is_at_rest[still] = may_rest(landscape, x, slope, rounds.candidates, rounds.candidate[still])
    return Membership(endpoints, rounds.candidate, is_at_rest, period, rounds.looked_at, rounds.candidates, MERGE_TOL)


def endpoints_of(run: Descent, landscape: Landscape) -> EndpointSet:
    """The endpoints of a run, by index in C order; the gradients are those of the landscape."""
    x = run.x.reshape(-1, run.surface.dim)
    # Rounding in a float32 gradient would pass for distance.
    exact = x.dtype == np.float64 and not landscape.has_walls and landscape.surface is run.surface
    slope = run.grad_norm.reshape(-1) if exact and np.isfinite(run.grad_norm).any() else landscape.slope(x.astype(float))
    return EndpointSet.of(x, slope, run.status.reshape(-1), ELIGIBLE)
