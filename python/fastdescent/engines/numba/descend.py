"""Many trajectories of one compiled step: arguments to arrays, and a thread for each part."""

from __future__ import annotations

from threading import Event
from time import perf_counter
from typing import Any

import numpy as np

from fastdescent._base.status import Status
from fastdescent.engines.core_job import CoreJob
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.jit.kernel.arguments import NUMBERS
from fastdescent.engines.numba.angles import huge_angle_address
from fastdescent.engines.numba.arguments import KernelArguments
from fastdescent.engines.numba.entries import ENTRIES
from fastdescent.engines.numba.layout import BATCH, CAPACITY, DONE, FIRST, LAST, NEXT, Job, Kernel, Lanes, Tests
from fastdescent.engines.numba.memory import address, aligned, given
from fastdescent.engines.numba.paths import Paths
from fastdescent.engines.numba.stopping import RUNNING
from fastdescent.engines.numba.threads import run_threads

_MOST_BUDGET = 1 << 24  #: steps of a call
_FIRST_BUDGET = 64


def descend(described: CoreJob) -> tuple[Any, ...]:
    """As `descend` of `fastdescent._core`: x, nit, status, state, values and offsets of the paths."""
    d = described
    (n, dim), dtype, n_state = d.starts.shape, d.starts.dtype, len(d.initial)
    block, exact, fast = d.compiled.tolist()
    in_place = len(d.status_before) > 0
    job = Job(
        n_state=n_state,
        lane_row=n_state,
        n_index=d.n_index,
        first_index=np.uint64(d.first_index),
        indices=given(d.indices),
        max_steps=d.max_steps,
        t_last=given(d.t_last),
        table=address(d.table),
        table_width=d.table.shape[1],
        initial=given(d.initial),
        starts=given(d.starts),
        lane_values=given(d.lane_values),
        state_before=given(d.state_before),
        t_before=given(d.t_before),
        status_before=given(d.status_before),
        record_steps=given(d.record_steps),
        record_every=d.record_every,
        record_row=given(d.record_rows),
        x=d.starts if in_place or d.overwrite else np.empty((n, dim), dtype),
        nit=d.t_before if in_place else np.empty(n, np.int32),
        status=d.status_before if in_place else np.empty(n, np.int8),
        state_after=d.state_before if in_place else np.empty((n if d.keep_state else 0, n_state), dtype),
        shared=np.zeros(2, np.int64),
    )
    tests = _tests(d, dim, dtype)
    width = target_of(d.isa).vector_bytes // dtype.itemsize
    kernel = Kernel(exact, fast, width)
    huge_angle = huge_angle_address(d.section.instructions, dtype.name, width)

    fields = {name: min(getattr(tests, name), tests.largest) for name in NUMBERS} | {"center": d.center}
    fields |= {"low": d.box[0], "high": d.box[1]} if len(d.box) else {}
    n_threads = max(1, min(d.n_threads, n))
    fields |= {"uniform": d.uniform, "huge_angle": huge_angle}
    paths = Paths(len(d.record_steps) > 0, dim, dtype, block, n_threads, d.most_recorded)
    n_rows = d.section.n_rows
    crew = [_lanes(job, paths.block(k), n_rows, block, d.n_lanes, n_threads, fields) for k in range(n_threads)]
    ENTRIES.work.ready(dtype, crew[0], job, tests, kernel, _FIRST_BUDGET)

    def work(k: int, cancelled: Event) -> None:
        _go_on(k, crew[k], job, paths, tests, kernel, cancelled)

    def asked() -> bool:
        return d.poll is None or bool(d.poll(int(job.shared[DONE])))

    if n and not run_threads(work, n_threads, asked):
        _leave(0, job, paths, int(job.shared[NEXT]), n)
    return job.x, job.nit, job.status, job.state_after, *paths.in_order(d.n_recorded)


def _go_on(thread: int, lanes: Lanes, job: Job, paths: Paths, tests: Tests, kernel: Kernel, cancelled: Event) -> None:
    """Calls that last milliseconds, or some long steps, each: cancelling is prompt. A call of one step computes two
    gradients, since it tests the last point too."""
    budget, running = _FIRST_BUDGET, 1
    while running and not cancelled.is_set():
        lanes = paths.with_room(thread, lanes)
        began = perf_counter()
        running = ENTRIES.work(lanes, job, tests, kernel, budget)
        seconds = perf_counter() - began
        if seconds < 2e-3 and budget < _MOST_BUDGET:
            budget *= 4
        elif seconds > 0.2 and budget > 1:
            budget //= 2
    if running:
        lanes = paths.with_room(thread, lanes)
        ENTRIES.work(lanes, job, tests, kernel, 0)
        _leave(thread, job, paths, lanes.own[FIRST], lanes.own[LAST])
    paths.keep(thread, lanes)


def _leave(thread: int, job: Job, paths: Paths, first: int, last: int) -> None:
    """The results of trajectories that were never begun: their starts."""
    left = np.arange(first, last)
    if len(job.status_before):
        left = left[job.status_before[left] == RUNNING]
    if len(job.record_steps):
        recorded = left[job.record_row[left] >= 0]
        paths.add(thread, job.record_row[recorded], job.starts[recorded])
    job.x[left] = job.starts[left]
    job.nit[left] = job.t_before[left] if len(job.t_before) else 0
    if len(job.state_after):
        job.state_after[left] = job.state_before[left] if len(job.state_before) else job.initial
        job.state_after[left, : job.starts.shape[1]] = job.starts[left]
    job.status[left] = Status.INTERRUPTED


def _tests(d: CoreJob, dim: int, dtype: Any) -> Tests:
    return Tests._make((
        dim, d.x_row, d.gradient_row, d.fun_row, d.previous_fun_row, d.previous_x_row, d.moved_row, d.stop_row, d.alarm,
        *map(dtype.type, d.limits), np.finfo(dtype).max, given(d.center), given(d.box),
    ))  # fmt: skip


def _lanes(
    job: Job, path_block: Any, n_rows: int, block: int, n_lanes: int, n_threads: int, fields: dict[str, Any]
) -> Lanes:
    """The lanes of one thread, and the arguments that hold the addresses of these fields."""
    dtype = job.starts.dtype
    rows = aligned((n_rows, block), dtype)
    arguments = KernelArguments.of(dtype, rows=rows, **fields)
    path_rows, path_points = path_block
    own = np.zeros(6, np.int64)
    own[CAPACITY] = min(n_lanes or block, block)
    own[BATCH] = min(max(len(job.starts) // n_threads // 4, 1), 128)
    return Lanes(
        rows=rows,
        live=np.zeros(block, np.bool_),
        until=np.zeros(block, np.int64),
        t=np.zeros(block, np.int64),
        trajectory=np.zeros(block, np.int64),
        entry=np.zeros(block, np.int64),
        candidates=arguments.candidates,
        words=arguments.words,
        numbers=arguments.numbers,
        offsets=np.zeros(block, np.int64),
        arguments=arguments.address,
        path_rows=path_rows,
        path_points=path_points,
        own=own,
    )
