"""One table of all functions of SciPy that are traced: full name -> function(builder, *args, **kwargs)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastdescent.program.trace.scipy.linalg import LINALG
from fastdescent.program.trace.scipy.spatial import DISTANCES
from fastdescent.program.trace.scipy.special import SPECIAL_FUNCTIONS
from fastdescent.program.trace.scipy.stats import STATS

SCIPY: dict[str, Callable[..., Any]] = LINALG | DISTANCES | SPECIAL_FUNCTIONS | STATS
