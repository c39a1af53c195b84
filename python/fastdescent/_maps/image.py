"""The cells of a map in narrow types: a hundred million cells take little more than a gigabyte.

An image has lines: slices of its first axis. A band is some consecutive lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._endpoints.outcomes import outcomes

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

    @classmethod
    def empty(cls, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Image:
        return cls(*(np.empty(shape, t) for t in (np.int8, np.uint16, np.int8, dtype)))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.status.shape

    def put(self, lines: slice, label: Integers, nit: Integers, status: npt.NDArray[np.int8], fun: Any) -> None:
        """Writes some lines."""
        self.label = _wide_enough(self.label, int(label.max(initial=-1)))
        self.nit = _wide_enough(self.nit, int(nit.max(initial=0)))
        self.label[lines], self.nit[lines], self.status[lines], self.fun[lines] = label, nit, status, fun

    def relabel(self, lines: slice, row_of_label: Integers) -> None:
        """Replaces the labels of some lines; -1 stays."""
        self.label = _wide_enough(self.label, int(row_of_label.max(initial=-1)))
        self.label[lines] = np.append(row_of_label, -1)[self.label[lines]]

    def outcome(self, kind: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """The outcome of each cell; `kind` has the outcomes of the rows of the table."""
        found = np.empty(self.shape, np.int8)
        for lines in bands(self.shape):
            found[lines] = outcomes(self.label[lines], self.status[lines], kind)
        return found

    def thinned(self, most: int) -> Image:
        """Every k-th cell along each axis, so that no side has more than `most` cells."""
        step = -(-max(self.shape) // most)
        every = (slice(step // 2, None, step),) * len(self.shape)
        return Image(self.label[every], self.nit[every], self.status[every], self.fun[every])


def bands(shape: tuple[int, ...]) -> list[slice]:
    """The lines of an image in bands of about a million cells, at least one line each."""
    step = max(1, _CELLS_PER_BAND // max(1, int(np.prod(shape[1:], dtype=np.int64))))
    return [slice(k, min(k + step, shape[0])) for k in range(0, shape[0], step)]


def _wide_enough(values: Integers, largest: int) -> Integers:
    return values if largest <= np.iinfo(values.dtype).max else values.astype(np.int16 if largest < 2**15 else np.int32)
