"""The number of threads that this process may use."""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path

from fastdescent._base.checks import whole_number


def available_threads() -> int:
    """The cores that this process may run on, limited by the quota of its control group."""
    affinity = getattr(os, "sched_getaffinity", None)
    n = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _cgroup_cores()
    return max(1, min(n, math.ceil(quota))) if quota else n


def checked_threads(n_threads: object) -> int:
    """The argument `n_threads` of public functions: None means all."""
    return available_threads() if n_threads is None else whole_number("n_threads", n_threads, at_least=1, at_most=4096)


@cache
def _cgroup_cores() -> float | None:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)
