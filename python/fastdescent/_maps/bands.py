"""A map's starts run and classified some rows at a time, so that only the image takes memory for every cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._base.progress import Poll, reporter
from fastdescent._base.status import Status
from fastdescent._endpoints.classify import classify
from fastdescent._endpoints.points import CriticalPoints, joined
from fastdescent._maps.image import Image, bands
from fastdescent._run.arguments import check_progress
from fastdescent._run.descent import descend
from fastdescent._run.hyperparameters import changed, per_trajectory
from fastdescent._run.stochastic import checked_noise
from fastdescent._starts.lazy import LazyStarts
from fastdescent._starts.rules import Floats, Grid
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import Optimizer

_BYTES_A_CELL = 8 + 2 + 1 + 1


@at_top
@dataclass(frozen=True)
class GridPart:
    """The starts of a grid from one of them on."""

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


def run_in_bands(
    surface: Surface, optimizer: Optimizer, grid: Grid, options: dict[str, Any]
) -> tuple[Image, CriticalPoints, str]:
    """Where the starts of a grid end; labels are rows of the table. The text says what is random in the gradients."""
    shape, progress = grid.counts, options.pop("progress", None)
    check_progress(progress)
    n, first_index = math.prod(shape), options.pop("first_index", 0)
    refuse_if_too_large(n * _BYTES_A_CELL, f"a map of {n} cells", "choose a smaller shape")
    parts, noise = bands(shape), checked_noise(options.pop("noise", None))
    image, tables, done, gradient = None, [], 0, ""
    with reporter(progress, n) as report:
        for rows in parts:
            band = Band(surface, grid, rows)
            run = descend(
                surface, band.starts, optimizer if len(parts) == 1 else band.part_of(optimizer),
                noise=noise if noise is None or len(parts) == 1 else noise.changed(band.part),
                first_index=first_index + done, progress=_shifted(report, done), **options,
            )  # fmt: skip
            gradient = gradient or run.gradient
            ends = classify(run)
            image = image or Image.empty(shape, run.fun.dtype)
            image.put(rows, ends.label, run.nit, run.status, run.fun)
            tables.append(ends.points)
            done += run.status.size
            cancelled = np.any(run.status == Status.INTERRUPTED)
            if cancelled or (report is not None and done < n and not report(done)):
                break
    assert image is not None
    for rows in parts[len(tables) :]:
        _leave(image, surface, Band(surface, grid, rows))
    table, row_of_label = joined(tables, n_total=n)
    for rows, row in zip(parts, row_of_label, strict=False):
        image.relabel(rows, row)
    return image, table, gradient


@dataclass(frozen=True)
class Band:
    """Some rows of a map."""

    surface: Surface
    grid: Grid
    rows: slice

    @property
    def starts(self) -> LazyStarts:
        shape = self.grid.counts
        first = self.rows.start * math.prod(shape[1:])
        return LazyStarts(GridPart(self.grid, first), (self.rows.stop - self.rows.start, *shape[1:]))

    def part_of(self, optimizer: Optimizer) -> Optimizer:
        """With the hyperparameters of these rows, where cells have their own."""
        return changed(optimizer, self.part)

    def part(self, name: str, value: Any) -> Any:
        """What a hyperparameter is in these rows."""
        if callable(value) or np.ndim(value) == 0:
            return value
        lanes = per_trajectory(name, np.asarray(value, np.float64), self.grid.counts, self.surface.dim)
        lanes = lanes.reshape(*self.grid.counts, -1)[self.rows]
        return lanes[..., 0] if lanes.shape[-1] == 1 else lanes


def _shifted(report: Poll | None, done: int) -> Any:
    return None if report is None else lambda of_band, total: report(done + of_band)


def _leave(image: Image, surface: Surface, band: Band) -> None:
    """Rows that were never begun."""
    fun = surface(np.asarray(band.starts))
    nothing = np.zeros(fun.shape, np.int32)
    status: npt.NDArray[np.int8] = np.full(fun.shape, Status.INTERRUPTED, np.int8)
    image.put(band.rows, nothing - 1, nothing, status, fun)
