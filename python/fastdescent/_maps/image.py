"""What a map keeps of its cells, in narrow types: a hundred million cells take little more than a gigabyte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.status import Outcome, Status

Integers = npt.NDArray[np.integer[Any]]
_AT_ONCE = 1 << 20
_ESCAPED = np.isin(np.arange(max(Status) + 1), (Status.UNDEFINED, Status.DIVERGED, Status.LEFT_BOX))


@at_top
@dataclass(eq=False)
class Image:
    """Arrays of the map's shape. Integers are as narrow as their values allow."""

    label: Integers  #: row of the table, -1: none
    nit: Integers
    status: npt.NDArray[np.int8]
    fun: npt.NDArray[Any]

    @classmethod
    def empty(cls, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Image:
        return cls(*(np.empty(shape, t) for t in (np.int8, np.uint16, np.int8, dtype)))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.status.shape

    def put(self, rows: slice, label: Integers, nit: Integers, status: npt.NDArray[np.int8], fun: Any) -> None:
        """Sets some rows; types widen where they must."""
        self.label = _wide_enough(self.label, int(label.max(initial=-1)))
        self.nit = _wide_enough(self.nit, int(nit.max(initial=0)))
        self.label[rows], self.nit[rows], self.status[rows], self.fun[rows] = label, nit, status, fun

    def relabel(self, rows: slice, row_of_label: Integers) -> None:
        """Replaces the labels of some rows; -1 stays."""
        self.label = _wide_enough(self.label, int(row_of_label.max(initial=-1)))
        self.label[rows] = np.append(row_of_label, -1)[self.label[rows]]

    def outcome(self, kind: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """What each cell is, where `kind` says what the rows of the table are."""
        outcome = np.empty(self.shape, np.int8)
        of_label = np.append(kind, np.int8(Outcome.UNSETTLED))  # label -1 takes the appended one
        for rows in bands(self.shape):
            outcome[rows] = of_label[self.label[rows]]
            outcome[rows][_ESCAPED[self.status[rows]]] = Outcome.ESCAPED
        return outcome

    def thinned(self, most: int) -> Image:
        """Every k-th cell of every k-th row, so that no side has more than `most`."""
        step = -(-max(self.shape) // most)
        every = (slice(step // 2, None, step),) * len(self.shape)
        return Image(self.label[every], self.nit[every], self.status[every], self.fun[every])


def bands(shape: tuple[int, ...]) -> list[slice]:
    """Rows of an image, as many at a time as have about a million cells."""
    step = max(1, _AT_ONCE // max(1, int(np.prod(shape[1:], dtype=np.int64))))
    return [slice(k, min(k + step, shape[0])) for k in range(0, shape[0], step)]


def _wide_enough(values: Integers, largest: int) -> Integers:
    return values if largest <= np.iinfo(values.dtype).max else values.astype(np.int16 if largest < 2**15 else np.int32)
