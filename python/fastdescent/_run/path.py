"""Paths: what comes back of the points along the way."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.markup import table
from fastdescent._base.ragged import Ragged
from fastdescent._run.decay import value_and_tested_norm

if TYPE_CHECKING:
    from fastdescent._run.options import Options
    from fastdescent.engines.protocol import Ends, Recording

Array = npt.NDArray[Any]


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Path:
    """Points along the way of n trajectories, path after path.

    `x`, `fun` and `grad_norm` are rectangles with T columns, as many as the longest path has entries. They are made
    when they are first asked for, and kept.

    Attributes
    ----------
    values : array, (total, dim), or None where x was not asked for
        The points of all paths. Those of path i are ``values[offsets[i] : offsets[i + 1]]``.
    offsets : int64 array, (n + 1,)
        Where each path begins.
    steps : int64 array, (T,)
        The step of each entry that is not the last one of a path.
    last_steps : int64 array, (n,)
        The step of each path's last entry, its end: `nit`.
    which : int64 array, (n,)
        The trajectories, by index in C order.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surfaces.sphere(dim=1)
    >>> path = fd.descend(s, [[1.0], [0.1]], fd.GD(lr=0.25), gtol=0.1, record=2).path
    >>> path.values.ravel()
    array([1.     , 0.25   , 0.0625 , 0.03125, 0.1    , 0.05   ])
    >>> path.offsets, path.steps_of(0), path.steps_of(1)
    (array([0, 4, 6]), array([0, 2, 4, 5]), array([0, 1]))
    >>> path.x[:, :, 0]
    array([[1.     , 0.25   , 0.0625 , 0.03125],
           [0.1    , 0.05   ,     nan,     nan]])
    """

    values: Array | None
    offsets: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    last_steps: npt.NDArray[np.int64]
    which: npt.NDArray[np.int64]
    _fun: Array | None  #: (total,)
    _grad_norm: Array | None  #: (total,)

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Entries of each path, (n,)."""
        return np.diff(self.offsets).astype(np.int32)

    @cached_property
    def x(self) -> Array | None:
        """Points, (n, T, dim), C-contiguous, NaN after a path's end; None where they were not asked for.

        Where all paths are equally long it is a view of `values`. Raises MemoryError where it would not fit.
        """
        return self._rectangle(self.values)

    @cached_property
    def fun(self) -> Array | None:
        """f, (n, T), NaN after a path's end, or None."""
        return self._rectangle(self._fun)

    @cached_property
    def grad_norm(self) -> Array | None:
        """The norm of the gradient, (n, T), NaN after a path's end, or None."""
        return self._rectangle(self._grad_norm)

    def steps_of(self, i: int) -> npt.NDArray[np.int64]:
        """The steps of all entries of path i, the last one included: (lengths[i],)."""
        i = range(len(self.last_steps))[i]
        n_before_the_end = self.offsets[i + 1] - self.offsets[i] - 1
        return np.append(self.steps[:n_before_the_end], self.last_steps[i])

    def _rectangle(self, values: Array | None) -> Array | None:
        return None if values is None else Ragged(values, self.offsets).rectangle(len(self.steps))

    def __getstate__(self) -> dict[str, Any]:
        """Without the rectangles, which can be made again."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state if "offsets" in state else _from_rectangles(state))

    def __repr__(self) -> str:
        return f"<Path: {'; '.join(f'{name}: {value}' for name, value in self._rows())}>"

    def _repr_html_(self) -> str:
        return table(self._rows(), title="Path")

    def _rows(self) -> list[tuple[str, str]]:
        kept = {"x": self.values, "fun": self._fun, "grad_norm": self._grad_norm}
        n, most = len(self.last_steps), self.lengths.max(initial=0)
        return [("trajectories", f"{n}, at most {most} points each")] + [
            (name, f"{v.dtype} {(n, len(self.steps), *v.shape[1:])}") for name, v in kept.items() if v is not None
        ]


def _from_rectangles(state: dict[str, Any]) -> dict[str, Any]:
    """The state of a path whose pickle holds rectangles, as earlier ones do. Its run knows the true last steps."""
    lengths, steps = state["lengths"], state["steps"]
    inside = np.arange(len(steps)) < lengths[:, np.newaxis]
    values, fun, grad_norm = (None if a is None else a[inside] for a in (state["x"], state["fun"], state["grad_norm"]))
    return {
        "values": values, "offsets": np.append(0, np.cumsum(lengths, dtype=np.int64)), "steps": steps,
        "last_steps": steps[lengths - 1], "which": state["which"], "_fun": fun, "_grad_norm": grad_norm,
    }  # fmt: skip


def path_of(options: Options, ends: Ends) -> Path:
    """The public path; fields other than x are evaluated at the points."""
    record, recording, values = options.record, options.recording, ends.path.values
    assert record is not None
    rows = np.flatnonzero(recording.rows >= 0)
    which = rows[np.argsort(recording.rows[rows], kind="stable")]
    dtype = values.dtype if record.dtype is None else np.dtype(record.dtype)
    offsets, last_steps = ends.path.offsets, ends.nit[which].astype(np.int64)
    steps = _steps_of_columns(recording, int(ends.path.lengths.max(initial=1)), options.max_steps)
    fun = grad_norm = None
    if "fun" in record.fields or "grad_norm" in record.fields:
        path, entry = np.repeat(np.arange(len(which)), np.diff(offsets)), np.arange(len(values))
        nit = np.where(entry == offsets[path + 1] - 1, last_steps[path], steps[entry - offsets[path]])
        found = value_and_tested_norm(options, values, nit, which[path])
        fun, grad_norm = (v.astype(dtype, copy=False) for v in found)
    return Path(
        values=values.astype(dtype, copy=False) if "x" in record.fields else None,
        offsets=offsets,
        steps=steps,
        last_steps=last_steps,
        which=which,
        _fun=fun if "fun" in record.fields else None,
        _grad_norm=grad_norm if "grad_norm" in record.fields else None,
    )


def _steps_of_columns(recording: Recording, n: int, max_steps: int) -> npt.NDArray[np.int64]:
    """Steps of n entries. Beyond all steps that are recorded there are last entries alone; theirs is the step after."""
    given, every = recording.steps.astype(np.int64), recording.every
    more = given[-1] + (every or 1) * np.arange(1, max(n - len(given), 0) + 1)
    steps = np.concatenate([given, more])[:n]
    return np.minimum(steps, max_steps - (max_steps - given[-1]) % every + 1) if every else steps
