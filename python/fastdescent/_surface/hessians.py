"""Hessians of many points in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.memory import refuse_if_too_large

if TYPE_CHECKING:
    from fastdescent._surface.surface import Surface

Array = npt.NDArray[Any]

_NUMBERS_PER_CALL = 1 << 21  #: in the points, directions and products of one call: 16 MiB each
_UNCHECKED_BYTES = 1 << 26  #: up to this size nobody asks how much memory is free


def hessians(surface: Surface, points: Array) -> Array:
    """Hessians (..., dim, dim), column by column: products with the axes, as many per call as fit."""
    dim = surface.dim
    n_bytes = points.size * dim * points.itemsize
    if n_bytes > _UNCHECKED_BYTES:
        n = points.size // dim
        what = f"the Hessian{'s' * (n != 1)} of {n} point{'s' * (n != 1)} in {dim} coordinates"
        refuse_if_too_large(n_bytes, what, "take fewer points, or ask for hvp or spectrum")
    flat = points.reshape(-1, dim)
    found = np.empty((len(flat) * dim, dim), points.dtype)
    step = max(1, _NUMBERS_PER_CALL // dim)
    product = surface._evaluator(("hvp",), points.dtype)
    for first in range(0, len(found), step):
        column = np.arange(first, min(first + step, len(found)))
        axes = np.zeros((len(column), dim), points.dtype)
        axes[np.arange(len(column)), column % dim] = 1.0
        (found[column],) = product(flat[column // dim], v=axes)
    return found.reshape(*points.shape, dim)
