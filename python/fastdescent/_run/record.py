"""The option record=: which points along the way are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.markup import table
from fastdescent.engines.protocol import Recording

_FIELDS = ("x", "fun", "grad_norm")
_BYTES_OF_ROW = 4
NOTHING = Recording(np.zeros(0, np.uint32), 0, np.zeros(0, np.int32), 0, 0)


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """What `descend(..., record=...)` keeps. Start and end of a trajectory are always in.

    Parameters
    ----------
    every : int
        Keep every so many steps; or
    steps : sequence of int
        keep these, such as ``np.geomspace(1, 10_000, 50).astype(int)``.
    which : sequence of int, optional
        Trajectories to keep, by index in C order; all unless given.
    fields : sequence of str
        Of "x", "fun" and "grad_norm".
    dtype : float64 or float32, optional
        Of what is kept; that of the run unless given.
    """

    every: int | None = None
    steps: Sequence[int] | None = None
    which: Sequence[int] | None = None
    fields: Sequence[str] = ("x",)
    dtype: npt.DTypeLike | None = None

    def __post_init__(self) -> None:
        if (self.every is None) == (self.steps is None):
            raise ValueError("Record needs either every= or steps=")
        if self.every is not None:
            checks.whole_number("every", self.every, at_least=1)
        else:
            _whole_numbers("steps", self.steps)
        given = self.fields if isinstance(self.fields, Iterable) and not isinstance(self.fields, str) else ()
        if not (wanted := list(given)) or any(f not in _FIELDS for f in wanted):
            raise ValueError(f"fields must be some of {', '.join(_FIELDS)}; got {checks.shown(self.fields)}")
        if self.dtype is not None:
            checks.floating_dtype(self.dtype)

    def __repr__(self) -> str:
        return f"Record({', '.join(f'{name}={value}' for name, value in self._given())})"

    def _repr_html_(self) -> str:
        return table(self._given(), title="Record")

    def _given(self) -> list[tuple[str, str]]:
        """What is not left at its default, shortened."""
        values = [(f.name, getattr(self, f.name), f.default) for f in fields(self)]
        return [(name, checks.shown(v)) for name, v, default in values if v is not default]


def checked_record(record: Any, n: int, max_steps: int) -> tuple[Record | None, Recording]:
    """The request, and what the engine is told."""
    if record is None:
        return None, NOTHING
    if not isinstance(record, Record):
        record = Record(every=checks.whole_number("record", record, at_least=1))
    which = np.arange(n) if record.which is None else np.asarray(_whole_numbers("which", record.which), dtype=np.int64)
    if len(which) and which.max() >= n:
        raise ValueError(f"which must hold indices below {n}, the number of trajectories; got {which.max()}")
    if len(np.unique(which)) < len(which):
        raise ValueError("which must name each trajectory once")
    rows = np.full(n, -1, np.int32)
    rows[which] = np.arange(len(which), dtype=np.int32)
    steps = [0] if record.steps is None else _picked(record, max_steps)
    every = int(record.every) if record.every is not None and record.every <= max_steps else 0
    return record, Recording(np.array(steps, dtype=np.uint32), every, rows, len(which), 0)


def bytes_of_point(record: Record, dim: int, itemsize: int) -> int:
    """What a recorded point takes at the most, in bytes.

    There is the point in its path. Before that there was the point as it was made, with its row; after that there are
    values at the point, and copies in another dtype.
    """
    kept = itemsize if record.dtype is None else np.dtype(record.dtype).itemsize
    n_values = 2 * ("fun" in record.fields or "grad_norm" in record.fields)
    copied = n_values + dim * ("x" in record.fields) if kept != itemsize else 0
    return dim * itemsize + max(dim * itemsize + _BYTES_OF_ROW, n_values * itemsize + copied * kept)


def _picked(record: Record, max_steps: int) -> list[int]:
    return sorted({0, *(k for k in _whole_numbers("steps", record.steps) if k <= max_steps)})


def _whole_numbers(name: str, values: Any) -> list[int]:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError(f"{name} must be a sequence of integers; got {checks.shown(values)}")
    if array.size and array.min() < 0:
        raise ValueError(f"{name} must be 0 or greater; got {array.min()}")
    return [int(v) for v in array]
