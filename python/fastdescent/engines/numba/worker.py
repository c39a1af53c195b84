"""One thread's part of a run, as cpp/src/lanes.hpp and descend.cpp: trajectories are loaded into lanes, advanced, and
written to the results when they stop."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent._base.status import Status
from fastdescent.engines.numba.canonical import canonical
from fastdescent.engines.numba.compiled_kernel import advance
from fastdescent.engines.numba.intrinsics import ZERO, body, compiled, fetch_add
from fastdescent.engines.numba.layout import (
    BATCH,
    CAPACITY,
    DONE,
    FIRST,
    LAST,
    N_RUNNING,
    NEXT,
    Job,
    Kernel,
    Lanes,
    Tests,
)
from fastdescent.engines.numba.recording import has_room, next_step, record, step_of
from fastdescent.engines.numba.stopping import RUNNING, copy_rows

_MAX_STEPS: Any = np.int64(Status.MAX_STEPS)
_INTERRUPTED: Any = np.int64(Status.INTERRUPTED)


@body
def work(lanes: Lanes, job: Job, tests: Tests, kernel: Kernel, budget: int) -> int:
    """Goes on for about `budget` steps; how many lanes still run. Zero: there is nothing left to do.

    It comes back early where the block for recorded points may not have room for one more round. Without a budget, what
    runs is written as interrupted.
    """
    if budget == 0:
        lanes.status[: lanes.own[N_RUNNING]] = _INTERRUPTED
        write(lanes, job, ZERO, lanes.own[N_RUNNING])
        return 0
    fill(lanes, job)
    made = 0
    while lanes.own[N_RUNNING] > 0 and made < budget and has_room(lanes, job):
        made += 1 + advance(lanes, job, tests, kernel, budget - made, 1 + lanes.own[N_RUNNING] // 16)
        collect(lanes, job)
    return lanes.own[N_RUNNING]


@compiled
def runs(job: Job, index: int) -> bool:
    """Whether anything is to be done for a trajectory."""
    return len(job.status_before) == 0 or job.status_before[index] == RUNNING


@compiled
def claim(lanes: Lanes, job: Job) -> int:
    """A trajectory that nobody has begun, or -1."""
    own, n = lanes.own, len(job.starts)
    while True:
        if own[FIRST] == own[LAST]:
            own[FIRST] = min(fetch_add(job.shared, NEXT, own[BATCH]), n)
            own[LAST] = min(own[FIRST] + own[BATCH], n)
        if own[FIRST] == own[LAST]:
            return -1
        own[FIRST] += 1
        if runs(job, own[FIRST] - 1):
            return own[FIRST] - 1


@compiled
def fill(lanes: Lanes, job: Job) -> None:
    """Loads trajectories into the lanes that are free. The first of all also fills those that do not run."""
    own = lanes.own
    first, n = own[N_RUNNING], own[N_RUNNING]
    while n < own[CAPACITY]:
        index = claim(lanes, job)
        if index < 0:
            break
        lanes.trajectory[n] = index
        n += 1
    own[N_RUNNING] = n
    load(lanes, job, first, n)
    if first == 0 and n > 0:
        for lane in range(n, len(lanes.live)):
            copy_lane(lanes, job, ZERO, lane)


@compiled
def load(lanes: Lanes, job: Job, first: int, last: int) -> None:
    """Loads lanes `first` to `last` with the trajectories of their indices."""
    dim, index_row = job.starts.shape[1], job.lane_row + job.lane_values.shape[1]
    gather(lanes, job.starts, ZERO, ZERO, first, last)
    if len(job.state_before):
        gather(lanes, job.state_before, dim, ZERO, first, last)
    else:
        for r in range(dim, job.n_state):
            lanes.rows[r, first:last] = job.initial[r]
    gather(lanes, job.lane_values, ZERO, job.lane_row, first, last)
    for lane in range(first, last):
        trajectory = lanes.trajectory[lane]
        number = job.indices[trajectory] if len(job.indices) else job.first_index + np.uint64(trajectory)
        for k in range(job.n_index):
            lanes.rows[index_row + k, lane] = np.int64((number >> np.uint64(16 * k)) & np.uint64(0xFFFF))
        lanes.t[lane] = job.t_before[trajectory] if len(job.t_before) else 0
        lanes.entry[lane] = 0
        record(lanes, job, lane)
        go_on(lanes, job, lane)


@compiled
def gather(lanes: Lanes, source: Any, column: int, row: int, first: int, last: int) -> None:
    """Column k of an array, for k from `column` on, to row `row` + k of lanes `first` to `last`. A row at a time, since
    lanes stand side by side."""
    for k in range(column, source.shape[1]):
        for lane in range(first, last):
            lanes.rows[row + k, lane] = source[lanes.trajectory[lane], k]


@compiled
def go_on(lanes: Lanes, job: Job, lane: int) -> None:
    """Lets a lane run until the next step that is recorded, or to the end."""
    lanes.until[lane] = min(next_step(lanes, job, lane), last_step(job, lanes.trajectory[lane]))
    lanes.status[lane] = RUNNING
    lanes.live[lane] = True


@compiled
def last_step(job: Job, index: int) -> Any:
    """The most updates of a trajectory."""
    return np.int64(job.t_last[index]) if len(job.t_last) else np.int64(job.max_steps)


@compiled
def has_ended(lanes: Lanes, job: Job, lane: int) -> bool:
    """Whether a trajectory is over, and does not only pause at a step that is recorded."""
    if lanes.status[lane] == _MAX_STEPS:
        return bool(lanes.t[lane] >= last_step(job, lanes.trajectory[lane]))
    return bool(lanes.status[lane] != RUNNING)


@compiled
def collect(lanes: Lanes, job: Job) -> None:
    """Writes the results of trajectories that have ended, and puts others in their place."""
    n, n_ended = lanes.own[N_RUNNING], ZERO
    for lane in range(n):
        n_ended += has_ended(lanes, job, lane)
    if n_ended:
        fetch_add(job.shared, DONE, n_ended)
    if n_ended < n:
        collect_each(lanes, job)
    else:
        write(lanes, job, ZERO, n)
        lanes.own[N_RUNNING] = 0
        fill(lanes, job)


@compiled
def collect_each(lanes: Lanes, job: Job) -> None:
    """The same where some go on."""
    lane = ZERO
    while lane < lanes.own[N_RUNNING]:
        if has_ended(lanes, job, lane):
            write(lanes, job, lane, lane + 1)
            index = claim(lanes, job)
            if index < 0:
                move_last_to(lanes, job, lane)
                continue
            lanes.trajectory[lane] = index
            load(lanes, job, lane, lane + 1)
        elif lanes.status[lane] != RUNNING:
            record(lanes, job, lane)
            go_on(lanes, job, lane)
        lane += 1


@compiled
def write(lanes: Lanes, job: Job, first: int, last: int) -> None:
    """Writes the results of lanes `first` to `last`."""
    scatter(lanes, job.x, ZERO, first, last)
    if len(job.state_after):
        known = job.starts.shape[1] if len(job.status_before) else ZERO  # in place the point stands in x alone
        scatter(lanes, job.state_after, known, first, last)
    for lane in range(first, last):
        entry, trajectory = lanes.entry[lane], lanes.trajectory[lane]
        if entry == 0 or step_of(job, entry - 1) != lanes.t[lane]:
            record(lanes, job, lane)
        job.nit[trajectory] = lanes.t[lane]
        job.status[trajectory] = lanes.status[lane]


@compiled
def scatter(lanes: Lanes, target: Any, column: int, first: int, last: int) -> None:
    """The other way round, from rows of the same numbers as the columns."""
    for k in range(column, target.shape[1]):
        for lane in range(first, last):
            target[lanes.trajectory[lane], k] = canonical(lanes.rows[k, lane])


@compiled
def move_last_to(lanes: Lanes, job: Job, lane: int) -> None:
    """Keeps running lanes in front. The vacated lane holds a copy of a running one or, at last, of a finished one."""
    lanes.own[N_RUNNING] -= 1
    last = lanes.own[N_RUNNING]
    if lane != last:
        copy_lane(lanes, job, last, lane)
    else:
        copy_lane(lanes, job, ZERO, lane)
    for values in (lanes.trajectory, lanes.t, lanes.until, lanes.entry, lanes.status):
        values[lane] = values[last]
    lanes.live[lane] = lanes.live[last]
    lanes.live[last] = False


@compiled
def copy_lane(lanes: Lanes, job: Job, source: int, target: int) -> None:
    """State and what is constant over the steps. Instructions overwrite all other rows."""
    copy_rows(lanes.rows, source, lanes.rows, target, job.lane_row + job.lane_values.shape[1] + job.n_index)
