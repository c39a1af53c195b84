"""Whether a value holds a traced one."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.trace.tracer import Traced


def first_traced(value: Any) -> Traced | None:
    """The value if it is traced, or the first traced element of a list, tuple or array of objects, at any depth."""
    if isinstance(value, Traced):
        return value
    if type(value) is np.ndarray:
        value = value.ravel().tolist() if value.dtype == object else ()
    if isinstance(value, list | tuple):
        return next((found for v in value if (found := first_traced(v)) is not None), None)
    return None
