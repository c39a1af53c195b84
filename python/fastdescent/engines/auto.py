"""The engine "auto": compiles what is run for long or again and again, and interprets the rest.

What interpreting loses against machine code is put down, Program by Program (`accounts`), whether `descend`, a `Swarm`
or an evaluation has run it. A Program is compiled where the work at hand would lose more than compiling takes
(`costs`), or where that and what was lost before come to half as much: those that have come back are likely to come
again, and since machine code takes about half of the time, not more than twice the least time is ever spent. From then
on its machine code is used. The choice changes how long a run takes, never what it gives.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fastdescent._base.status import Unended
from fastdescent.engines.accounts import Account, account_of_section, account_of_step
from fastdescent.engines.core_engine import CoreEngine, SectionCode
from fastdescent.engines.costs import (
    IMPORT_SECONDS,
    LEAST_COMPILE_SECONDS,
    seconds_to_compile_section,
    seconds_to_compile_step,
)
from fastdescent.engines.host import WHY_NO_CORE, WHY_NO_EXTENSION, core, isa, why_missing
from fastdescent.engines.protocol import DescentJob, Ends, Engine, Live, Values
from fastdescent.program.section import Section


class AutoEngine(CoreEngine):
    """Chooses for each run between engines, which `engine` gives by name."""

    def __init__(self, core: Any, engine: Callable[[str], Engine]) -> None:
        super().__init__("auto", core)
        self._engine = engine

    def descend(self, job: DescentJob) -> Ends:
        engine = self.chosen(job)
        return replace(engine.descend(job), engine=engine.name)

    def chosen(self, job: DescentJob, n_steps: float | None = None) -> Engine:
        if WHY_NO_CORE:
            raise ImportError(WHY_NO_CORE)
        if WHY_NO_EXTENSION:
            return self._engine("numba")
        account = account_of_step(job)
        n_steps = account.expected_steps(job) if n_steps is None else n_steps
        seconds = account.seconds(n_steps, len(job.starts), job.n_threads)
        if _is_compiled_or_pays(account, seconds, lambda: seconds_to_compile_step(job)):
            return self._engine("jit").chosen(job)
        return Interpreter(account)

    def advance(self, job: DescentJob, values: Values, live: Live, until: int) -> None:
        self.chosen(job, _n_steps(live, until)).advance(job, values, live, until)

    def section_code(self, section: Section, dtype: str, n_points: int, n_threads: int) -> SectionCode | None:
        if WHY_NO_EXTENSION:
            return None
        account = account_of_section(section, dtype)
        seconds = account.seconds(n_points, n_points, n_threads)
        if not _is_compiled_or_pays(account, seconds, lambda: seconds_to_compile_section(section, dtype)):
            account.lost += seconds
            return None
        from fastdescent.engines.jit.compile.sections import compiled_section

        code = compiled_section(section, dtype, isa())
        account.compiled(code)
        return code


class Interpreter(CoreEngine):
    """The engine "native", whose losses are put down."""

    def __init__(self, account: Account) -> None:
        super().__init__("native", core)
        self._account = account

    def descend(self, job: DescentJob) -> Ends:
        ends = super().descend(job)
        self._account.interpreted(job, ends)
        return ends

    def advance(self, job: DescentJob, values: Values, live: Live, until: int) -> None:
        self._account.lost += self._account.seconds(_n_steps(live, until), len(live.x), job.n_threads)
        super().advance(job, values, live, until)


def _n_steps(live: Live, until: int) -> int:
    """Steps of all trajectories together, up to `until`, if none stops before."""
    running = live.status == Unended.RUNNING
    return int(np.count_nonzero(running)) * (until - int(live.nit[running.argmax()])) if len(running) else 0


def _is_compiled_or_pays(account: Account, seconds: float, to_compile: Callable[[], float]) -> bool:
    """Whether machine code is at hand, or should be made for work that takes so many seconds longer without it."""
    return (account.is_compiled or _pays(account, seconds, to_compile)) and why_missing("jit") is None


def _pays(account: Account, seconds: float, to_compile: Callable[[], float]) -> bool:
    expected = 2 * (account.lost + seconds) if account.lost else seconds
    if expected < LEAST_COMPILE_SECONDS:  # nothing need be imported to know more
        return False
    importing = 0.0 if "llvmlite" in sys.modules else IMPORT_SECONDS
    return expected > importing + account.compiling(to_compile)
