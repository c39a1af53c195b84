"""Facts about a surface that are known before anything runs: its window and its minima."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import intervals

Window = tuple[tuple[float, float], ...]
MinimaOf = Callable[[Mapping[str, Any]], npt.ArrayLike | None]  #: minima by parameters; None if not known


@at_top
@dataclass(frozen=True, eq=False)
class KnownMinima:
    """Minimizers for one set of parameter values; for other values none are known."""

    points: npt.NDArray[np.float64]  #: (k, dim)
    params: Mapping[str, Any]

    def __call__(self, params: Mapping[str, Any]) -> npt.NDArray[np.float64] | None:
        return self.points if all(np.array_equal(params[k], v) for k, v in self.params.items()) else None


def window_or_default(window: Any, dim: int) -> Window:
    return ((-5.0, 5.0),) * dim if window is None else intervals("window", window, dim)
