"""Rows of data behind a formula that is a mean over them: what it takes to trace the mean over some of the rows."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from fastdescent._base.at_top import at_top


@at_top
@dataclass(frozen=True, eq=False)
class Rows:
    """`function(x, *arrays, **params)` is the mean over the rows of the arrays, be they all rows or some of them.

    The arrays are float64 or int64 and never change. A pickle holds the function where pickle can name it.
    """

    function: Callable[..., Any] | None  #: None: it was left behind by a pickle
    arrays: tuple[npt.NDArray[Any], ...]

    def __post_init__(self) -> None:
        for array in self.arrays:
            array.flags.writeable = False

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.arrays[0])

    def __reduce__(self) -> tuple[type[Rows], tuple[Any, ...]]:
        try:
            pickle.dumps(self.function)
        except (pickle.PicklingError, AttributeError, TypeError):
            return Rows, (None, self.arrays)
        return Rows, (self.function, self.arrays)
