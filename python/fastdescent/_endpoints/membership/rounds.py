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
from scipy.spatial import KDTree

from fastdescent._base.status import Form, Outcome
from fastdescent._endpoints.kinks.rough import at_kinks, is_rough
from fastdescent._endpoints.membership.gathered import gathered
from fastdescent._endpoints.search.cells import Candidates, EndpointSet, Floats, Ints, assign, looked_up
from fastdescent._endpoints.search.chains import SAME_SET, chained
from fastdescent._endpoints.search.connected import connected, has_no_barrier
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.polish import polish
from fastdescent._endpoints.search.verdict import Polished, judged

# Lengths, in windows.
COARSE_CELL, FINE_CELL = 1e-4, 1e-6
_SIZES = (1 / 64, 1e-3, 3e-5, FINE_CELL, 1e-8)  #: of cells, from round to round
_NEAR = 1e-4  #: a member further from its minimum must have no barrier between
_MOST_WAYS, _PLACE = 20_000, 1e-3  #: so many ways to sets are looked at; of more endpoints, one from each place
_NEAR_SADDLE, _LINEAR = 1e-3, 0.01  #: members of saddles are no further away, and the gradient is as linear there

_SLACK = 2.0  #: by this factor the proof by gradients allows for f not being quadratic
_UNLIMITED = 1e300
# How many cells a round polishes, the most populous first. The work of an eigenvalue problem grows as dim^3.
_MAX_CELLS, _MAX_CELLS_DIM3, _MIN_CELLS = 50_000, 50_000_000, 200
_KINK_SIZES, _MAX_KINKS = (1 / 64, 1e-3), 500  #: of cells at kinks, and how many cells are looked at
_SLIDES, _MOST_SLIDES = 8, 20_000  #: minima that an endpoint stuck at a kink is compared with, and such endpoints


class Rounds:
    """Endpoints, by number, and the candidates to which rounds have led so far."""

    def __init__(self, landscape: Landscape, n: int, polish: bool) -> None:
        self.landscape, self.polish = landscape, polish
        self.candidate: Ints = np.full(n, -1, np.int32)  #: row of `candidates`, or -1
        self.looked_at: Ints = np.full(n, -1, np.int32)  #: of those without a candidate, that of the last round's cell
        self._parts: list[Polished] = [judged(landscape, np.zeros((0, landscape.surface.dim)))]
        self._representatives = [np.zeros(0, np.int_)]
        self._n_candidates = 0

    @property
    def candidates(self) -> Polished:
        """In the order in which they were found."""
        return Polished.joined(self._parts)

    @property
    def representatives(self) -> npt.NDArray[np.int_]:
        """The endpoint that led to each candidate."""
        return np.concatenate(self._representatives)

    def add(self, candidates: Polished, owners: npt.NDArray[np.int_]) -> int:
        """Takes up new candidates, to which the endpoints `owners` led; returns the number of the first of them."""
        self._parts.append(candidates)
        self._representatives.append(owners)
        first, self._n_candidates = self._n_candidates, self._n_candidates + len(candidates)
        return first

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
            part = ends if len(index) == len(ends.status) else ends[index]
            index = index[self._round(part, index if owner is None else owner[index], size, at_rest)]

    def look_at_kinks(self, ends: EndpointSet, owner: npt.NDArray[np.int_]) -> None:
        """Rounds for endpoints at kinks. In small cells, all of them belong to their representative's candidate."""
        index = np.arange(len(owner))
        for size in _KINK_SIZES:
            if not len(index):
                return
            part, own = ends[index], owner[index]
            found = gathered(part, self.landscape.frame, size, self.most_cells(_MAX_KINKS))
            representative, looked_at = found.representative, found.number(found.cells.cell)
            candidates = at_kinks(self.landscape, part.x[representative].astype(np.float64))
            belongs = np.append(candidates.kind != Outcome.UNSETTLED, False)[looked_at]
            some = np.flatnonzero(belongs)
            if size != _KINK_SIZES[-1]:
                belongs[some] = connected(self.landscape, part.x[some], candidates.x[looked_at[some]])
                belongs[representative] = candidates.kind != Outcome.UNSETTLED
            first = self.add(candidates, own[representative])
            self.looked_at[own] = np.where(looked_at >= 0, looked_at + first, self.looked_at[own])
            self.candidate[own[belongs]] = looked_at[belongs] + first
            is_alone = np.zeros(len(index), np.bool_)
            is_alone[representative] = True
            index = index[~belongs & ~is_alone]
        self._slide(ends, owner)

    def _slide(self, ends: EndpointSet, owner: npt.NDArray[np.int_]) -> None:
        """Gives endpoints stuck on a kink curve the nearest minimum at a kink to which f falls without a barrier."""
        found = self.candidates
        minima = np.flatnonzero((found.kind == Outcome.LOCAL_MINIMUM) & ((found.form & Form.NONSMOOTH) != 0))
        if not len(minima):
            return
        left, width = np.flatnonzero(self.candidate[owner] < 0)[:_MOST_SLIDES], self.landscape.frame.width
        x = ends.x[left].astype(np.float64)
        n = min(_SLIDES, len(minima))
        nearest = KDTree(found.x[minima] / width).query(x / width, k=np.arange(1, n + 1))[1]
        for k in range(n):
            some = np.flatnonzero(self.candidate[owner[left]] < 0)
            to = minima[nearest[some, k]]
            slides = connected(self.landscape, x[some], found.x[to])
            self.candidate[owner[left[some[slides]]]] = to[slides]

    def most_cells(self, at_most: int = _MAX_CELLS) -> int:
        """How many cells a round polishes."""
        return max(_MIN_CELLS, min(at_most, _MAX_CELLS_DIM3 // self.landscape.surface.dim**3))

    def _round(self, ends: EndpointSet, own: npt.NDArray[np.int_], size: float, at_rest: bool) -> npt.NDArray[np.int_]:
        """One round; returns those for which smaller cells may find more: they were not polished themselves."""
        found = gathered(ends, self.landscape.frame, size, self.most_cells())
        cell = found.cells.cell.copy()  # `assign` writes over it
        representative = found.representative
        candidates = self.polished(ends.x[representative].astype(np.float64))
        first = self.add(candidates, own[representative])
        limits = self._limits(candidates, at_rest)
        members = assign(ends, self.landscape.frame, found.cells, found.number_of_cell[:-1], limits)
        candidate = members.candidate
        if not at_rest:  # polishing goes on with the descent of those that are polished
            candidate[representative] = np.where(candidates.kind != Outcome.UNSETTLED, np.arange(len(candidates)), -1)
        looked_at = _LookedAt(found.number_of_cell, cell)
        undecided = self._decide(ends, candidate, looked_at, members.undecided, candidates, at_rest)
        without = np.flatnonzero(candidate < 0)
        to = looked_at[without]
        self.looked_at[own[without]] = np.where(to >= 0, to + first, -1)
        if first:
            candidate[candidate >= 0] += first
        if len(own) == len(self.candidate):  # all, in order
            self.candidate = candidate
        else:
            self.candidate[own] = candidate
        is_own = np.zeros(len(own), np.bool_)
        is_own[representative] = True
        return undecided[~is_own[undecided]]

    def polished(self, start: Floats) -> Polished:
        if not self.polish:
            return judged(self.landscape, start, newton_tol=10 * COARSE_CELL)
        found = polish(self.landscape, start, to_saddles=True)
        found.kind[~self.landscape.is_inside(found.x)] = Outcome.UNSETTLED
        rough = np.flatnonzero(found.kind != Outcome.UNSETTLED)
        rough = rough[is_rough(self.landscape, found.x[rough])]
        if len(rough):  # at a kink, the Hessian is that of one side
            found.put(rough, at_kinks(self.landscape, found.x[rough]))
        return found

    def _limits(self, candidates: Polished, at_rest: bool) -> Candidates:
        """How near members of regular critical points and of sets must be; other candidates have none yet."""
        size = np.abs(candidates.eigenvalues)
        smallest = np.nanmin(size, axis=-1, initial=np.inf)
        per_gradient = np.divide(_SLACK, smallest, out=np.full(len(size), _UNLIMITED), where=smallest > 1 / _UNLIMITED)
        per_gradient[candidates.nullity > 0] = 0.0
        is_minimum = candidates.kind == Outcome.LOCAL_MINIMUM
        radius = np.where(is_minimum, _NEAR, _NEAR_SADDLE) if self.polish else np.full(len(size), COARSE_CELL)
        x = np.where((candidates.kind == Outcome.UNSETTLED)[:, np.newaxis], np.nan, candidates.x)
        is_set = np.isin(candidates.kind, _VALLEYS) & (candidates.set_dim > 0)
        return Candidates(
            x, candidates.fun, per_gradient, radius, np.full(len(x), 1e-8), np.where(is_set, SAME_SET, 0.0),
            _SLACK if at_rest else np.inf,
        )  # fmt: skip

    def _decide(
        self, ends: EndpointSet, candidate: Ints, looked_at: _LookedAt, undecided: npt.NDArray[np.int_],
        candidates: Polished, at_rest: bool,
    ) -> npt.NDArray[np.int_]:  # fmt: skip
        """Gives endpoints their cell's candidate if a valley leads there; the others are returned."""
        is_valley = np.append(np.isin(candidates.kind, _VALLEYS), False)
        if self.polish:
            undecided = self._without_strangers(ends, candidate, undecided, candidates, is_valley)
        to = looked_at[undecided]
        index, to = undecided[is_valley[to]], to[is_valley[to]]
        in_set = candidates.set_dim[to] > 0
        if np.count_nonzero(in_set) > _MOST_WAYS:
            far = index[in_set]
            candidate[far] = self._from_places(ends[far], to[in_set], candidates, at_rest)
            left = candidate[index] < 0
            index, to, in_set = index[left], to[left], in_set[left]
        if not len(index):
            return undecided[candidate[undecided] < 0]
        x = ends.x[index].astype(np.float64)
        belongs = np.ones(len(index), np.bool_)
        if at_rest:
            belongs = may_rest(self.landscape, x, ends.grad_norm[index], candidates, to)
            some = np.flatnonzero(belongs & ~in_set)
            belongs[some] = self._falls_towards(x[some], candidates.x[to[some]])
        for which, is_one_valley in ((~in_set, has_no_barrier), (in_set, self._in_one_set)):
            some = np.flatnonzero(belongs & which)
            belongs[some] = is_one_valley(self.landscape, x[some], candidates.x[to[some]])
        candidate[index[belongs]] = to[belongs]
        return undecided[candidate[undecided] < 0]

    def _from_places(self, ends: EndpointSet, to: Ints, candidates: Polished, at_rest: bool) -> Ints:
        """The candidates of endpoints on sets, or -1: those of one place are together on the set of one of them."""
        found = gathered(ends, self.landscape.frame, _PLACE, self.most_cells())
        best, near = ends[found.representative], to[found.representative]
        place, own = best.x.astype(np.float64), np.full(len(near), -1, np.int32)
        rests = np.ones(len(place), np.bool_)
        if at_rest:
            rests = may_rest(self.landscape, place, best.grad_norm, candidates, near)
        own[rests] = chained(self.landscape, place[rests], candidates, near[rests])
        left = np.flatnonzero(rests & (own < 0))
        left = left[connected(self.landscape, place[left], candidates.x[near[left]], SAME_SET)]
        own[left] = near[left]
        nothing = np.zeros(len(place))
        limits = Candidates(
            place, best.fun, nothing, nothing, np.full(len(place), 1e-8), np.where(own >= 0, SAME_SET, 0.0),
            _SLACK if at_rest else np.inf,
        )  # fmt: skip
        members = assign(ends, self.landscape.frame, found.cells, found.number_of_cell[:-1], limits)
        return looked_up(np.append(own, np.int32(-1)), members.candidate)

    def _without_strangers(
        self, ends: EndpointSet, candidate: Ints, undecided: npt.NDArray[np.int_], candidates: Polished,
        is_valley: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.int_]:  # fmt: skip
        """Takes their candidate from endpoints that are beside a saddle or maximum, but not where f is quadratic."""
        index = np.flatnonzero((candidate >= 0) & ~is_valley[candidate]) if not is_valley[:-1].all() else undecided[:0]
        if not len(index):
            return undecided
        x, to, width = ends.x[index].astype(np.float64), candidates.x[candidate[index]], self.landscape.frame.width
        linear = self.landscape.surface.hvp(to, x - to) * width
        rest = np.linalg.norm(self.landscape.surface.gradient(x) * width - linear, axis=-1)
        strange = index[rest > _LINEAR * np.linalg.norm(linear, axis=-1) + candidates.grad_norm[candidate[index]]]
        candidate[strange] = -1
        return np.union1d(undecided, strange)

    @staticmethod
    def _in_one_set(landscape: Landscape, x: Floats, to: Floats) -> npt.NDArray[np.bool_]:
        """Whether endpoints are on the set of their cell's candidate. In small cells they are."""
        found = landscape.frame.distance(x, to) <= SAME_SET
        left = np.flatnonzero(~found)
        if len(left) <= _MOST_WAYS:
            found[left] = connected(landscape, x[left], to[left], SAME_SET)
        return found

    def _falls_towards(self, x: Floats, to: Floats) -> npt.NDArray[np.bool_]:
        """Whether f falls at first on the way, as it does not beyond a ridge, however low the ridge is."""
        return np.asarray(np.einsum("mk,mk->m", self.landscape.surface.gradient(x), to - x) <= 0)


def may_rest(landscape: Landscape, x: Floats, slope: Floats, candidates: Polished, to: Ints) -> npt.NDArray[np.bool_]:
    """Whether f at points x is higher than at their candidates by no more than the slope allows where f is convex."""
    fun = landscape.surface(x)
    height, way = fun - candidates.fun[to], x - candidates.x[to]
    allowed = _SLACK * slope * np.sqrt(np.einsum("mk,mk->m", way, way))
    may = height <= allowed
    left = np.flatnonzero(~may)
    may[left] = height[left] <= allowed[left] + landscape.rounding(x[left], fun[left])
    return np.asarray(may)


class _LookedAt:
    """The candidate of the cell of endpoints, or -1; it is looked up only for those that ask."""

    def __init__(self, number_of_cell: Ints, cell: Ints) -> None:
        self._number_of_cell, self._cell = number_of_cell, cell

    def __getitem__(self, index: npt.NDArray[np.int_]) -> Ints:
        return self._number_of_cell[self._cell[index]]


_VALLEYS = (Outcome.LOCAL_MINIMUM, Outcome.DEGENERATE)
