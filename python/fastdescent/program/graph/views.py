"""Strided views of arrays: slicing, reshaping, transposing and broadcasting without moving data.

NumPy's own strides do the arithmetic, on a dummy array with one byte per element.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.program.graph.nodes import Shape


def c_strides(shape: Shape) -> tuple[int, ...]:
    """Strides, in elements, of an array in C order."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


@dataclass(frozen=True, slots=True)
class View:
    """Element `offset + sum(i * stride)` of a flat array, for every index i of `shape`.

    >>> View(1, (4, 1), (2, 3)).rows()
    array([[1, 2, 3],
           [5, 6, 7]])
    """

    offset: int
    strides: tuple[int, ...]
    shape: Shape

    @classmethod
    def whole(cls, shape: Shape) -> View:
        return cls(0, c_strides(shape), shape)

    @property
    def is_whole(self) -> bool:
        """Whether it shows elements 0, 1, 2, ... in order."""
        wanted = c_strides(self.shape)
        return self.offset == 0 and all(
            n == 1 or a == b for n, a, b in zip(self.shape, self.strides, wanted, strict=True)
        )

    def rows(self) -> npt.NDArray[np.int64]:
        """The numbers of the elements, as an array of `shape`."""
        out = np.full(self.shape, self.offset, dtype=np.int64)
        for axis, (n, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            out += (np.arange(n) * stride).reshape((n,) + (1,) * (len(self.shape) - axis - 1))
        return out

    def seen_in(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The elements that it shows of an array in C order, as an array of `shape`: read-only, without a copy."""
        start = numbers.reshape(-1)[self.offset :] if 0 not in self.shape else numbers.reshape(-1)[:0]
        strides = [numbers.itemsize * stride for stride in self.strides]
        return np.lib.stride_tricks.as_strided(start, self.shape, strides, writeable=False)

    def apply(self, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> View | None:
        """The view after a NumPy operation on it; None if NumPy would have to copy."""
        span = self._span()
        dummy = np.empty(span[1] - span[0] + 1, dtype=np.int8)
        origin = dummy[self.offset - span[0] :]
        mine = np.lib.stride_tricks.as_strided(origin, self.shape, self.strides)
        new = change(mine)
        if new.size and not np.may_share_memory(new, dummy):
            return None
        start = new.__array_interface__["data"][0] - dummy.__array_interface__["data"][0] + span[0]
        return View(int(start), new.strides, new.shape)

    def _span(self) -> tuple[int, int]:
        """The first and the last element."""
        ends = [(n - 1) * s for n, s in zip(self.shape, self.strides, strict=True) if n > 0]
        return self.offset + sum(min(e, 0) for e in ends), self.offset + sum(max(e, 0) for e in ends)

    def then(self, outer: View) -> View | None:
        """`outer`, a view of this view's elements in C order, as a view of the underlying array.

        None if no strides can say that.
        """
        if self.is_whole:
            return outer
        flat = self.apply(lambda a: a.reshape(-1) if a.ndim != 1 else a)
        if flat is None or flat.strides == ():
            return None
        (step,) = flat.strides
        return View(flat.offset + step * outer.offset, tuple(step * s for s in outer.strides), outer.shape)


def runs(rows: npt.NDArray[np.int64]) -> list[slice]:
    """Cuts columns of `rows` (k, n) into greedy pieces in which each of the k lines is an arithmetic progression.

    >>> runs(np.array([[0, 1, 2, 7, 9, 11]]))
    [slice(0, 3, None), slice(3, 6, None)]
    """
    n = rows.shape[1]
    steps = np.diff(rows, axis=1)
    lasts = [*(np.flatnonzero(np.any(steps[:, 1:] != steps[:, :-1], axis=0)) + 1).tolist(), n - 1]
    out, start = [], 0
    for last in lasts:
        if last > start or last == n - 1:
            out.append(slice(start, last + 1))
            start = last + 1
    if start < n:
        out.append(slice(start, n))
    return out
