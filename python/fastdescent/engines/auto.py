"""The engine "auto": the interpreter, unless the run is so long that compiling its steps pays many times over.

The interpreter takes about 0.05 ns an operation and trajectory, compiled steps half of that or less. Compiling takes a
fraction of a millisecond an operation, and in a process that has not yet used LLVM its import. With a gtol, runs are
taken to be over after 100 steps. A choice changes how long a run takes, never what it gives.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from fastdescent.engines.core_engine import CoreEngine
from fastdescent.engines.host import WHY_NO_EXTENSION, core, isa
from fastdescent.engines.protocol import DescentJob, Ends, Engine, Live, Values

_SECONDS_PER_OPERATION = 0.05e-9
_STEPS_WITH_GTOL = 100
_COMPILE_SECONDS, _COMPILE_SECONDS_PER_OPERATION, _IMPORT_SECONDS = 0.01, 0.4e-3, 0.2
_WORTH = 3.0  #: a run must take this many times as long as compiling


class AutoEngine(CoreEngine):
    """Chooses for each run."""

    def descend(self, job: DescentJob) -> Ends:
        engine = choose(job)
        return replace(engine.descend(job), engine=engine.name)

    def advance(self, job: DescentJob, values: Values, live: Live, until: int) -> None:
        _usual().advance(job, values, live, until)


def choose(job: DescentJob) -> Engine:
    """The engine that is expected to be done first."""
    from fastdescent.engines import get_engine, why_missing

    if WHY_NO_EXTENSION:
        return _usual()
    n_steps = job.max_steps if job.limits.gtol is None else min(job.max_steps, _STEPS_WITH_GTOL)
    n_trajectory_steps = len(job.starts) * n_steps
    # The commonest case costs nothing: not even a step of a few operations would pay.
    if n_trajectory_steps < 1_000_000 or why_missing("jit"):
        return _usual()
    from fastdescent.engines.jit.engine import has_kernel
    from fastdescent.engines.jit.shape import n_operations
    from fastdescent.engines.jit.target import target_of

    if not target_of(isa()).has_fma:  # its emulation takes nearly all the time, compiled or not
        return _usual()

    n = n_operations(job.program.main.code, job.starts.dtype.name)
    running = n * n_trajectory_steps * _SECONDS_PER_OPERATION / job.n_threads
    compiling = 0.0 if has_kernel(job) else _COMPILE_SECONDS + n * _COMPILE_SECONDS_PER_OPERATION
    if "llvmlite" not in sys.modules:
        compiling += _IMPORT_SECONDS
    return get_engine("jit") if running > _WORTH * compiling else _usual()


def _usual() -> Engine:
    """The engine that needs no reasons."""
    from fastdescent.engines import get_engine

    return get_engine("numba" if WHY_NO_EXTENSION else "native")


AUTO = AutoEngine("auto", core)
