"""The cells of a map in narrow types: a hundred million cells take little more than a gigabyte.

An image has lines: slices of its first axis. A band is some consecutive lines.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.status import Outcome, Status
from fastdescent._endpoints.table.counts import medians

Integers = npt.NDArray[np.integer[Any]]
_CELLS_PER_BAND = 1 << 20


@at_top
@dataclass(eq=False)
class Image:
    """Arrays of the map's shape. Integers are as narrow as their values allow, and widen when they must."""

    label: Integers  #: row of the table, or -1
    nit: Integers
    status: npt.NDArray[np.int8]
    fun: npt.NDArray[Any]
    outcome: npt.NDArray[np.int8]
    arrived: npt.NDArray[np.bool_]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Earlier pickles hold no outcomes; cells with a label have arrived, and get theirs from `put_kinds`."""
        self.__dict__.update(state)
        if "outcome" not in state:
            escapes = np.isin(self.status, [s for s in Status if s.is_escape])
            self.outcome = np.where(escapes, Outcome.ESCAPED, Outcome.UNSETTLED).astype(np.int8)
            self.arrived = (self.label >= 0) & ~escapes

    @classmethod
    def empty(cls, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Image:
        return cls(*(np.empty(shape, t) for t in (np.int8, np.uint16, np.int8, dtype, np.int8, np.bool_)))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.status.shape

    def put(
        self, lines: slice, label: Integers, nit: Integers, status: npt.NDArray[np.int8], fun: Any,
        outcome: npt.NDArray[np.int8], arrived: npt.NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """Writes some lines."""
        self.label = _wide_enough(self.label, int(label.max(initial=-1)))
        self.nit = _wide_enough(self.nit, int(nit.max(initial=0)))
        self.label[lines], self.nit[lines], self.status[lines], self.fun[lines] = label, nit, status, fun
        self.outcome[lines], self.arrived[lines] = outcome, arrived

    def relabel(self, lines: slice, row_of_label: Integers) -> None:
        """Replaces the labels of some lines; -1 stays."""
        self.label = _wide_enough(self.label, int(row_of_label.max(initial=-1)))
        self.label[lines] = np.append(row_of_label, -1)[self.label[lines]]

    def put_kinds(self, kind: npt.NDArray[np.int8]) -> None:
        """Gives cells that have arrived the outcome of their row; `kind` has those of the table."""
        for lines in bands(self.shape):
            here = self.arrived[lines]
            self.outcome[lines][here] = kind[self.label[lines][here]]

    def nit_medians(self, k: int) -> npt.NDArray[np.float64]:
        """The median number of steps of each of k rows."""
        parts = [(self.label[lines], self.nit[lines]) for lines in bands(self.shape)]
        return medians(parts, k, int(self.nit.max(initial=0)))

    def thinned(self, most: int) -> Image:
        """Every k-th cell along each axis, so that no side has more than `most` cells."""
        step = -(-max(self.shape) // most)
        every = (slice(step // 2, None, step),) * len(self.shape)
        return Image(*(getattr(self, f.name)[every] for f in fields(self)))


def bands(shape: tuple[int, ...]) -> list[slice]:
    """The lines of an image in bands of about a million cells, at least one line each."""
    step = max(1, _CELLS_PER_BAND // max(1, int(np.prod(shape[1:], dtype=np.int64))))
    return [slice(k, min(k + step, shape[0])) for k in range(0, shape[0], step)]


def _wide_enough(values: Integers, largest: int) -> Integers:
    return values if largest <= np.iinfo(values.dtype).max else values.astype(np.int16 if largest < 2**15 else np.int32)
