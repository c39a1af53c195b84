"""The data behind a formula that is a mean over samples, kept so that the mean over a minibatch can be traced."""

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
    """`function(x, *arrays, **params)` is the mean over the samples, the rows of the arrays: over all or over some.

    The arrays are float64 or int64 and never change. A pickle holds the function if pickle can name it.
    """

    function: Callable[..., Any] | None  #: None if a pickle could not hold the function
    arrays: tuple[npt.NDArray[Any], ...]

    def __post_init__(self) -> None:
        for array in self.arrays:
            array.flags.writeable = False

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.arrays[0])

    def __reduce__(self) -> tuple[type[Rows], tuple[Any, ...]]:
        try:
            pickle.dumps(self.function)
        except (pickle.PicklingError, AttributeError, TypeError):
            return Rows, (None, self.arrays)
        return Rows, (self.function, self.arrays)
