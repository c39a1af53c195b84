"""The one NaN that results have."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.engines.numba.intrinsics import compiled


@compiled
def canonical(value: Any) -> Any:
    """The number, NaN without sign and payload."""
    return value if value == value else np.nan
