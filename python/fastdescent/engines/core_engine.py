"""Engines that hand a job, as arrays, to a core: the C++ extension or what stands in for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from fastdescent._base.memory import bytes_of_work, refuse_if_too_large
from fastdescent._base.ragged import Ragged
from fastdescent.engines.core_job import core_job, rounded
from fastdescent.engines.host import isa, n_lanes
from fastdescent.engines.protocol import (
    DescentJob,
    Ends,
    Engine,
    Floats,
    Live,
    Values,
    lane_values,
    table_values,
    uniform_values,
)
from fastdescent.program.section import Section


class MachineCode(Protocol):
    """Functions for blocks of lanes, by address (`Compiled` of the core). They must outlive the runs that use them."""

    block: int
    exact: int
    fast: int


class SectionCode(Protocol):
    """The same of a section that runs once (`CompiledSection` of the core)."""

    @property
    def block(self) -> int: ...
    @property
    def function(self) -> int: ...


class CoreEngine:
    """An engine by its name, and a module with the functions of `fastdescent._core`."""

    def __init__(self, name: str, core: Any) -> None:
        self.name, self._core = name, core

    def __reduce__(self) -> tuple[Any, ...]:
        import fastdescent

        return fastdescent.get_engine, (self.name,)

    def evaluate(
        self, section: Section, uniform: Floats, inputs: Mapping[str, Floats], n_points: int, n_threads: int
    ) -> dict[str, Floats]:
        dtype, work = uniform.dtype, bytes_of_work(section.n_rows, min(n_threads, n_points))
        if work:
            refuse_if_too_large(work, f"a program of {section.n_rows} rows", "use a smaller surface")
        code = self.section_code(section, dtype.name, n_points, n_threads)
        arrays = [np.ascontiguousarray(inputs[s.name], dtype=dtype) for s in section.inputs]
        results = self._core.evaluate(
            self._checked(section),
            isa=isa(),
            uniform=uniform,
            inputs=arrays,
            n_points=n_points,
            compiled=(0, 0) if code is None else (code.block, code.function),
            n_threads=n_threads,
        )
        return {s.name: array for s, array in zip(section.outputs, results, strict=True)}

    def descend(self, job: DescentJob) -> Ends:
        state, nit = job.state, job.nit
        if state is None or nit is None:
            state, nit = np.zeros((0, len(job.initial)), job.starts.dtype), np.zeros(0, np.int32)
        fresh = Live(job.starts, state, nit, np.zeros(0, np.int8))
        values, kernel = self.values(job), self.kernel(job)
        try:
            x, nit, status, state, points, offsets = self._descend(job, values, fresh, job.max_steps, kernel)
        except MemoryError as error:
            raise out_of_memory(job) from error
        return Ends(x, nit, status, state, Ragged(points, offsets))

    def chosen(self, job: DescentJob, n_steps: float | None = None) -> Engine:
        """The engine that makes the steps of a job, ready to make them."""
        return self

    def values(self, job: DescentJob) -> Values:
        uniform = uniform_values(self, job.program, job.params)
        table, lanes = table_values(self, job, uniform), lane_values(self, job, uniform)
        return Values(*(rounded(values, job.starts.dtype) for values in (uniform, table, lanes)))

    def advance(self, job: DescentJob, values: Values, live: Live, until: int) -> None:
        if len(live.x):
            self._descend(job, values, live, until, self.kernel(job))

    def kernel(self, job: DescentJob) -> MachineCode | None:
        """Machine code of the step, or None: it is interpreted."""
        return None

    def section_code(self, section: Section, dtype: str, n_points: int, n_threads: int) -> SectionCode | None:
        """Machine code of a section, or None: it is interpreted."""
        return None

    def _descend(
        self, job: DescentJob, values: Values, before: Live, max_steps: int, kernel: MachineCode | None
    ) -> tuple[Any, ...]:
        """The core's call. Where `before` has statuses it works in place."""
        described = core_job(
            job, values, before, max_steps, isa=isa(), section=self._checked(job.program.main), n_lanes=n_lanes(),
            compiled=(0, 0, 0) if kernel is None else (kernel.block, kernel.exact, kernel.fast),
        )  # fmt: skip
        found: tuple[Any, ...] = self._core.descend(described)
        return found

    def _checked(self, section: Section) -> Any:
        """The section as the core takes it: checked once, and kept as long as the section lives."""
        handle = section.made.get(self._core)
        if handle is None:
            handle = section.made[self._core] = self._core.Section(
                instructions=section.instructions,
                strips=[(s.first, s.stop, s.n_strips, s.moves) for s in section.strips],
                n_rows=section.n_rows,
                n_uniform=section.n_uniform,
                split=section.split,
                inputs=[(s.offset, s.size) for s in section.inputs],
                outputs=[(s.offset, s.size) for s in section.outputs],
            )
        return handle


def out_of_memory(job: DescentJob) -> MemoryError:
    """Of a run that has begun."""
    if not len(job.record.steps):
        return MemoryError(f"a run of {len(job.starts)} trajectories takes more memory than is free; run fewer at once")
    return MemoryError(
        f"record: the paths of {job.record.n_rows} trajectories do not fit into memory, which had room for "
        f"{job.record.most_points} points; record fewer steps, or fewer trajectories with fd.Record(which=...)"
    )
