"""Rows of different lengths, one after another in one array.

Rows a (two entries) and b (three): values a0 a1 b0 b1 b2, offsets 0 2 5. As a rectangle: a0 a1 NaN, b0 b1 b2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.memory import refuse_if_too_large


@dataclass(frozen=True)
class Ragged:
    """Row i is values[offsets[i] : offsets[i + 1]]."""

    values: npt.NDArray[Any]  #: (total, ...)
    offsets: npt.NDArray[np.int64]  #: (n + 1,), from 0 to total

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Entries of each row, (n,)."""
        return np.diff(self.offsets).astype(np.int32)

    def rectangle(self, width: int) -> npt.NDArray[Any]:
        """C-contiguous, (n, width, ...), NaN after a row's end. Where all rows are that long, a view of `values`."""
        lengths, shape = self.lengths, (len(self.offsets) - 1, width, *self.values.shape[1:])
        if np.all(lengths == width):
            return self.values.reshape(shape)
        refuse_if_too_large(
            math.prod(shape) * self.values.itemsize + shape[0] * width,
            f"paths of different lengths as an array of shape {shape}",
            "use values and offsets, or record fewer steps",
        )
        found = np.full(shape, np.nan, self.values.dtype)
        found[np.arange(width) < lengths[:, np.newaxis]] = self.values
        return found

    def overlaid(self, other: Ragged) -> Ragged:
        """The rows of `other`, and where it has an empty one, the row that is here."""
        replaced = other.lengths > 0
        lengths = np.where(replaced, other.lengths, self.lengths)
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        values = np.empty((offsets[-1], *self.values.shape[1:]), self.values.dtype)
        new = np.repeat(replaced, lengths)
        values[new] = other.values
        values[~new] = self.values[np.repeat(~replaced, self.lengths)]
        return Ragged(values, offsets)
