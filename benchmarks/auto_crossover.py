"""What decides about compiling for engine="auto": the model beside what is measured.

`python benchmarks/auto_crossover.py [--threads N] [--dtype float32] [--seconds S] [NAME ...]`. For each workload: the
time to compile its step, and ns that a trajectory step takes longer interpreted than compiled, both as measured and as
the model has them; and the numbers of trajectory steps (starts x steps) from which on a run with compiling takes less
time, and from which on auto compiles for one run. Then runs around that number, timed whole, with the run that auto
compiles for when they are repeated.
"""

from __future__ import annotations

import argparse
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from test_descend import machine
from workloads import field, network_loss

import fastdescent as fd
from fastdescent._base.recent import Recent
from fastdescent._run.job import job_of, stop_limits
from fastdescent._run.options import checked_options
from fastdescent.engines import accounts
from fastdescent.engines.costs import seconds_lost, seconds_to_compile_step
from fastdescent.engines.jit.compile import cache
from fastdescent.engines.jit.compile.background import Kept
from fastdescent.engines.protocol import DescentJob
from fastdescent.engines.registry import get_engine

N_STARTS = 4096


def waves(n_terms: int) -> fd.Surface:
    """A sum of sines, none of which is like another."""
    return fd.surface(" + ".join(f"sin({k + 1}.5*x + {k}*y)/{k + 1}" for k in range(n_terms)))


def logistic_loss() -> fd.Surface:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(512, 10))
    signs = np.where(rows @ rng.normal(size=10) > 0, 1.0, -1.0)
    return fd.finite_sum(lambda w, X, y: np.mean(np.log1p(np.exp(-y * (X @ w)))), data=(rows, signs), dim=10)


Work = tuple[fd.Surface, fd.Optimizer, dict[str, Any]]
WORKLOADS: dict[str, Callable[[], Work]] = {
    "himmelblau, GD": lambda: (fd.surfaces.himmelblau(), fd.GD(lr=1e-3), {}),
    "himmelblau, GD, gtol": lambda: (fd.surfaces.himmelblau(), fd.GD(lr=1e-9), {"gtol": 1e-9}),
    "himmelblau, Adam": lambda: (fd.surfaces.himmelblau(), fd.Adam(lr=1e-3), {}),
    "himmelblau, LineSearch": lambda: (fd.surfaces.himmelblau(), fd.LineSearch(), {}),
    "text, LineSearch": lambda: (fd.surface("sin(3*x)*cos(2*y) + 0.1*(x**2 + y**2)"), fd.LineSearch(), {}),
    "rastrigin, Adam": lambda: (fd.surfaces.rastrigin(), fd.Adam(lr=1e-3), {}),
    "rastrigin 10-D, Adam": lambda: (fd.surfaces.rastrigin(dim=10), fd.Adam(lr=1e-3), {}),
    "rosenbrock 10-D, Momentum": lambda: (fd.surfaces.rosenbrock(dim=10), fd.Momentum(lr=1e-6), {}),
    "rosenbrock 100-D, Momentum": lambda: (fd.surfaces.rosenbrock(dim=100), fd.Momentum(lr=1e-6), {}),
    "styblinski_tang, noise": lambda: (fd.surfaces.styblinski_tang(), fd.SGD(lr=1e-4), {"noise": 0.1}),
    "muller_brown, GD": lambda: (fd.surfaces.muller_brown(), fd.GD(lr=1e-6), {}),
    "hartmann6, Adam": lambda: (fd.surfaces.hartmann6(), fd.Adam(lr=1e-3), {}),
    "lennard_jones, GD": lambda: (fd.surfaces.lennard_jones(n_atoms=5), fd.GD(lr=1e-9), {}),
    "logistic, minibatches": lambda: (logistic_loss(), fd.SGD(lr=1e-3), {"batch_size": 32}),
    "network": lambda: (network_loss(), fd.SGD(lr=1e-3, momentum=0.9), {}),
    "network, minibatches": lambda: (network_loss(), fd.SGD(lr=1e-3, momentum=0.9), {"batch_size": 16}),
    "field 100-D, GD": lambda: (field(), fd.GD(lr=1e-3), {}),
    "20 waves, GD": lambda: (waves(20), fd.GD(lr=1e-3), {}),
    "60 waves, GD": lambda: (waves(60), fd.GD(lr=1e-3), {}),
}


@dataclass(frozen=True)
class Costs:
    """Seconds: of a compilation, and of a trajectory step."""

    compiling: float
    native: float
    jit: float

    @property
    def crossover(self) -> float:
        """Trajectory steps from which on compiling pays."""
        return self.compiling / (self.native - self.jit) if self.native > self.jit else np.inf


def job_for(work: Work, dtype: str, n_threads: int | None) -> DescentJob:
    """Steps that nothing but their number ends."""
    s, optimizer, more = work
    given: dict[str, Any] = {
        "max_steps": 1, "gtol": None, "xtol": None, "ftol": None, "escape_radius": None, "bounds": None,
        "boundary": "ignore", "first_index": 0, "record": None, "reduce": (), "final": True, "keep_state": False,
        "n_threads": n_threads, "engine": "native", "dtype": dtype, "progress": None,
    }  # fmt: skip
    starts = fd.uniform(s.window, N_STARTS if s.dim <= 10 else N_STARTS // 8, seed=1)
    options = checked_options(s, starts, optimizer, **(given | more))
    limits, with_fun = stop_limits(options)
    return job_of(options, np.asarray(options.starts), None, limits, with_fun, None)


def forget() -> None:
    """Kernels, and what interpreting has lost."""
    cache._kernels = Kept(8)
    accounts._of_sections, accounts._by_content = weakref.WeakKeyDictionary(), Recent(8)


def seconds(engine: str, job: DescentJob, n_steps: int, cold: bool = False) -> float:
    """One run."""
    if cold:
        forget()
    began = time.perf_counter()
    get_engine(engine).descend(replace(job, max_steps=n_steps))
    return time.perf_counter() - began


def steps_for(engine: str, job: DescentJob, wanted: float) -> int:
    """So many that a run takes about the wanted seconds."""
    n_steps = 2
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
        each[engine] = np.median([seconds(engine, job, n_steps) for _ in range(5)]) / (n_steps * len(job.starts))
    one = float(np.median([seconds("jit", job, 1) for _ in range(5)]))
    compiling = float(np.median([seconds("jit", job, 1, cold=True) for _ in range(5)])) - one
    forget()
    return Costs(compiling, float(each["native"]), float(each["jit"]))


def compiled_in_run(job: DescentJob, n_steps: int) -> str:
    """Which of equal runs, the first being 1, auto compiles for."""
    forget()
    account, n = accounts.account_of_step(job), n_steps * len(job.starts)
    for k in range(1, 1000):
        if get_engine("auto").chosen(job, n).name == "jit":
            return str(k)
        account.lost += account.seconds(n, len(job.starts), job.n_threads)
    return "never"


def around(job: DescentJob, costs: Costs) -> str:
    """Runs of a quarter, one and four times the crossover: ms interpreted, compiled anew, compiled before; auto's."""
    parts = []
    for factor in (0.25, 1.0, 4.0):
        n_steps = max(1, round(factor * costs.crossover / len(job.starts)))
        times = [seconds("native", job, n_steps), seconds("jit", job, n_steps, cold=True), seconds("jit", job, n_steps)]
        parts.append(" / ".join(f"{1e3 * t:.0f}" for t in times) + f" ({compiled_in_run(job, n_steps)})")
    return ", ".join(parts)


def row(job: DescentJob, costs: Costs) -> str:
    """Of the first table."""
    n_threads, model = job.n_threads, seconds_to_compile_step(job)
    lost = seconds_lost(job.program.main, job.starts.dtype.name) / n_threads
    cells = [1e3 * costs.compiling, 1e3 * model, 1e9 * costs.native, 1e9 * costs.jit]
    cells += [1e9 * (costs.native - costs.jit), 1e9 * lost, 1e-6 * costs.crossover, 1e-6 * model / lost]
    return "".join(f"{cell:10.2f}" for cell in cells)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--dtype", default="float64", choices=["float64", "float32"])
    parser.add_argument("--seconds", type=float, default=0.1, help="of each timed run")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(WORKLOADS))
    given = parser.parse_args()
    words: dict[str, Any] = machine() | {"dtype": given.dtype, "threads": given.threads or "all"}
    print(", ".join(f"{k} {v}" for k, v in words.items()))
    print(f"{'':28}{'ms to compile':>20}{'ns a step':>20}{'ns lost a step':>20}{'millions of steps':>20}")
    columns = ("measured", "model", "native", "jit", "measured", "model", "pays from", "auto")
    print(f"{'':28}" + "".join(f"{word:>10}" for word in columns))
    found = []
    for name in given.names or WORKLOADS:
        job = job_for(WORKLOADS[name](), given.dtype, given.threads)
        found.append((name, job, costs_of(job, given.seconds)))
        print(f"{name:28}{row(*found[-1][1:])}", flush=True)
    print("\nms of whole runs at 1/4, 1 and 4 times what pays: native / jit, compiled anew / jit, compiled before")
    print("(and which of such runs auto compiles for)")
    for name, job, costs in found:
        if np.isfinite(costs.crossover):
            print(f"{name:28}{around(job, costs)}", flush=True)


if __name__ == "__main__":
    main()
