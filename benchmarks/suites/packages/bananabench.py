"""banana-bench: functions with their bounds and minima in `BENCHMARK_SUITE`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from bananabench.metadata import BENCHMARK_SUITE

from ..case import Case, case


def cases() -> Iterator[Case]:
    for name, about in BENCHMARK_SUITE.items():
        bounds = np.array(about["bounds"], float)
        dim = len(bounds) if len(bounds) > 1 else int(about["default_dim"])
        best = about.get("optimal_point")
        best = best * dim if best is not None and len(best) == 1 else best
        low, high = bounds.T if len(bounds) > 1 else bounds[0]
        yield case(name, about["function"], low, high, dim, best)
