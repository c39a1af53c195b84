"""The engine "auto": the interpreter, unless the run is so long that compiling its steps pays.

The model, in seconds; benchmarks/auto_crossover.py prints it beside what is measured:

    saved     = starts * steps * numbers * 0.08e-9 / threads
    compiling = 0.01 + operations * 0.1e-3, and 0.2 for the first use of LLVM in a process; 0 where it is done

`steps` is max_steps, with a gtol at most 100; values and gradients of many points are taken once. `numbers` counts what
the instructions make for a trajectory: compiled steps keep in registers what the interpreter carries through memory,
and do the same arithmetic. `operations` is what LLVM has to translate: machine operations on all vectors in flight,
those in loops once. Where saved > 2 * compiling, it is compiled, but not where fused multiply-add has to be emulated,
which takes nearly all the time. The choice changes how long a run takes, never what it gives.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fastdescent.engines.core_engine import CoreEngine, SectionCode
from fastdescent.engines.host import WHY_NO_CORE, WHY_NO_EXTENSION, core, isa
from fastdescent.engines.protocol import DescentJob, Ends, Engine, Live, Values
from fastdescent.program.opcodes import DRAWS, NUMBERS
from fastdescent.program.section import N_INNER, Section

_SECONDS_SAVED = 0.08e-9  #: for each number that a step makes
_STEPS_WITH_GTOL = 100
_COMPILE_SECONDS, _COMPILE_SECONDS_PER_OPERATION, _IMPORT_SECONDS = 0.01, 0.1e-3, 0.2
_FIRST_DRAW, *_, _LAST_DRAW = (NUMBERS[name] for name in DRAWS)  # they stand together
_LEAST_SAVED = 1e-3  #: seconds: for less it is not looked into
_WORTH = 2.0  #: compiling must save so many times what it takes


class AutoEngine(CoreEngine):
    """Chooses for each run."""

    def descend(self, job: DescentJob) -> Ends:
        engine = self.chosen(job)
        return replace(engine.descend(job), engine=engine.name)

    def chosen(self, job: DescentJob) -> Engine:
        return choose(job)

    def section_code(self, section: Section, dtype: str, n_points: int, n_threads: int) -> SectionCode | None:
        return code_that_pays(section, dtype, n_points, n_threads)

    def advance(self, job: DescentJob, values: Values, live: Live, until: int) -> None:
        _usual().advance(job, values, live, until)


def choose(job: DescentJob) -> Engine:
    """The engine that is expected to be done first."""
    from fastdescent.engines import get_engine, why_missing

    if WHY_NO_EXTENSION:
        return _usual()
    n_steps = job.max_steps if job.limits.gtol is None else min(job.max_steps, _STEPS_WITH_GTOL)
    saved = _saved(job.program.main, len(job.starts) * n_steps, job.n_threads)
    if saved < _LEAST_SAVED or why_missing("jit"):
        return _usual()
    from fastdescent.engines.jit.engine import n_to_compile

    return get_engine("jit") if _pays(saved, lambda: n_to_compile(job)) else _usual()


def code_that_pays(section: Section, dtype: str, n_points: int, n_threads: int) -> SectionCode | None:
    """Machine code of a section that runs once for each point, where that is expected to be done first."""
    from fastdescent.engines import why_missing

    saved = _saved(section, n_points, n_threads)
    if WHY_NO_EXTENSION or saved < _LEAST_SAVED or why_missing("jit"):
        return None
    from fastdescent.engines.jit.section import compiled_section, n_to_compile

    pays = _pays(saved, lambda: n_to_compile(section, dtype, isa()))
    return compiled_section(section, dtype, isa()) if pays else None


def _saved(section: Section, n_points: int, n_threads: int) -> float:
    """Seconds that machine code would take less."""
    return n_points * _n_numbers(section) * _SECONDS_SAVED / n_threads


def _pays(saved: float, n_to_compile: Callable[[], int]) -> bool:
    from fastdescent.engines.jit.target import target_of

    if not target_of(isa()).has_fma:  # its emulation takes nearly all the time, compiled or not
        return False
    n_operations = n_to_compile()
    compiling = _COMPILE_SECONDS + n_operations * _COMPILE_SECONDS_PER_OPERATION if n_operations else 0.0
    if "llvmlite" not in sys.modules:
        compiling += _IMPORT_SECONDS
    return saved > _WORTH * compiling


def _n_numbers(section: Section) -> int:
    """What instructions make; compiling a block of random numbers saves as much as compiling some sixty others."""
    op, _, n_outer, n_middle, n_inner = section.code[:, : N_INNER + 1].T.astype(np.int64)
    draws = (op >= _FIRST_DRAW) & (op <= _LAST_DRAW)
    numbers = np.where(draws, 60 * n_outer, n_outer * n_middle * n_inner)
    return int(numbers @ section.turns() if section.strips else numbers.sum())


def _usual() -> Engine:
    """The engine that needs no reasons."""
    from fastdescent.engines import get_engine

    if WHY_NO_CORE:
        raise ImportError(WHY_NO_CORE)
    return get_engine("numba" if WHY_NO_EXTENSION else "native")


AUTO = AutoEngine("auto", core)
