"""A map's starts run and classified band by band, so that only the image takes memory for every cell.

A band is a slice of the map's first axis with about a million cells. Each band is one run with its own table of
critical points. In the end the tables are joined, and the labels of each band become rows of the joined table.

Example. A map of 4 x 3 cells has the starts of a grid in C order. The band of lines 2 and 3 begins at start 6:

>>> from fastdescent import GD, surface
>>> s = surface("x**2 + y**2", window=((0, 3), (0, 4)))
>>> band = Band(s, Grid(s.window, (4, 3)), slice(2, 4))
>>> band.first, band.starts.shape
(6, (2, 3, 2))
>>> np.asarray(band.starts)[0].tolist()
[[0.5, 2.5], [1.5, 2.5], [2.5, 2.5]]

A learning rate per line of the map, shape (4, 1), becomes one per cell of the band:

>>> band.optimizer(GD(np.array([[0.1], [0.2], [0.3], [0.4]]))).lr.tolist()
[[0.3, 0.3, 0.3], [0.4, 0.4, 0.4]]

Labels 0 and 1 of a band become rows 2 and 0 of the joined table with `image.relabel(band.lines, [2, 0])`; -1 stays.

Invariants
----------
- Bands are disjoint, in order, and cover the map.
- A map in bands has the same cells as a map in one piece: starts, hyperparameters, and the indices from which random
  numbers are drawn are those of the whole map. (Positions of the joined table may differ in the last bits.)
- Labels of a band refer to its own table until all bands have run. `image.relabel` is called once per band. If a table
  is given, labels are its rows from the beginning.
- After a cancelled run, bands that were not begun hold f at the starts, label -1 and status INTERRUPTED.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._base.progress import Poll, reporter
from fastdescent._base.status import Outcome, Status
from fastdescent._endpoints.classify import classify
from fastdescent._endpoints.table.merging import joined, summed
from fastdescent._endpoints.table.names import reason_counts
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._maps.image import Image, bands
from fastdescent._run.arguments import check_progress
from fastdescent._run.descent import descend
from fastdescent._run.hyperparameters import changed, per_trajectory
from fastdescent._run.stochastic import checked_noise
from fastdescent._starts.lazy import LazyStarts
from fastdescent._starts.rules import Floats, Grid
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import Optimizer

_BYTES_PER_CELL = 8 + 2 + 1 + 1 + 1 + 1


@at_top
@dataclass(frozen=True)
class GridPart:
    """The starts of a grid from start `offset` on."""

    grid: Grid
    offset: int

    @property
    def dim(self) -> int:
        return self.grid.dim

    @property
    def extremes(self) -> Floats:
        return self.grid.extremes

    def points(self, first: int, n: int) -> Floats:
        return self.grid.points(self.offset + first, n)

    def __repr__(self) -> str:
        return f"{self.grid} from point {self.offset} on"


@dataclass(frozen=True)
class Ended:
    """What a map's starts have come to."""

    image: Image  #: labels are rows of `points`
    points: CriticalPoints
    gradient: str  #: what is random in the gradients
    n_reasons: npt.NDArray[np.int64] | None  #: how many cells have each `Reason`


def run_in_bands(
    surface: Surface, optimizer: Optimizer, grid: Grid, points: CriticalPoints | None, options: dict[str, Any]
) -> Ended:
    """Where the starts of a grid end; the table has the rows of `points`, if they are given."""
    shape, progress = grid.counts, options.pop("progress", None)
    check_progress(progress)
    n, first_index = math.prod(shape), options.pop("first_index", 0)
    refuse_if_too_large(n * _BYTES_PER_CELL, f"a map of {n} cells", "choose a smaller shape")
    all_bands = [Band(surface, grid, lines) for lines in bands(shape)]
    noise, is_whole = checked_noise(options.pop("noise", None)), len(all_bands) == 1
    image, tables, gradient, reasons = None, [], "", []
    with reporter(progress, n) as report:
        for band in all_bands:
            run = descend(
                surface, band.starts, optimizer if is_whole else band.optimizer(optimizer),
                noise=noise if noise is None or is_whole else noise.changed(band.hyperparameter),
                first_index=first_index + band.first, progress=_continued(report, band.first), **options,
            )  # fmt: skip
            gradient = gradient or run.gradient
            ends = classify(run, points=points)
            image = image or Image.empty(shape, run.fun.dtype)
            image.put(band.lines, ends.label, run.nit, run.status, run.fun, ends.outcome, ends.arrived)
            tables.append(ends.points)
            reasons.append(reason_counts(ends.reason))
            done = band.first + run.status.size
            cancelled = np.any(run.status == Status.INTERRUPTED)
            if cancelled or (report is not None and done < n and not report(done)):
                break
    assert image is not None
    for band in all_bands[len(tables) :]:
        _put_starts(image, band)
    if points is None:
        table, new_rows = joined(tables, n_total=n)
        for band, new_row in zip(all_bands, new_rows, strict=False):
            image.relabel(band.lines, new_row)
    else:  # each band has the rows that were given
        table = summed(tables, n_total=n)
    n_reasons = np.sum(reasons, axis=0) if reasons else None
    return Ended(image, _of_whole_map(image, table, is_whole), gradient, n_reasons)


def _of_whole_map(image: Image, table: CriticalPoints, is_whole: bool) -> CriticalPoints:
    """The table with medians of all bands; cells get the kinds of its rows, which may be global in one band alone."""
    image.put_kinds(table.kind)
    return table if is_whole else replace(table, nit_median=image.nit_medians(len(table)))


@dataclass(frozen=True)
class Band:
    """Some lines of a map, which are run together."""

    surface: Surface
    grid: Grid
    lines: slice  #: of the map's first axis

    @property
    def first(self) -> int:
        """The index of the band's first start in the whole map."""
        return int(self.lines.start * math.prod(self.grid.counts[1:]))

    @property
    def starts(self) -> LazyStarts:
        shape = (self.lines.stop - self.lines.start, *self.grid.counts[1:])
        return LazyStarts(GridPart(self.grid, self.first), shape)

    def optimizer(self, of_map: Optimizer) -> Optimizer:
        """The map's optimizer with the hyperparameters of this band."""
        return changed(of_map, self.hyperparameter)

    def hyperparameter(self, name: str, value: Any) -> Any:
        """The band's part of a hyperparameter that has a value per cell; other hyperparameters as they are."""
        if callable(value) or np.ndim(value) == 0:
            return value
        per_cell = per_trajectory(name, np.asarray(value, np.float64), self.grid.counts, self.surface.dim)
        own = per_cell.reshape(*self.grid.counts, -1)[self.lines]
        return own[..., 0] if own.shape[-1] == 1 else own


def _continued(report: Poll | None, done: int) -> Any:
    """Progress of a band, reported as progress of the map: `done` starts came before."""
    return None if report is None else lambda done_of_band, total: report(done + done_of_band)


def _put_starts(image: Image, band: Band) -> None:
    """Writes a band that was not begun: its endpoints are its starts."""
    fun = band.surface(np.asarray(band.starts))
    zeros = np.zeros(fun.shape, np.int32)
    status: npt.NDArray[np.int8] = np.full(fun.shape, Status.INTERRUPTED, np.int8)
    outcome: npt.NDArray[np.int8] = np.full(fun.shape, Outcome.UNSETTLED, np.int8)
    image.put(band.lines, zeros - 1, zeros, status, fun, outcome, np.zeros(fun.shape, np.bool_))
