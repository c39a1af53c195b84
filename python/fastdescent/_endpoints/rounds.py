"""Rounds of looking at endpoints in cells: large cells first, and smaller ones for what is undecided.

A round has three passes. Endpoints are gathered into cells. Each cell's representative, of least gradient, is polished
to a candidate. Endpoints of the cell are members of the candidate if they can be shown to belong to it.

Example. Two minima of one cell: the representative leads to one of them, and endpoints at the other wait for the
next round.

>>> from fastdescent import surface
>>> land = Landscape.of(surface("(x**2 - 0.01)**2", window=(-100, 100)))
>>> x = np.array([[-0.1], [-0.1 - 1e-6], [0.1], [0.1 + 1e-6]])
>>> ends = EndpointSet.of(x, land.slope(x), np.zeros(4, np.int8), eligible=(0,))
>>> rounds = Rounds(land, 4, polish=True)
>>> rounds.look_at(ends, np.arange(4), at_rest=True)
>>> rounds.candidates.x[rounds.candidate, 0].round(6).tolist()
[-0.1, -0.1, 0.1, 0.1]
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome
from fastdescent._endpoints.cells import Candidates, Cells, EndpointSet, Floats, Ints, assign, gather
from fastdescent._endpoints.connected import connected
from fastdescent._endpoints.landscape import Landscape
from fastdescent._endpoints.polish import polish
from fastdescent._endpoints.verdict import Polished, judged

# Lengths, in windows.
COARSE_CELL, FINE_CELL = 1e-4, 1e-6
_SIZES = (1 / 64, 1e-3, 3e-5, FINE_CELL, 1e-8)  #: of cells, from round to round
_NEAR = 1e-4  #: a member further from its candidate must have no barrier between
_NEAR_SADDLE = 1e-3  #: members of saddles and maxima are no further away

_SLACK = 2.0  #: by this factor the proof by gradients allows for f not being quadratic
_UNLIMITED = 1e300
# How many cells a round polishes, the most populous first. The work of an eigenvalue problem grows as dim^3.
_MAX_CELLS, _MAX_CELLS_DIM3, _MIN_CELLS = 50_000, 50_000_000, 200


class Rounds:
    """Endpoints, by number, and the candidates to which rounds have led so far."""

    def __init__(self, landscape: Landscape, n: int, polish: bool) -> None:
        self.landscape, self.polish = landscape, polish
        self.candidate: Ints = np.full(n, -1, np.int32)  #: row of `candidates`, or -1
        self.looked_at: Ints = np.full(n, -1, np.int32)  #: the candidate of the cell in the last round
        self._parts: list[Polished] = [judged(landscape, np.zeros((0, landscape.surface.dim)))]
        self._n_candidates = 0

    @property
    def candidates(self) -> Polished:
        """In the order in which they were found."""
        return Polished.joined(self._parts)

    def look_at(
        self, ends: EndpointSet, index: npt.NDArray[np.int_], at_rest: bool, sizes: tuple[float, ...] = _SIZES,
        owner: npt.NDArray[np.int_] | None = None,
    ) -> None:  # fmt: skip
        """Rounds for these of the endpoints; `owner` has their numbers, if these are others than the set's.

        With `at_rest`, members must be where their small gradient lets f be as low as at the candidate.
        """
        for size in sizes:
            if not len(index):
                return
            part = EndpointSet(ends.x[index], ends.grad_norm[index], ends.status[index], ends.eligible)
            found, looked_at, is_alone = self._round(part, size, at_rest)
            own = index if owner is None else owner[index]
            is_member = found >= 0
            self.candidate[own[is_member]] = found[is_member]
            self.looked_at[own] = looked_at
            index = index[~is_member & ~is_alone]

    def _round(self, ends: EndpointSet, size: float, at_rest: bool) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
        """For each endpoint its candidate, or -1; the candidate of its cell, or -1; and whether it was polished itself.

        Smaller cells change nothing for endpoints that were polished themselves.
        """
        cells = gather(ends, self.landscape.frame, size)
        chosen = self.cells_to_polish(cells)
        candidates, first = self.add(ends.x[cells.representative[chosen]].astype(np.float64))
        candidate_of_cell = np.full(len(cells.count) + 1, -1, np.int32)  # and one for endpoints without a cell
        candidate_of_cell[chosen] = np.arange(len(chosen))
        looked_at = candidate_of_cell[cells.cell]
        is_alone = np.zeros(len(looked_at), np.bool_)
        is_alone[cells.representative[chosen]] = True
        members = assign(ends, self.landscape.frame, cells, candidate_of_cell[:-1], self._limits(candidates)).candidate
        found = self._decided(ends, members, looked_at, candidates, at_rest)
        return np.where(found >= 0, found + first, -1), np.where(looked_at >= 0, looked_at + first, -1), is_alone

    def add(self, start: Floats) -> tuple[Polished, int]:
        """Polishes points to new candidates; also returns the number of the first of them."""
        candidates = self._polished(start)
        first, self._n_candidates = self._n_candidates, self._n_candidates + len(candidates)
        self._parts.append(candidates)
        return candidates, first

    def cells_to_polish(self, cells: Cells) -> npt.NDArray[np.int_]:
        """The most populous cells."""
        most = max(_MIN_CELLS, min(_MAX_CELLS, _MAX_CELLS_DIM3 // self.landscape.surface.dim**3))
        if len(cells.count) <= most:
            return np.arange(len(cells.count))
        return np.sort(np.argpartition(-cells.count, most)[:most])

    def _polished(self, start: Floats) -> Polished:
        if not self.polish:
            return judged(self.landscape, start, newton_tol=10 * COARSE_CELL)
        found = polish(self.landscape, start, to_saddles=True)
        outside = ~self.landscape.is_inside(found.x)
        found.kind[outside] = Outcome.UNSETTLED
        return found

    def _limits(self, candidates: Polished) -> Candidates:
        """How near members of regular critical points must be; other candidates have none yet."""
        size = np.abs(candidates.eigenvalues)
        smallest = np.nanmin(size, axis=-1, initial=np.inf)
        per_gradient = np.divide(_SLACK, smallest, out=np.full(len(size), _UNLIMITED), where=smallest > 1 / _UNLIMITED)
        per_gradient[candidates.nullity > 0] = 0.0
        is_minimum = candidates.kind == Outcome.LOCAL_MINIMUM
        radius = np.where(is_minimum, _UNLIMITED, _NEAR_SADDLE if self.polish else COARSE_CELL)
        x = np.where((candidates.kind == Outcome.UNSETTLED)[:, np.newaxis], np.nan, candidates.x)
        nothing = np.zeros(len(x))
        return Candidates(x, per_gradient, radius, nothing + 1e-8, nothing.astype(bool))

    def _decided(
        self, ends: EndpointSet, members: Ints, looked_at: Ints, candidates: Polished, at_rest: bool
    ) -> Ints:
        """The members, less those that a barrier parts from their candidate, and more where there is none."""
        is_valley = np.append(np.isin(candidates.kind, _VALLEYS), False)
        index = np.flatnonzero((members >= 0) & is_valley[members])
        x = ends.x[index].astype(np.float64)
        index = index[self.landscape.frame.distance(x, candidates.x[members[index]]) > _NEAR]
        index = np.concatenate([index, np.flatnonzero((members < 0) & is_valley[looked_at])])
        if not len(index):
            return members
        found = members.copy()
        x, to = ends.x[index].astype(np.float64), looked_at[index]
        belongs = connected(self.landscape, x, candidates.x[to])
        if at_rest:
            belongs &= may_rest(self.landscape, x, ends.grad_norm[index], candidates, to)
        found[index] = np.where(belongs, to, -1)
        return found


def may_rest(
    landscape: Landscape, x: Floats, slope: Floats, candidates: Polished, to: Ints
) -> npt.NDArray[np.bool_]:
    """Whether f at points x is higher than at their candidates by no more than the slope allows where f is convex."""
    fun = landscape.surface(x)
    allowed = _SLACK * slope * np.linalg.norm(x - candidates.x[to], axis=-1) + landscape.rounding(x, fun)
    return np.asarray(fun - candidates.fun[to] <= allowed)


_VALLEYS = (Outcome.LOCAL_MINIMUM, Outcome.DEGENERATE)
