"""The same work by hand in JAX and Numba, beside the library: `python -m pytest benchmarks/test_rivals.py`.

A rival that is not installed is left out (`pip install jax`). The mean of f at the ends must agree before anything is
timed. Compare within one run, and medians; both cores should have nothing else to do.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from rivals import RIVALS, can_run
from test_descend import machine
from workloads import WORKLOADS, Workload

SMALL = 1024
#: Noise differs from run to run, and so does the mean of f over a thousand trajectories.
ABOUT = {"styblinski-sgd": 0.05, "mlp-sgd": 0.2}
CASES = [
    (w, rival) for w in WORKLOADS for rival in ("fastdescent", *RIVALS) if rival == "fastdescent" or can_run(rival, w)
]


@pytest.mark.parametrize(("workload", "rival"), CASES, ids=lambda v: v if isinstance(v, str) else v.name)
def test_against(benchmark, workload: Workload, rival: str) -> None:
    benchmark.group = workload.name
    small = workload.starts(SMALL)
    wanted = workload.run(small)
    if rival == "fastdescent":
        run = lambda x0: ((r := workload.run(x0)).x, int(r.nit.sum(dtype=np.int64)))  # noqa: E731
    else:
        pytest.importorskip(rival)
        run = RIVALS[rival](workload)
    ends, _ = run(small)
    assert np.mean(workload.surface()(ends)) == pytest.approx(
        np.mean(wanted.fun), rel=ABOUT.get(workload.name, 1e-6), abs=1e-9
    )
    x0 = workload.starts() if benchmark.enabled else small
    _, steps = benchmark.pedantic(run, args=(x0,), rounds=5, warmup_rounds=1)
    if benchmark.enabled:
        extra = {} if rival == "fastdescent" else {rival: import_module(rival).__version__}
        benchmark.extra_info |= machine() | extra | {"ns_per_step": benchmark.stats["median"] * 1e9 / steps}
