"""Many trajectories of one compiled step: arguments to arrays, and a thread for each part."""

from __future__ import annotations

from threading import Event
from time import perf_counter
from typing import Any

import numpy as np

from fastdescent._base.status import Status
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.jit.kernel.arguments import NUMBERS
from fastdescent.engines.numba.angles import huge_angle_address
from fastdescent.engines.numba.arguments import KernelArguments
from fastdescent.engines.numba.entries import ENTRIES
from fastdescent.engines.numba.layout import BATCH, CAPACITY, DONE, FIRST, LAST, NEXT, Job, Kernel, Lanes, Tests
from fastdescent.engines.numba.memory import address, aligned, given
from fastdescent.engines.numba.paths import Paths
from fastdescent.engines.numba.step_rows import StepRows
from fastdescent.engines.numba.stopping import LIVE
from fastdescent.engines.numba.threads import run_threads

_MOST_BUDGET = 1 << 24  #: steps of a call
_FIRST_BUDGET = 64


def descend(
    *,
    isa: str,
    instructions: Any,
    strips: Any,
    n_rows: int,
    split: int,
    uniform: Any,
    table: Any,
    initial: Any,
    starts: Any,
    overwrite: bool,
    lane_values: Any,
    rows: StepRows,
    limits: Any,
    center: Any,
    box: Any,
    may_speculate: bool,
    state_before: Any,
    t_before: Any,
    status_before: Any,
    record_steps: Any,
    record_every: int,
    record_rows: Any,
    n_recorded: int,
    most_recorded: int,
    keep_state: bool,
    first_index: int,
    indices: Any,
    max_steps: int,
    t_last: Any,
    compiled: tuple[int, int, int],
    n_lanes: int,
    n_threads: int,
    poll: Any,
) -> tuple[Any, ...]:
    """As `descend` of `fastdescent._core`: x, nit, status, state, values and offsets of the paths."""
    (n, dim), dtype = starts.shape, starts.dtype
    block, exact, fast = compiled
    in_place = len(status_before) > 0
    job = Job(
        n_state=len(initial),
        lane_row=rows.lane_row,
        n_index=rows.n_index,
        first_index=np.uint64(first_index),
        indices=given(indices),
        max_steps=max_steps,
        t_last=given(t_last),
        table=address(table),
        table_width=table.shape[1],
        initial=given(initial),
        starts=given(starts),
        lane_values=given(lane_values),
        state_before=given(state_before),
        t_before=given(t_before),
        status_before=given(status_before),
        record_steps=given(record_steps),
        record_every=record_every,
        record_row=given(record_rows),
        x=starts if in_place or overwrite else np.empty((n, dim), dtype),
        nit=t_before if in_place else np.empty(n, np.int32),
        status=status_before if in_place else np.empty(n, np.int8),
        state_after=state_before if in_place else np.empty((n if keep_state else 0, len(initial)), dtype),
        shared=np.zeros(2, np.int64),
    )
    tests = _tests(rows, limits, center, box, dim, dtype)
    width = target_of(isa).vector_bytes // dtype.itemsize
    kernel = Kernel(exact, fast, width, may_speculate)
    huge_angle = huge_angle_address(instructions, dtype.name, width)

    fields = {name: getattr(tests, name) for name in NUMBERS} | {"center": center}
    fields |= {"low": box[0], "high": box[1]} if len(box) else {}
    n_threads = max(1, min(n_threads, n))
    fields |= {"uniform": uniform, "huge_angle": huge_angle}
    paths = Paths(len(record_steps) > 0, dim, dtype, block, n_threads, most_recorded)
    crew = [_lanes(job, paths.block(k), n_rows, block, n_lanes, n_threads, fields) for k in range(n_threads)]
    ENTRIES.work.ready(dtype, crew[0], job, tests, kernel, _FIRST_BUDGET)

    def work(k: int, cancelled: Event) -> None:
        _go_on(k, crew[k], job, paths, tests, kernel, cancelled)

    def asked() -> bool:
        return poll is None or bool(poll(int(job.shared[DONE])))

    if n and not run_threads(work, n_threads, asked):
        _leave(0, job, paths, int(job.shared[NEXT]), n)
    return job.x, job.nit, job.status, job.state_after, *paths.in_order(n_recorded)


def _go_on(thread: int, lanes: Lanes, job: Job, paths: Paths, tests: Tests, kernel: Kernel, cancelled: Event) -> None:
    """Calls that last a few milliseconds each, so that cancelling is prompt."""
    budget, running = _FIRST_BUDGET, 1
    while running and not cancelled.is_set():
        lanes = paths.with_room(thread, lanes)
        began = perf_counter()
        running = ENTRIES.work(lanes, job, tests, kernel, budget)
        seconds = perf_counter() - began
        if seconds < 2e-3 and budget < _MOST_BUDGET:
            budget *= 4
        elif seconds > 8e-3 and budget > 1:
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
        left = left[job.status_before[left] == LIVE]
    if len(job.record_steps):
        recorded = left[job.record_row[left] >= 0]
        paths.add(thread, job.record_row[recorded], job.starts[recorded])
    job.x[left] = job.starts[left]
    job.nit[left] = job.t_before[left] if len(job.t_before) else 0
    if len(job.state_after):
        job.state_after[left] = job.state_before[left] if len(job.state_before) else job.initial
        job.state_after[left, : job.starts.shape[1]] = job.starts[left]
    job.status[left] = Status.INTERRUPTED


def _tests(rows: StepRows, limits: Any, center: Any, box: Any, dim: int, dtype: Any) -> Tests:
    return Tests._make((
        dim, rows.x, rows.gradient, rows.fun, rows.previous_fun, rows.previous_x, rows.moved, rows.stop,
        bool(rows.alarm), *(dtype.type(limit) for limit in limits), np.finfo(dtype).max, given(center), given(box),
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
        frozen=aligned((job.n_state, block), dtype),
        saved=aligned((job.n_state, block), dtype),
        live=np.zeros(block, np.bool_),
        stopped=np.zeros(block, np.bool_),
        until=np.zeros(block, np.int64),
        t=np.zeros(block, np.int64),
        status=np.zeros(block, np.int64),
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
