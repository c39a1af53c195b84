"""Lazy starts: a run computes them when it needs them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._starts.rules import Rule

_FLOAT64: np.dtype[Any] = np.dtype(np.float64)
_POINTS_PER_CALL = 1 << 18


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class LazyStarts:
    """Starts (..., dim) that take no memory: a run computes them in the array of its endpoints.

    An argument of `descend` like an array; ``numpy.asarray(starts)`` is that array.
    """

    rule: Rule
    leading: tuple[int, ...]
    dtype: np.dtype[Any] = _FLOAT64

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., dim)"""
        return (*self.leading, self.rule.dim)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    def __len__(self) -> int:
        return self.leading[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("lazy starts have no array yet; one can only be made")
        return self.points().reshape(self.shape).astype(dtype or self.dtype, copy=False)

    def points(self) -> npt.NDArray[Any]:
        """All points, (n, dim)."""
        n = math.prod(self.leading)
        out = np.empty((n, self.rule.dim), self.dtype)
        for first in range(0, n, _POINTS_PER_CALL):
            chunk = out[first : first + _POINTS_PER_CALL]
            chunk[...] = self.rule.points(first, len(chunk))
        return out

    def __repr__(self) -> str:
        return f"<LazyStarts {self.shape} of {self.dtype}: {self.rule}>"


def flat(starts: npt.NDArray[Any] | LazyStarts) -> npt.NDArray[Any]:
    """The points in index order, (n, dim). Lazy starts become an array."""
    return starts.points() if isinstance(starts, LazyStarts) else starts.reshape(-1, starts.shape[-1])


def in_parts(starts: npt.NDArray[Any] | LazyStarts) -> Iterator[npt.NDArray[Any]]:
    """The points in index order, in arrays (k, dim) that take little memory."""
    n = math.prod(starts.shape[:-1])
    for first in range(0, n, _POINTS_PER_CALL):
        last = min(n, first + _POINTS_PER_CALL)
        if isinstance(starts, LazyStarts):
            yield starts.rule.points(first, last - first).astype(starts.dtype, copy=False)
        else:
            yield starts.reshape(-1, starts.shape[-1])[first:last]
