"""Three passes over endpoints: gather them into cells, assign them to candidates, label them.

The passes are functions of the extension and linear in the number of endpoints. This module names their arguments
and results. Between the passes, `membership` polishes one representative per cell.

Example. The window is [-1, 1], so its width is 2; cells of side 0.01 are 0.02 wide in x. Three endpoints are at
0.5 with gradient norm 0.3, at 0.501 with gradient norm 0.1, and at -0.5. The second one represents the first cell:

>>> frame = Frame.of(((-1.0, 1.0),))
>>> x, status = np.array([[0.5], [0.501], [-0.5]]), np.zeros(3, np.int8)
>>> endpoints = EndpointSet.of(x, np.array([0.3, 0.1, 0.0]), status, eligible=(0,))
>>> cells = gather(endpoints, frame, 0.01)
>>> cells.cell.tolist(), cells.count.tolist(), cells.representative.tolist()
([0, 0, 1], [2, 1], [1, 2])

The first representative led to the candidate at 0.5005, and the second to none. A gradient norm of g shows that an
endpoint is at most 0.01 g away from its candidate. So the first endpoint is a member (0.0005 <= 0.003), as is the
second one (0.0005 <= 0.001). The third one is undecided:

>>> candidates = Candidates(
...     x=np.array([[0.5005]]), fun=np.zeros(1), per_gradient=np.array([0.01]), radius=np.array([1.0]),
...     certain_radius=np.array([1e-8]), set_radius=np.zeros(1),
... )
>>> members = assign(endpoints, frame, cells, np.array([0, -1], np.int32), candidates)
>>> members.candidate.tolist(), members.count.tolist(), members.undecided.tolist()
([0, 0, -1], [2], [2])

Invariants
----------
- Cells are numbered by first occurrence in index order. Results do not depend on the number of threads.
- `cell` is -1 for an endpoint that is not eligible, not finite, or 2**31 cells away from the origin.
- After `assign`, each endpoint with a cell is a member of one candidate, or undecided; then its candidate is -1.
- `assign` overwrites the array `cell`: cells are used once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.threads import available_threads
from fastdescent.engines.host import core

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]

#: Cells are shifted by this part of their size: minima at round fractions of a window are not on an edge then.
_SHIFT = 0.381966
_AT_ONCE = 1 << 16  #: indices that stay in the processor's cache


@dataclass(frozen=True)
class Frame:
    """A window as the unit of length. A distance "in windows" has each coordinate divided by the window's width."""

    low: Floats
    width: Floats

    @classmethod
    def of(cls, window: tuple[tuple[float, float], ...]) -> Frame:
        low, high = np.array(window, dtype=np.float64).T
        return cls(low, high - low)

    def distance(self, a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Floats:
        """Euclidean distance of points (..., dim), in windows."""
        return np.asarray(np.linalg.norm((np.asarray(a, np.float64) - b) / self.width, axis=-1))


@dataclass(frozen=True)
class EndpointSet:
    """Endpoints as the passes take them: x has shape (n, dim), the other arrays have shape (n,)."""

    x: npt.NDArray[Any]  #: float64 or float32
    grad_norm: Floats
    fun: Floats  #: f; NaN where it is not known
    status: npt.NDArray[np.int8]
    eligible: int  #: bit s is set where endpoints of status s take part

    @classmethod
    def of(
        cls, x: npt.NDArray[Any], grad_norm: Floats, status: npt.NDArray[np.int8], eligible: Iterable[int],
        fun: Floats | None = None,
    ) -> EndpointSet:  # fmt: skip
        """The arrays made contiguous; `eligible` lists the statuses that take part."""
        return cls(
            np.ascontiguousarray(x),
            np.ascontiguousarray(grad_norm, dtype=np.float64),
            np.full(len(x), np.nan) if fun is None else np.ascontiguousarray(fun, dtype=np.float64),
            np.ascontiguousarray(status, dtype=np.int8),
            sum(1 << int(s) for s in eligible),
        )

    def __getitem__(self, index: npt.NDArray[np.int_]) -> EndpointSet:
        x, grad_norm, fun = self.x[index], self.grad_norm[index], self.fun[index]
        return EndpointSet(x, grad_norm, fun, self.status[index], self.eligible)


@dataclass(frozen=True)
class Cells:
    """Cells, numbered by first occurrence in index order."""

    cell: Ints  #: (n,), the cell of each endpoint, or -1
    count: Counts  #: endpoints of each cell
    representative: Counts  #: of each cell the endpoint of least gradient norm, of equals the first


@dataclass(frozen=True)
class Candidates:
    """The points to which representatives led, and how near their members must be."""

    x: Floats  #: (m, dim)
    fun: Floats
    per_gradient: Floats  #: a member is at most this times its gradient norm away
    radius: Floats  #: ... and at most this many windows
    certain_radius: Floats  #: endpoints at most this many windows away are members in any case
    set_radius: Floats  #: of those that stand for a connected set, members are at most so many windows away; else 0
    slack: float = np.inf  #: ... and f there is higher by at most slack * gradient norm * distance


@dataclass(frozen=True)
class Members:
    """Which candidate each endpoint belongs to."""

    candidate: Ints  #: (n,), the candidate of each endpoint, or -1
    count: Counts  #: endpoints of each candidate
    undecided: Counts  #: endpoints, ascending, without a candidate, for which a further round may find one


@dataclass(frozen=True)
class Labels:
    """Label and distance of each endpoint, and the totals of each row of the table."""

    label: Ints  #: (n,), row of the table, or -1
    moved: Floats  #: (n,), distance to the row's point; NaN where there is none
    count: Counts  #: endpoints of each row
    nit: Counts  #: sum of the steps to each row
    histogram: Counts  #: (k, n_bins): endpoints of each row that made 0, 1, ... steps


def gather(endpoints: EndpointSet, frame: Frame, size: float, n_threads: int | None = None) -> Cells:
    """Gathers endpoints into cells whose sides are `size` times the window's."""
    found = core.gather_cells(
        x=endpoints.x, grad_norm=endpoints.grad_norm, status=endpoints.status, eligible=endpoints.eligible,
        origin=frame.low - _SHIFT * size * frame.width, per_unit=1.0 / (size * frame.width),
        n_threads=n_threads or available_threads(),
    )  # fmt: skip
    return Cells(*found)


def assign(
    endpoints: EndpointSet, frame: Frame, cells: Cells, candidate_of_cell: Ints, candidates: Candidates
) -> Members:
    """Replaces each endpoint's cell by its candidate, in place; -1 where the endpoint is not shown to belong to it."""
    count, undecided = core.assign_members(
        x=endpoints.x, grad_norm=endpoints.grad_norm, fun=endpoints.fun, cell=cells.cell,
        candidate_of_cell=candidate_of_cell, points=candidates.x, fun_at_points=candidates.fun,
        per_gradient=candidates.per_gradient, radius=candidates.radius, certain_radius=candidates.certain_radius,
        set_radius=candidates.set_radius, slack=candidates.slack, inverse_width=1.0 / frame.width,
        n_threads=available_threads(),
    )  # fmt: skip
    return Members(cells.cell, count, undecided)


def label(
    endpoints: EndpointSet, candidate: Ints, nit: Ints, row_of_candidate: Ints, x: Floats, n_bins: int = 0
) -> Labels:
    """Labels every endpoint by a row of the table; the rows have points x (k, dim).

    All steps are fewer than `n_bins`; if that is 0, no histogram is made.
    """
    labels, moved, count, total, histogram = core.label_endpoints(
        x=endpoints.x, candidate=candidate, nit=nit, n_bins=n_bins, row_of_candidate=row_of_candidate, points=x,
        n_threads=available_threads(),
    )  # fmt: skip
    return Labels(labels, moved, count, total, histogram.reshape(len(x), n_bins))


def looked_up(values: npt.NDArray[Any], index: npt.NDArray[np.integer[Any]]) -> npt.NDArray[Any]:
    """values[index], part by part: NumPy makes 64-bit indices of all of them before it begins."""
    found = np.empty(len(index), values.dtype)
    for k in range(0, len(index), _AT_ONCE):
        found[k : k + _AT_ONCE] = values[index[k : k + _AT_ONCE]]
    return found


def counted(index: Ints, n: int) -> Counts:
    """How often each of 0 ... n - 1 occurs among indices, of which -1 is none, part by part."""
    found = np.zeros(n + 1, np.int64)
    for k in range(0, len(index), _AT_ONCE):
        found += np.bincount(index[k : k + _AT_ONCE] + 1, minlength=n + 1)
    return found[1:]
