"""Classes: points that are the same but for a symmetry, as the user's function `canonical` tells.

`canonical` maps a point to a representative of its class, or to numbers that the symmetry does not change. Points of
one class map to the same numbers but for rounding, and so cells of these numbers gather endpoints by class. One
endpoint of each cell is polished. The others belong to its candidate if their numbers are the candidate's, and if f is
no higher than their small gradient allows.

Example. Minima of f are at (1, 2), (2, 1), and so on. If coordinates may be exchanged, there are two classes of three
endpoints:

>>> from fastdescent import surface
>>> from fastdescent._endpoints.search.landscape import Landscape
>>> land = Landscape.of(surface("((x - 1)*(x - 2))**2 + ((y - 1)*(y - 2))**2", window=(0, 3)))
>>> x = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]) + 1e-9
>>> ends = EndpointSet.of(x, land.slope(x), np.zeros(3, np.int8), eligible=(0,))
>>> rounds = Rounds(land, 3, polish=True)
>>> look_at_classes(rounds, np.sort, ends, np.arange(3))
>>> rounds.candidate.tolist(), rounds.candidates.x.round(6).tolist()
([0, 0, 1], [[1.0, 2.0], [2.0, 2.0]])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.status import Outcome
from fastdescent._endpoints.membership.gathered import gathered
from fastdescent._endpoints.membership.rounds import FINE_CELL, Rounds
from fastdescent._endpoints.search.cells import EndpointSet, Floats, Frame
from fastdescent._endpoints.search.clusters import clusters_of
from fastdescent._endpoints.search.verdict import Polished

Indices = npt.NDArray[np.int_]
Bools = npt.NDArray[np.bool_]
Canonical = Callable[[npt.NDArray[Any]], Any]

_TOL = 1e-4  #: of the size of what `canonical` gives: points nearer than this are the same
_CELLS = (1e-2, 1e-3, 1e-5)  #: of that size
_SLACK = 2.0  #: by this factor f may differ from a parabola
_AT_ONCE = 1 << 17  #: numbers in the points that a function of many points is given at once


@dataclass(frozen=True)
class Classes:
    """What `canonical` makes of points, (m, p), in units of the size that it has for most of them."""

    canonical: Canonical
    size: float

    @classmethod
    def of(cls, canonical: Canonical, x: Floats) -> tuple[Classes, Floats]:
        """The classes, and what they make of points (m, dim)."""
        found = _values(canonical, x)
        size = np.abs(found).max(axis=1, initial=0.0)
        unit = float(np.median(size)) if len(size) else 0.0
        unit = unit or float(size.max(initial=0.0)) or 1.0
        return cls(canonical, unit), found / unit

    def __call__(self, x: Floats) -> Floats:
        return _values(self.canonical, x) / self.size


def classes_of(canonical: Canonical, points: Polished) -> Indices:
    """A number for each point: points that `canonical` maps together, with the same f, have the same number."""
    _, found = Classes.of(canonical, points.x)
    spread = max(float(np.ptp(points.fun)), float(np.abs(points.fun).max(initial=0.0))) or 1.0
    both = np.concatenate([found, (points.fun / spread)[:, np.newaxis]], axis=1)
    return clusters_of(both, _TOL, np.zeros(len(points)), np.ones(len(points)))


def look_at_classes(
    rounds: Rounds, canonical: Canonical, ends: EndpointSet, index: Indices, owner: Indices | None = None
) -> None:
    """Gives these endpoints a candidate of their class, those of a class the same one; some stay undecided.

    `canonical` is called once for each place where endpoints lie.
    """
    part = ends[index]
    own = index if owner is None else owner[index]
    places = gathered(part, rounds.landscape.frame, FINE_CELL)
    if not len(places.representative):
        return
    x, slope = part.x[places.representative].astype(np.float64), part.grad_norm[places.representative]
    classes, where = Classes.of(canonical, x)
    left = np.arange(len(x))
    for cell in _CELLS:
        owners = own[places.representative[left]]
        to, is_near = _round(rounds, classes, x[left], where[left], slope[left], owners, cell)
        candidate = np.full(len(x) + 1, -1, np.int32)  # of each place, and one for endpoints without a place
        candidate[left[is_near]] = to[is_near]
        found = candidate[places.cells.cell]
        some = np.flatnonzero(found >= 0)
        some = some[_is_as_low(rounds, part, some, found[some].astype(np.int_))]
        rounds.candidate[own[some]] = found[some]
        left = left[~is_near]
        if not len(left):
            return


def _round(
    rounds: Rounds, classes: Classes, x: Floats, where: Floats, slope: Floats, owners: Indices, cell: float
) -> tuple[npt.NDArray[np.int32], Bools]:
    """The candidate to which the cell of each place leads, or -1, and whether it is of the place's class."""
    n_numbers = where.shape[1]
    frame = Frame(np.zeros(n_numbers), np.ones(n_numbers))
    found = gathered(EndpointSet.of(where, slope, np.zeros(len(x), np.int8), (0,)), frame, cell, rounds.most_cells())
    candidates = rounds.polished(x[found.representative])
    first = rounds.add(candidates, owners[found.representative])
    to = found.number(found.cells.cell)
    is_named = candidates.kind != Outcome.UNSETTLED
    there = np.full((len(candidates), n_numbers), np.nan)
    there[is_named] = classes(candidates.x[is_named])
    near = np.zeros(len(x), np.bool_)
    some = np.flatnonzero(to >= 0)
    near[some] = np.linalg.norm(where[some] - there[to[some]], axis=1) <= _TOL
    return np.where(to >= 0, to + first, -1).astype(np.int32), near


def _is_as_low(rounds: Rounds, ends: EndpointSet, index: Indices, to: Indices) -> Bools:
    """Whether f is that of the candidates, but for what the slope allows: |f - f*| <= |g|^2 / (2 curvature)."""
    candidates, landscape = rounds.candidates, rounds.landscape
    x, slope = ends.x[index].astype(np.float64), ends.grad_norm[index]
    fun = landscape.surface(x)
    allowed = _SLACK * slope**2 / _least_curvature(candidates)[to] + landscape.rounding(x, fun)
    return np.asarray(np.abs(fun - candidates.fun[to]) <= allowed)


def _least_curvature(points: Polished) -> Floats:
    """(m,): the least size of the eigenvalues that are not zero; infinite where all are."""
    size = np.sort(np.abs(points.eigenvalues), axis=1)  # NaN has the last ones
    size = np.concatenate([np.where(np.isnan(size), np.inf, size), np.full((len(size), 1), np.inf)], axis=1)
    return np.take_along_axis(size, points.nullity[:, np.newaxis].astype(np.int_), axis=1)[:, 0]


def _values(canonical: Canonical, x: Floats) -> Floats:
    """What `canonical` gives for points (m, dim): (m, p)."""
    if not len(x):
        return np.zeros((0, 1))
    if getattr(canonical, "takes_many", False):
        parts = np.array_split(x, 1 + x.size // _AT_ONCE)
        found = np.concatenate([np.asarray(canonical(part)).reshape(len(part), -1) for part in parts])
    else:
        found = _stacked([np.asarray(canonical(point)).reshape(-1) for point in x])
    if found.dtype.kind not in "fiub":
        raise TypeError(f"canonical must return real numbers; got {checks.shown(found[0])}")
    wrong = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(wrong):
        raise ValueError(
            f"canonical must return finite numbers; at the point {checks.shown(x[wrong[0]])} it returned "
            f"{checks.shown(found[wrong[0]])}"
        )
    return found.astype(np.float64, copy=False)


def _stacked(rows: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    sizes = sorted({row.size for row in rows})
    if len(sizes) > 1:
        raise ValueError(
            f"canonical must return as many numbers at every point; got {sizes[0]} at one and {sizes[1]} at another"
        )
    if not sizes[0]:
        raise ValueError("canonical must return at least one number; it returned none")
    return np.stack(rows)
