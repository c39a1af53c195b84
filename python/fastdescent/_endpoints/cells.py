"""Endpoints gathered into cells: the extension's passes, with names for what they take and return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome
from fastdescent._base.threads import available_threads
from fastdescent.engines.host import core

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]

#: Cells are shifted by this part of their size, so that minima at round fractions of a window are not on an edge.
_SHIFT = 0.381966


@dataclass(frozen=True)
class Frame:
    """A window as a unit of length: distances "in windows" divide each coordinate by its width."""

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
class Ends:
    """Endpoints as the passes take them: x (n, dim), the others (n,)."""

    x: npt.NDArray[Any]  #: float64 or float32
    grad_norm: Floats
    status: npt.NDArray[np.int8]
    eligible: int  #: bit s: points of status s take part

    @classmethod
    def of(cls, x: npt.NDArray[Any], grad_norm: Floats, status: npt.NDArray[np.int8], kept: Iterable[int]) -> Ends:
        """Contiguous, with the statuses that take part."""
        return cls(
            np.ascontiguousarray(x),
            np.ascontiguousarray(grad_norm, dtype=np.float64),
            np.ascontiguousarray(status, dtype=np.int8),
            sum(1 << int(s) for s in kept),
        )


@dataclass(frozen=True)
class Cells:
    """Cells, numbered by first occurrence in index order."""

    cell: Ints  #: of each point; -1 for what does not take part, is not finite or is absurdly far
    count: Counts  #: of each cell
    representative: Counts  #: the point of least gradient norm, of equals the first


@dataclass(frozen=True)
class Candidates:
    """Critical points to which representatives led, and how near a member must be."""

    x: Floats  #: (m, dim)
    per_gradient: Floats  #: a member is at most this times its gradient norm away
    radius: Floats  #: ... and at most this many windows
    sure: Floats  #: members without further proof are at most this many windows away
    hopeless: npt.NDArray[np.bool_]  #: not a clean critical point, and looking closer would not help


@dataclass(frozen=True)
class Members:
    """Which candidate each point belongs to."""

    candidate: Ints  #: of each point, -1: none
    count: Counts  #: of each candidate
    lost: Counts  #: points, ascending, of no candidate, for which a closer look may find one


@dataclass(frozen=True)
class Labels:
    """What is known of each point, and the totals of each row."""

    label: Ints
    outcome: npt.NDArray[np.int8]
    moved: Floats
    count: Counts
    nit: Counts


def gather(ends: Ends, frame: Frame, size: float, n_threads: int | None = None) -> Cells:
    """Gathers points into cells whose sides are `size` times the window's."""
    found = core.gather_cells(
        x=ends.x, grad_norm=ends.grad_norm, status=ends.status, eligible=ends.eligible,
        origin=frame.low - _SHIFT * size * frame.width, per_unit=1.0 / (size * frame.width),
        n_threads=n_threads or available_threads(),
    )  # fmt: skip
    return Cells(*found)


def assign(ends: Ends, frame: Frame, cells: Cells, of_cell: Ints, candidates: Candidates) -> Members:
    """Replaces cells by candidates (`of_cell`, -1: none), in place, and drops points that are not shown to belong."""
    count, lost = core.assign_members(
        x=ends.x, grad_norm=ends.grad_norm, cell=cells.cell, of_cell=of_cell, points=candidates.x,
        per_gradient=candidates.per_gradient, radius=candidates.radius, sure=candidates.sure,
        hopeless=candidates.hopeless.astype(np.int8), inverse_width=1.0 / frame.width, n_threads=available_threads(),
    )  # fmt: skip
    return Members(cells.cell, count, lost)


def label(
    ends: Ends, candidate: Ints, nit: Ints, row_of_candidate: Ints, x: Floats, kind: npt.NDArray[np.int8]
) -> Labels:
    """Writes row, outcome and distance of every point; rows are critical points x (k, dim) of those kinds."""
    found = core.label_endpoints(
        x=ends.x, status=ends.status, eligible=ends.eligible, candidate=candidate, nit=nit,
        of_candidate=row_of_candidate, points=x, kind=kind, unsettled=Outcome.UNSETTLED, escaped=Outcome.ESCAPED,
        n_threads=available_threads(),
    )  # fmt: skip
    return Labels(*found)
