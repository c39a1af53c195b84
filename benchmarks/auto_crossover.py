"""Where compiling begins to pay, as measured, beside where engine="auto" begins to compile.

`python benchmarks/auto_crossover.py [--threads N] [--dtype float32] [--seconds S]`. For each workload: the operations
of a step, the time to compile it, ns a trajectory step interpreted and compiled, and from these the numbers of
trajectory steps (starts x steps) from which on a run with compiling takes less time, and from which on auto compiles.
Then runs around that number, timed whole.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from test_descend import machine

import fastdescent as fd
from fastdescent._options import MOST_STEPS, checked_options
from fastdescent._run import job_of, stop_limits
from fastdescent.engines import auto, get_engine
from fastdescent.engines.jit import cache
from fastdescent.engines.jit.background import Kept
from fastdescent.engines.jit.engine import n_to_compile
from fastdescent.engines.jit.shape import n_operations
from fastdescent.engines.protocol import DescentJob

N_STARTS = 4096


def waves(n_terms: int) -> fd.Surface:
    """A sum of sines, none of which is like another."""
    return fd.surface(" + ".join(f"sin({k + 1}.5*x + {k}*y)/{k + 1}" for k in range(n_terms)))


WORKLOADS: dict[str, Callable[[], tuple[fd.Surface, fd.Optimizer]]] = {
    "himmelblau, GD": lambda: (fd.surfaces.himmelblau(), fd.GD(lr=1e-3)),
    "himmelblau, Adam": lambda: (fd.surfaces.himmelblau(), fd.Adam(lr=1e-3)),
    "himmelblau, LineSearch": lambda: (fd.surfaces.himmelblau(), fd.LineSearch()),
    "rastrigin, Adam": lambda: (fd.surfaces.rastrigin(), fd.Adam(lr=1e-3)),
    "rastrigin 10-D, Adam": lambda: (fd.surfaces.rastrigin(dim=10), fd.Adam(lr=1e-3)),
    "rosenbrock 100-D, Momentum": lambda: (fd.surfaces.rosenbrock(dim=100), fd.Momentum(lr=1e-6)),
    "muller_brown, GD": lambda: (fd.surfaces.muller_brown(), fd.GD(lr=1e-6)),
    "hartmann6, Adam": lambda: (fd.surfaces.hartmann6(), fd.Adam(lr=1e-3)),
    "20 waves, GD": lambda: (waves(20), fd.GD(lr=1e-3)),
    "60 waves, GD": lambda: (waves(60), fd.GD(lr=1e-3)),
}


@dataclass(frozen=True)
class Costs:
    """Seconds: of a compilation, and of a trajectory step."""

    n_operations: int
    n_written: int
    compiling: float
    native: float
    jit: float

    @property
    def crossover(self) -> float:
        """Trajectory steps from which on compiling pays."""
        return self.compiling / (self.native - self.jit) if self.native > self.jit else np.inf


def job_for(s: fd.Surface, optimizer: fd.Optimizer, dtype: str, n_threads: int | None) -> DescentJob:
    """Steps that nothing but their number ends."""
    options = checked_options(
        s, fd.uniform(s.window, N_STARTS, seed=1), optimizer, max_steps=1, gtol=None, xtol=None, ftol=None,
        escape_radius=None, bounds=None, boundary="ignore", first_index=0, record=None, reduce=(), final=True,
        keep_state=False, n_threads=n_threads, engine="native", dtype=dtype, progress=None,
    )  # fmt: skip
    limits, with_fun = stop_limits(options)
    return job_of(options, np.asarray(options.starts), None, limits, with_fun, None)


def forget_kernels() -> None:
    cache._kernels = Kept(8)


def seconds(engine: str, job: DescentJob, n_steps: int, cold: bool = False) -> float:
    """One run."""
    if cold:
        forget_kernels()
    began = time.perf_counter()
    get_engine(engine).descend(replace(job, max_steps=n_steps))
    return time.perf_counter() - began


def steps_for(engine: str, job: DescentJob, wanted: float) -> int:
    """So many that a run takes about the wanted seconds."""
    n_steps = 8
    while (taken := seconds(engine, job, n_steps)) < 0.2 * wanted:
        n_steps *= 4
    return max(1, int(n_steps * wanted / taken))


def costs_of(job: DescentJob, wanted: float) -> Costs:
    """Medians of five; the answers are compared first."""
    ends = [get_engine(e).descend(replace(job, max_steps=20)) for e in ("native", "jit")]
    assert ends[0].x.tobytes() == ends[1].x.tobytes()
    each = {}
    for engine in ("native", "jit"):
        n_steps = steps_for(engine, job, wanted)
        each[engine] = np.median([seconds(engine, job, n_steps) for _ in range(5)]) / (n_steps * N_STARTS)
    one = float(np.median([seconds("jit", job, 1) for _ in range(5)]))
    compiling = float(np.median([seconds("jit", job, 1, cold=True) for _ in range(5)])) - one
    n = n_operations(job.program.main, job.starts.dtype.name)
    forget_kernels()
    return Costs(n, n_to_compile(job), compiling, float(each["native"]), float(each["jit"]))


def autos_threshold(job: DescentJob) -> float:
    """Trajectory steps from which on auto compiles, or uses what is compiled."""
    low, high = 0, MOST_STEPS
    while high - low > 1:
        middle = (low + high) // 2
        chosen = auto.choose(replace(job, max_steps=middle)).name == "jit"
        low, high = (low, middle) if chosen else (middle, high)
    return high * N_STARTS


def around(job: DescentJob, costs: Costs) -> str:
    """Runs of a quarter, one and four times the crossover: ms interpreted, compiled anew, compiled before; auto's."""
    parts = []
    for factor in (0.25, 1.0, 4.0):
        n_steps = max(1, round(factor * costs.crossover / N_STARTS))
        times = [seconds("native", job, n_steps), seconds("jit", job, n_steps, cold=True), seconds("jit", job, n_steps)]
        forget_kernels()
        chosen = auto.choose(replace(job, max_steps=n_steps)).name
        parts.append(" / ".join(f"{1e3 * t:.0f}" for t in times) + f" {chosen}")
    return ", ".join(parts)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--dtype", default="float64", choices=["float64", "float32"])
    parser.add_argument("--seconds", type=float, default=0.1, help="of each timed run")
    given = parser.parse_args()
    words: dict[str, Any] = machine() | {"dtype": given.dtype, "threads": given.threads or "all"}
    print(", ".join(f"{k} {v}" for k, v in words.items()))
    print(f"{'':28}{'operations':>18}{'compile':>9}{'ns a step':>18}{'millions of trajectory steps':>34}")
    print(f"{'':28}{'run':>9}{'written':>9}{'ms':>9}{'native':>9}{'jit':>9}{'pays from':>12}{'auto':>10}{'warm':>10}")
    found = []
    for name, make in WORKLOADS.items():
        job = job_for(*make(), given.dtype, given.threads)
        costs = costs_of(job, given.seconds)
        cold = autos_threshold(job) / 1e6
        seconds("jit", job, 1)
        warm = autos_threshold(job) / 1e6
        found.append((name, job, costs))
        times = f"{1e3 * costs.compiling:9.1f}{1e9 * costs.native:9.3f}{1e9 * costs.jit:9.3f}"
        numbers = f"{costs.crossover / 1e6:12.2f}{cold:10.2f}{warm:10.2f}"
        print(f"{name:28}{costs.n_operations:9d}{costs.n_written:9d}{times}{numbers}")
    print("\nms of whole runs at 1/4, 1 and 4 times the crossover: native / jit, compiled anew / jit, compiled before")
    for name, job, costs in found:
        if np.isfinite(costs.crossover):
            print(f"{name:28}{around(job, costs)}")


if __name__ == "__main__":
    main()
