"""Time of a step with each number of vectors in flight, beside the numbers that are chosen.

`python benchmarks/vectors_in_flight.py [--seconds S] [--only WORD]`. A line for each program: ns a trajectory step on
one thread for each shape (vectors side by side x groups of these), the shape that is chosen, and how much longer than
with the best shape a step takes. At the end the geometric mean of these losses.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from auto_crossover import waves
from test_descend import machine
from workloads import field as waves_100d
from workloads import network_loss

import fastdescent as fd
from fastdescent._run.job import job_of, stop_limits
from fastdescent._run.options import checked_options
from fastdescent.engines import host
from fastdescent.engines.jit.compile import cache
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.jit.kernel.unroll import Shape, shape_for
from fastdescent.engines.protocol import DescentJob
from fastdescent.engines.registry import get_engine
from fastdescent.engines.step_kernel import spec_of

N_STARTS = 1536  #: whole blocks for each shape
MOST_VECTORS = 8  #: in a block
N_ROUNDS = 5
SHAPES = [(v, g) for v, g in itertools.product(range(1, 5), repeat=2) if v * g <= MOST_VECTORS]
TESTED = {"gtol": 1e-150}  #: every point is tested, and none stops a lane


@dataclass(frozen=True)
class Case:
    """A step; learning rates are so small that all points stay near their starts."""

    surface: Callable[[], fd.Surface]
    optimizer: fd.Optimizer
    options: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float64"


def logistic(batch_rows: int = 512) -> fd.Surface:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(batch_rows, 10))
    return fd.finite_sum(
        lambda w, X, y: np.mean(np.log1p(np.exp(-y * (X @ w)))), data=(X, np.sign(X[:, 0] + 0.1)), dim=10
    )


def small_network() -> fd.Surface:
    rng = np.random.default_rng(4)
    return fd.surfaces.mlp((8, 4, 1), data=(rng.normal(size=(8, 8)), rng.normal(size=8)))


catalog = fd.surfaces.get
GD, MOMENTUM, ADAM, RMSPROP = fd.GD(lr=1e-7), fd.Momentum(lr=1e-7), fd.Adam(lr=1e-6), fd.RMSprop(lr=1e-6)
NOISY, NOISE = fd.SGD(lr=1e-7), {"noise": 0.1}


def of(name: str, dim: int = 2) -> Callable[[], fd.Surface]:
    """A surface of the catalog."""
    return lambda: catalog(name, **({} if dim == 2 else {"dim": dim}))


CASES = {
    "himmelblau, GD": Case(of("himmelblau"), GD),
    "himmelblau, GD, tested": Case(of("himmelblau"), GD, TESTED),
    "himmelblau, GD, float32": Case(of("himmelblau"), GD, dtype="float32"),
    "himmelblau, Momentum, tested": Case(of("himmelblau"), MOMENTUM, TESTED),
    "himmelblau, Adam": Case(of("himmelblau"), ADAM),
    "himmelblau, Adam, tested": Case(of("himmelblau"), ADAM, TESTED),
    "himmelblau, LineSearch, tested": Case(of("himmelblau"), fd.LineSearch(), TESTED),
    "himmelblau, SGD with noise": Case(of("himmelblau"), NOISY, NOISE),
    "rosenbrock, Momentum, tested": Case(of("rosenbrock"), MOMENTUM, TESTED),
    "rosenbrock, RMSprop": Case(of("rosenbrock"), RMSPROP),
    "beale, RMSprop, tested": Case(of("beale"), RMSPROP, TESTED),
    "goldstein_price, GD": Case(of("goldstein_price"), GD),
    "styblinski, SGD with noise": Case(of("styblinski_tang"), NOISY, NOISE),
    "styblinski, SGD with noise, float32": Case(of("styblinski_tang"), NOISY, NOISE, dtype="float32"),
    "rastrigin, GD": Case(of("rastrigin"), GD),
    "rastrigin, Adam": Case(of("rastrigin"), ADAM),
    "rastrigin, Adam, tested": Case(of("rastrigin"), ADAM, TESTED),
    "rastrigin, Adam, float32": Case(of("rastrigin"), ADAM, dtype="float32"),
    "rastrigin, LineSearch, tested": Case(of("rastrigin"), fd.LineSearch(), TESTED),
    "levy13, GD": Case(of("levy13"), GD),
    "levy13, Adam, tested": Case(of("levy13"), ADAM, TESTED),
    "ackley, Adam": Case(of("ackley"), ADAM),
    "muller_brown, GD": Case(of("muller_brown"), GD),
    "muller_brown, Momentum, tested": Case(of("muller_brown"), MOMENTUM, TESTED),
    "peaks, Langevin": Case(of("peaks"), fd.Langevin(lr=1e-6, temperature=0.1)),
    "4 waves, GD": Case(lambda: waves(4), GD),
    "20 waves, GD": Case(lambda: waves(20), GD),
    "hartmann6, Adam": Case(of("hartmann6"), ADAM),
    "sphere 10-D, GD": Case(of("sphere", 10), GD),
    "rosenbrock 10-D, Momentum, tested": Case(of("rosenbrock", 10), MOMENTUM, TESTED),
    "rosenbrock 10-D, GD, float32": Case(of("rosenbrock", 10), GD, dtype="float32"),
    "styblinski 10-D, SGD with noise": Case(of("styblinski_tang", 10), NOISY, NOISE),
    "rastrigin 10-D, GD": Case(of("rastrigin", 10), GD),
    "rastrigin 10-D, Adam, tested": Case(of("rastrigin", 10), ADAM, TESTED),
    "rosenbrock 50-D, GD": Case(of("rosenbrock", 50), GD),
    "rosenbrock 50-D, RMSprop": Case(of("rosenbrock", 50), RMSPROP),
    "rastrigin 50-D, Momentum, tested": Case(of("rastrigin", 50), MOMENTUM, TESTED),
    "styblinski 50-D, Adam": Case(of("styblinski_tang", 50), ADAM),
    "random field 2-D, GD": Case(lambda: fd.surfaces.random_field(2, 64), GD),
    "random field 10-D, GD, tested": Case(lambda: fd.surfaces.random_field(10, 128), GD, TESTED),
    "field 100-D, GD": Case(waves_100d, GD),
    "field 100-D, GD, float32": Case(waves_100d, GD, dtype="float32"),
    "logistic, 32 of 512 rows": Case(logistic, NOISY, {"batch_size": 32}),
    "logistic, 8 of 512 rows": Case(logistic, NOISY, {"batch_size": 8}),
    "network 8-4-1, GD": Case(small_network, GD),
    "network 2-16-1, SGD, 16 of 256 rows": Case(network_loss, fd.SGD(lr=1e-6, momentum=0.9), {"batch_size": 16}),
    "network 2-16-1, GD": Case(network_loss, GD),
    "network 2-16-1, GD, float32": Case(network_loss, GD, dtype="float32"),
}


def job_for(case: Case) -> DescentJob:
    """One step on one thread."""
    s = case.surface()
    given: dict[str, Any] = {"gtol": None, "xtol": None, "ftol": None, "escape_radius": None} | case.options
    options = checked_options(
        s, fd.uniform(s.window, N_STARTS, seed=1), case.optimizer, max_steps=1, bounds=None, boundary="ignore",
        first_index=0, record=None, reduce=(), final=False, keep_state=False, n_threads=1, engine="jit",
        dtype=case.dtype, progress=None, **given,
    )  # fmt: skip
    limits, with_fun = stop_limits(options)
    return job_of(options, np.asarray(options.starts), None, limits, with_fun, None)


@contextmanager
def forced(n_vectors: int, n_groups: int) -> Iterator[None]:
    """Kernels with these vectors."""

    def shape(*args: Any) -> Shape:
        return replace(shape_for(*args), n_vectors=n_vectors, n_groups=n_groups)

    cache.shape_for = shape
    try:
        yield
    finally:
        cache.shape_for = shape_for


def seconds(job: DescentJob, shape: tuple[int, int], n_steps: int) -> float:
    """One run."""
    with forced(*shape):
        began = time.perf_counter()
        get_engine("jit").descend(replace(job, max_steps=n_steps))
        return time.perf_counter() - began


def compile_all(job: DescentJob) -> None:
    """All shapes, whose answers are compared."""
    ends = set()
    for shape in SHAPES:
        with forced(*shape):
            ends.add(get_engine("jit").descend(replace(job, max_steps=20)).x.tobytes())
    assert len(ends) == 1


def times_of(job: DescentJob, wanted: float) -> dict[tuple[int, int], float]:
    """Seconds of a trajectory step: the least of some rounds over all shapes."""
    n_steps = 8
    while (taken := seconds(job, SHAPES[0], n_steps)) < 0.2 * wanted:
        n_steps *= 4
    n_steps = max(1, int(n_steps * wanted / taken))
    rounds = [[seconds(job, shape, n_steps) for shape in SHAPES] for _ in range(N_ROUNDS)]
    return dict(zip(SHAPES, np.min(rounds, axis=0) / (n_steps * N_STARTS), strict=True))


def chosen(job: DescentJob) -> tuple[int, int]:
    shape = shape_for(spec_of(job), job.starts.dtype.name, target_of(host.isa()))
    return shape.n_vectors, shape.n_groups


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.03, help="of each timed run")
    parser.add_argument("--only", default="", help="programs whose names contain this")
    given = parser.parse_args()
    print(", ".join(f"{k} {v}" for k, v in machine().items()))
    print(f"{'':38}" + "".join(f"{f'{v} x {g}':>9}" for v, g in SHAPES) + f"{'chosen':>9}{'loss':>8}")
    losses = []
    for name, case in CASES.items():
        if given.only in name:
            job = job_for(case)
            compile_all(job)
            times, shape = times_of(job, given.seconds), chosen(job)
            losses.append(times[shape] / min(times.values()))
            line = "".join(f"{1e9 * t:9.3f}" for t in times.values())
            print(f"{name:38}{line}{f'{shape[0]} x {shape[1]}':>9}{losses[-1] - 1:8.1%}", flush=True)
    print(f"geometric mean of the losses: {np.exp(np.mean(np.log(losses))) - 1:.1%}")


if __name__ == "__main__":
    main()
