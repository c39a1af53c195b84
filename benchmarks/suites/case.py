"""A function of a package, and where to try it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A function of one real point, its domain, and the published minimizer, shape (dim,), if there is one."""

    name: str
    function: Callable[..., Any]
    low: Array
    high: Array
    minimizer: Array | None = None

    @property
    def dim(self) -> int:
        return self.low.size


def case(name: str, function: Callable[..., Any], low: Any, high: Any, dim: int, minimizer: Any = None) -> Case:
    """A case whose bounds may be numbers, and whose minimizer is left out if its length is not `dim`."""
    low, high = (np.broadcast_to(np.asarray(bound, float), (dim,)).copy() for bound in (low, high))
    if minimizer is not None:
        minimizer = np.asarray(minimizer, float).ravel()
        minimizer = minimizer if minimizer.size == dim and np.all(np.isfinite(minimizer)) else None
    return Case(name, function, low, high, minimizer)


def points_of(c: Case, n: int) -> Array:
    """`n` random points of the domain."""
    seed = int.from_bytes(c.name.encode(), "little") % 2**63
    return np.random.default_rng(seed).uniform(c.low, c.high, (n, c.dim))
