"""Paths: which points along the way are kept, and what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent import _check
from fastdescent._at_top import at_top
from fastdescent._markup import table
from fastdescent._memory import refuse_if_too_large
from fastdescent.engines.protocol import Recording

if TYPE_CHECKING:
    from fastdescent._options import Options
    from fastdescent.engines.protocol import Ends

_FIELDS = ("x", "fun", "grad_norm")
NOTHING = Recording(np.zeros(0, np.uint32), np.zeros(0, np.int32), 0)


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
            _check.whole_number("every", self.every, at_least=1)
        else:
            _whole_numbers("steps", self.steps)
        given = self.fields if isinstance(self.fields, Iterable) and not isinstance(self.fields, str) else ()
        if not (wanted := list(given)) or any(f not in _FIELDS for f in wanted):
            raise ValueError(f"fields must be some of {', '.join(_FIELDS)}; got {_check.shown(self.fields)}")
        if self.dtype is not None:
            _check.floating_dtype(self.dtype)

    def __repr__(self) -> str:
        return f"Record({', '.join(f'{name}={value}' for name, value in self._given())})"

    def _repr_html_(self) -> str:
        return table(self._given(), title="Record")

    def _given(self) -> list[tuple[str, str]]:
        """What is not left at its default, shortened."""
        values = [(f.name, getattr(self, f.name), f.default) for f in fields(self)]
        return [(name, _check.shown(v)) for name, v, default in values if v is not default]


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Path:
    """Points along the way.

    Attributes
    ----------
    steps : int array, (T,)
        The step of each entry. A trajectory's last entry is its end, at step `nit`, whatever stands here.
    lengths : int32 array, (n,)
        Entries of each trajectory; after them everything is NaN.
    x : array, (n, T, dim)
    fun, grad_norm : array, (n, T), or None where they were not asked for
    which : int array, (n,)
        The trajectories, by index in C order.
    """

    steps: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    x: npt.NDArray[Any] | None
    fun: npt.NDArray[Any] | None
    grad_norm: npt.NDArray[Any] | None
    which: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return f"<Path: {'; '.join(f'{name}: {value}' for name, value in self._rows())}>"

    def _repr_html_(self) -> str:
        return table(self._rows(), title="Path")

    def _rows(self) -> list[tuple[str, str]]:
        kept = {"x": self.x, "fun": self.fun, "grad_norm": self.grad_norm}
        most = self.lengths.max(initial=0)
        return [("trajectories", f"{len(self.lengths)}, at most {most} points each")] + [
            (name, f"{v.dtype} {v.shape}") for name, v in kept.items() if v is not None
        ]


def checked_record(record: Any, n: int, dim: int, itemsize: int, max_steps: int) -> tuple[Record | None, Recording]:
    """The request, and what the engine is told; refused where it would not fit into memory."""
    if record is None:
        return None, NOTHING
    if not isinstance(record, Record):
        record = Record(every=_check.whole_number("record", record, at_least=1))
    which = np.arange(n) if record.which is None else np.asarray(_whole_numbers("which", record.which), dtype=np.int64)
    if len(which) and which.max() >= n:
        raise ValueError(f"which must hold indices below {n}, the number of trajectories; got {which.max()}")
    if len(np.unique(which)) < len(which):
        raise ValueError("which must name each trajectory once")
    steps = range(0, max_steps + 1, record.every) if record.every else _picked(record, max_steps)
    n_entries = len(steps) + 1
    refuse_if_too_large(
        len(which) * n_entries * _bytes_of_entry(record, dim, itemsize),
        f"record: {len(which)} trajectories of {n_entries} points",
        "record fewer steps, or fewer trajectories with fd.Record(which=...)",
    )
    rows = np.full(n, -1, np.int32)
    rows[which] = np.arange(len(which), dtype=np.int32)
    return record, Recording(np.array(steps, dtype=np.uint32), rows, len(which))


def _bytes_of_entry(record: Record, dim: int, itemsize: int) -> int:
    """The point, what is evaluated at it, and copies where they are kept in another dtype."""
    kept = itemsize if record.dtype is None else np.dtype(record.dtype).itemsize
    values = 2 * ("fun" in record.fields or "grad_norm" in record.fields)
    copied = values + dim * ("x" in record.fields) if kept != itemsize else 0
    return (dim + values) * itemsize + copied * kept


def _picked(record: Record, max_steps: int) -> list[int]:
    return sorted({0, *(k for k in _whole_numbers("steps", record.steps) if k <= max_steps)})


def path_of(options: Options, ends: Ends) -> Path:
    """The public path: columns that no trajectory reached are cut off, other fields evaluated at the points."""
    record, recording, lengths = options.record, options.recording, ends.lengths
    assert record is not None
    rows = np.flatnonzero(recording.rows >= 0)
    which = rows[np.argsort(recording.rows[rows], kind="stable")]
    never_begun = lengths == 0  # when a run is cancelled
    ends.path[never_begun, 0], lengths[never_begun] = ends.x[which[never_begun]], 1
    n_entries = int(lengths.max(initial=1))
    x = ends.path[:, :n_entries]
    dtype = x.dtype if record.dtype is None else np.dtype(record.dtype)
    fun = grad_norm = None
    if "fun" in record.fields or "grad_norm" in record.fields:
        values = options.surface.value_and_gradient_norm(x)
        fun, grad_norm = (v.astype(dtype, copy=False) for v in values)
    steps = np.append(recording.steps.astype(np.int64), -1)[:n_entries]
    if n_entries > len(recording.steps):
        steps[-1] = recording.steps[-1] + 1
    return Path(
        steps=steps,
        lengths=lengths,
        x=x.astype(dtype, copy=False) if "x" in record.fields else None,
        fun=fun if "fun" in record.fields else None,
        grad_norm=grad_norm if "grad_norm" in record.fields else None,
        which=which,
    )


def _whole_numbers(name: str, values: Any) -> list[int]:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError(f"{name} must be a sequence of integers; got {_check.shown(values)}")
    if array.size and array.min() < 0:
        raise ValueError(f"{name} must be 0 or greater; got {array.min()}")
    return [int(v) for v in array]
