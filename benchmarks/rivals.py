"""The same work written by hand, in the best forms that we know. Each returns the ends and the steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from in_jax import jax_run
from in_numba import FORMS, numba_run
from workloads import Workload

RIVALS: dict[str, Callable[[Workload], Callable[[np.ndarray], tuple[np.ndarray, int]]]] = {
    "jax": jax_run,
    "numba": numba_run,
}


def can_run(rival: str, w: Workload) -> bool:
    """Whether there is a form of this workload."""
    return w.name != "himmelblau-map" and (rival == "jax" or w.name in FORMS)
