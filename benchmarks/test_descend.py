"""Run with `python -m pytest benchmarks --benchmark-only`. ns per step and the machine stand in the extra info."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from workloads import WORKLOADS, Workload

import fastdescent as fd
from fastdescent.engines import host

SMALL = 32  #: starts along an axis


def machine() -> dict[str, str]:
    return {
        "isa": host.isa(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "fastdescent": fd.__version__,
    }


@pytest.mark.parametrize("n_threads", [None, 1], ids=["all-threads", "one-thread"])
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_descend(benchmark, workload: Workload, n_threads: int | None) -> None:
    assert workload.answer(workload.run(workload.starts(SMALL**2)))
    x0 = workload.starts(None if benchmark.enabled else SMALL**2)
    run = benchmark.pedantic(workload.run, args=(x0,), kwargs={"n_threads": n_threads}, rounds=3, warmup_rounds=1)
    steps = int(run.nit.sum(dtype=np.int64))
    if benchmark.enabled:
        benchmark.extra_info |= machine() | {"ns_per_step": benchmark.stats["median"] * 1e9 / steps}


def test_basin_map(benchmark) -> None:
    side = 1024 if benchmark.enabled else SMALL
    m = benchmark.pedantic(fd.basin_map, args=(fd.surfaces.himmelblau(),), kwargs={"shape": (side, side)}, rounds=3)
    assert len(m.points.x) == 4
    if benchmark.enabled:
        benchmark.extra_info |= machine()
