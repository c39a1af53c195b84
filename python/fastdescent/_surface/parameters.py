"""Values of a surface's parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent._base.checks import numbers, shown


def parameter(name: str, value: Any) -> Any:
    """A parameter's value: a finite number, or an array of finite numbers, float64."""
    array = numbers(f"parameter {name}", value)
    if isinstance(value, np.matrix):
        raise TypeError(f"parameter {name} must be np.asarray of this np.matrix, whose * is not that of arrays")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"parameter {name} must be a number or an array of numbers; got {shown(value)}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"parameter {name} must be finite; got {shown(value)}")
    return float(array) if array.ndim == 0 else array.astype(np.float64)
