"""Schedules in pickles: functions of t if pickle can name them, otherwise the values that a run has used."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top


@at_top
class Tabulated:
    """A schedule of which only some values are known, at t = 0, 1, ..."""

    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        self._values = values

    def __call__(self, t: int) -> float:
        return float(self.first(t + 1)[t])

    def first(self, n: int) -> npt.NDArray[np.float64]:
        """The values at t = 0, ..., n - 1. Raises ValueError if fewer are known."""
        known = len(self._values)
        if n > known:
            raise ValueError(
                f"the schedule came out of a pickle as its values at t = 0 ... {known - 1}, since its function could "
                f"not be pickled; t = {n - 1} is beyond: define it with def at the top of a module"
            )
        return self._values[:n]


def can_pickle(value: Any) -> bool:
    """Whether a function or class can be pickled by its name. Lambdas and local functions cannot."""
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True
