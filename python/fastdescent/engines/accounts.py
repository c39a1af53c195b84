"""What interpreting has cost so far beyond what compiled code would have, Program by Program.

Seconds are those that a caller waits: work is shared by threads, compiling is not.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent._base.recent import Recent
from fastdescent._base.status import Status
from fastdescent.engines.costs import seconds_lost, seconds_to_write_out
from fastdescent.engines.host import isa
from fastdescent.engines.protocol import DescentJob, Ends
from fastdescent.program.graph.nodes import identity
from fastdescent.program.section import Section

_MOST_ACCOUNTS = 256
_STEPS_WITH_GTOL = 100  #: that a trajectory is expected to make while nothing is known
_LANES = 32  #: that the interpreter advances, however few trajectories there are
_N_CORES = os.cpu_count() or 1


@dataclass
class Account:
    """Of one section."""

    each: float  #: seconds that it takes longer for one trajectory, interpreted on one thread
    each_call: float = 0.0  #: seconds that any run of it takes longer, however short
    lost: float = 0.0  #: seconds
    n_steps: int = 0  #: that were interpreted
    n_stopped: int = 0  #: trajectories of these that something stopped
    _compiling: float | None = None
    _code: weakref.ref[Any] | None = None

    @property
    def is_compiled(self) -> bool:
        """Whether the machine code is at hand."""
        return self._code is not None and self._code() is not None

    def compiled(self, code: object) -> None:
        """This is the machine code. Once it has been let go, counting begins from zero."""
        self._code, self.lost = weakref.ref(code), 0.0

    def compiling(self, seconds: Callable[[], float]) -> float:
        """Seconds that compiling takes, computed once."""
        if self._compiling is None:
            self._compiling = seconds()
        return self._compiling

    def seconds(self, n_steps: float, n: int, n_threads: int) -> float:
        """That interpreting so many steps of n trajectories takes longer."""
        n_blocks = -(-n // _LANES)
        idle = n_blocks * _LANES / max(n, 1)
        return self.each_call + self.each * n_steps * idle / max(1, min(n_threads, n_blocks, _N_CORES))

    def expected_steps(self, job: DescentJob) -> float:
        """Of all trajectories: as many for each as there were for one that something stopped, at most `max_steps`."""
        each: float = _STEPS_WITH_GTOL if job.limits.gtol is not None else job.max_steps
        if self.n_steps:
            each = self.n_steps / max(self.n_stopped, 1)
        return len(job.starts) * min(job.max_steps, each)

    def interpreted(self, job: DescentJob, ends: Ends) -> None:
        """Puts down a run."""
        before = 0 if job.nit is None else int(job.nit.sum(dtype=np.int64))
        n_steps = int(ends.nit.sum(dtype=np.int64)) - before
        n_cut = int(np.count_nonzero((ends.status == Status.MAX_STEPS) | (ends.status == Status.INTERRUPTED)))
        self.lost += self.seconds(n_steps, len(ends.nit), job.n_threads)
        self.n_steps += n_steps
        self.n_stopped += len(ends.nit) - int(n_cut)


def account_of_step(job: DescentJob) -> Account:
    """Of the step of a job."""
    program, limits = job.program, job.limits
    tests = [test is not None for test in (limits.gtol, limits.xtol, limits.ftol, limits.box)]
    kind = (*tests, any(limits.center))
    return _account(program.main, job.starts.dtype.name, kind, lambda: (identity(program.constants), program.state))


def account_of_section(section: Section, dtype: str) -> Account:
    """Of a section that runs once. Its machine code reads constants when it runs."""
    return _account(section, dtype, (), lambda: section.outputs)


_by_content: Recent[int, Account] = Recent(_MOST_ACCOUNTS)


def _account(section: Section, dtype: str, kind: tuple[bool, ...], more: Callable[[], Hashable]) -> Account:
    """By what the machine code depends on. Sections of the same content share the code, and so the account."""
    key = (dtype, isa(), kind)
    found: Account | None = section.made.get(("account", key))
    if found is None:
        content = hash((section.key(), key, more()))
        found = section.made["account", key] = _by_content.get(
            content, lambda: Account(seconds_lost(section, dtype), seconds_to_write_out(section))
        )
    return found
