"""Engines that hand a job, as arrays, to a core: the C++ extension or what stands in for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastdescent._base.memory import bytes_of_work, refuse_if_too_large
from fastdescent._base.ragged import Ragged
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
from fastdescent.program.program import Program
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
            isa=isa(),
            instructions=section.instructions,
            strips=_listed(section),
            n_rows=section.n_rows,
            uniform=uniform,
            inputs=arrays,
            input_offsets=[s.offset for s in section.inputs],
            outputs=[(s.offset, s.size) for s in section.outputs],
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
        return Values(*(_rounded(values, job.starts.dtype) for values in (uniform, table, lanes)))

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
        main, dtype = job.program.main, job.starts.dtype
        found: tuple[Any, ...] = self._core.descend(
            isa=isa(),
            instructions=main.instructions,
            strips=_listed(main),
            n_rows=main.n_rows,
            split=main.split,
            uniform=values.uniform,
            table=values.table,
            initial=_rounded(job.initial, dtype),
            starts=before.x,
            overwrite=job.overwrite,
            lane_values=values.lanes,
            rows=self._step_rows(job.program, job),
            limits=_squared(job, dtype),
            center=_rounded(job.limits.center, dtype),
            box=_rounded(np.zeros((0, 0)) if job.limits.box is None else job.limits.box, dtype),
            may_speculate=job.may_speculate,
            state_before=before.state,
            t_before=before.nit,
            status_before=before.status,
            record_steps=job.record.steps,
            record_every=job.record.every,
            record_rows=job.record.rows,
            n_recorded=job.record.n_rows,
            most_recorded=job.record.most_points,
            keep_state=job.keep_state,
            first_index=job.first_index,
            indices=np.zeros(0, np.uint64) if job.indices is None else job.indices,
            max_steps=max_steps,
            t_last=np.zeros(0, np.int32) if job.last is None else job.last,
            compiled=(0, 0, 0) if kernel is None else (kernel.block, kernel.exact, kernel.fast),
            n_lanes=n_lanes(),
            n_threads=job.n_threads,
            poll=job.poll,
        )
        return found

    def _step_rows(self, program: Program, job: DescentJob) -> Any:
        return self._core.StepRows(
            **step_rows(program),
            alarm=int(job.limits.alarm),
            lane_row=program.n_state,
            n_index=program.n_index,
            table_row=program.n_state + program.n_lane + program.n_index,
        )


def out_of_memory(job: DescentJob) -> MemoryError:
    """Of a run that has begun."""
    if not len(job.record.steps):
        return MemoryError(f"a run of {len(job.starts)} trajectories takes more memory than is free; run fewer at once")
    return MemoryError(
        f"record: the paths of {job.record.n_rows} trajectories do not fit into memory, which had room for "
        f"{job.record.most_points} points; record fewer steps, or fewer trajectories with fd.Record(which=...)"
    )


def _listed(section: Section) -> list[tuple[int, int, int, npt.NDArray[np.int32]]]:
    return [(s.first, s.stop, s.n_strips, s.moves) for s in section.strips]


def _rounded(values: npt.ArrayLike, dtype: np.dtype[Any]) -> Floats:
    with np.errstate(over="ignore", under="ignore"):
        return np.ascontiguousarray(values, dtype=dtype)


def step_rows(program: Program) -> dict[str, int]:
    """The first row of what the stop tests look at, -1 for what is absent."""
    heads = {s.name: s.offset for s in program.main.outputs}
    state = {s.name: s.offset for s in program.state}
    return {
        "x": state["x"],
        "gradient": heads["gradient"],
        "fun": heads.get("fun", -1),
        "previous_fun": state.get("previous_fun", -1),
        "previous_x": state.get("previous_x", -1),
        "moved": state.get("moved", -1),
        "stop": heads.get("stop", -1),
    }


def _squared(job: DescentJob, dtype: np.dtype[Any]) -> list[float]:
    """gtol^2, radius^2, xtol^2 and ftol as the tests want them: squares of numbers of the run's dtype, -1 for off."""
    limits = job.limits

    def square(value: float | None, off: float) -> float:
        if value is None:
            return off
        with np.errstate(over="ignore", under="ignore"):
            rounded = dtype.type(value)
            return float(rounded * rounded)

    return [
        square(limits.gtol, -1.0),
        square(limits.escape_radius, math.inf),
        square(limits.xtol, -1.0),
        -1.0 if limits.ftol is None else float(limits.ftol),
    ]
