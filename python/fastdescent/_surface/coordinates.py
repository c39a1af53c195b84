"""Points in the two forms that a surface takes: one array, or an array per coordinate."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import shown

Array = npt.NDArray[Any]


def as_points(name: str, given: Any, dim: int) -> Array:
    """Points (..., dim) of float32 or float64."""
    points = _floats(name, given)
    if not points.ndim or points.shape[-1] != dim:
        raise ValueError(f"{name} must have shape (..., {dim}); got shape {points.shape}")
    return points


def points_of_coordinates(given: tuple[Any, ...], dim: int) -> Array:
    """Points (..., dim), from one array of points or from `dim` arrays of coordinates."""
    arrays = [_floats("X", a) for a in given]
    if len(arrays) == 1 and arrays[0].ndim and arrays[0].shape[-1] == dim:
        return arrays[0]
    shapes = ", ".join(str(a.shape) for a in arrays)
    if len(arrays) != dim:
        got = f"shape {shapes}" if len(arrays) == 1 else f"{len(arrays)} arrays"
        raise ValueError(f"X must have shape (..., {dim}), or be {dim} arrays; got {got}")
    try:
        return np.stack(np.broadcast_arrays(*arrays), axis=-1)
    except ValueError:
        raise ValueError(f"the {dim} arrays must have shapes that broadcast; got {shapes}") from None


def _floats(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers ({error})") from None
    if array.dtype.kind not in "iufb":
        raise TypeError(f"{name} must be an array of real numbers; got {array.dtype} ({shown(value)})")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
