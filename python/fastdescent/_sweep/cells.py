"""The cells of a sweep by index: arrays that broadcast against its axes, and the parts that are run one after another.

Example. Axes of 3 learning rates and 2 momenta, and 4 starts: shape (3, 2, 4). The learning rates are *aligned*, of
shape (3, 1, 1), so that they broadcast against it. A *slab* is what an index of leading axes, a slice, and all of the
axes behind it select. Slabs of at most 10 cells:

>>> slabs = list(slabs_of((3, 2, 4), 10))
>>> [(s.first, s.shape) for s in slabs]
[(0, (1, 2, 4)), (8, (1, 2, 4)), (16, (1, 2, 4))]
>>> import numpy as np
>>> cut(np.array([0.1, 0.2, 0.3]).reshape(3, 1, 1), slabs[1].index).tolist()
[[[0.2]]]

and of at most 5:

>>> slabs = list(slabs_of((3, 2, 4), 5))
>>> [(s.first, s.shape) for s in slabs][:3]
[(0, (1, 4)), (4, (1, 4)), (8, (1, 4))]

Invariants
----------
- Slabs are disjoint, cover the cells, and follow each other in C order.
- A slab has at most the cells that were asked for, and hardly less than half of them unless there are no more.
- What is cut broadcasts against the shape of the slab.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
Index = tuple[int | slice, ...]


@dataclass(frozen=True)
class Slab:
    """Cells that follow each other."""

    index: Index  #: one for each axis of the sweep
    first: int  #: in C order
    shape: tuple[int, ...]

    @property
    def cells(self) -> slice:
        """Where they are in C order."""
        return slice(self.first, self.first + math.prod(self.shape))


def slabs_of(shape: tuple[int, ...], most: int) -> Iterator[Slab]:
    """Slabs of at most `most` cells."""
    if 0 in shape:
        return
    axis = next(k for k in range(len(shape)) if k == len(shape) - 1 or math.prod(shape[k + 1 :]) <= most)
    behind = shape[axis + 1 :]
    n_parts = -(-shape[axis] // max(1, most // math.prod(behind)))
    edges = [shape[axis] * k // n_parts for k in range(n_parts + 1)]
    first = 0
    for fixed in itertools.product(*map(range, shape[:axis])):
        for low, high in itertools.pairwise(edges):
            slab = Slab((*fixed, slice(low, high), *(slice(None),) * len(behind)), first, (high - low, *behind))
            yield slab
            first = slab.cells.stop


def aligned(values: Array, n_axes: int, axis: int) -> Array:
    """One value for each index of an axis, so that it broadcasts against all axes."""
    return values.reshape([-1 if k == axis else 1 for k in range(n_axes)])


def cut(value: Array, index: Index) -> Array:
    """What an aligned array has at an index. Its axes of length 1 stand for all indices."""
    lengths = value.shape[: len(index)]
    return value[tuple(_along(i, n) for i, n in zip(index, lengths, strict=True))]


def _along(index: int | slice, length: int) -> int | slice:
    if length > 1:
        return index
    return slice(None) if isinstance(index, slice) else 0
