"""One thread's part of a run, as cpp/src/lanes.hpp and descend.cpp: trajectories are loaded into lanes, advanced, and
written to the results when they stop."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent._status import Status
from fastdescent.engines.numba.canonical import canonical
from fastdescent.engines.numba.intrinsics import ZERO, body, compiled, fetch_add
from fastdescent.engines.numba.layout import (
    BATCH,
    CAPACITY,
    DONE,
    FIRST,
    LAST,
    NEXT,
    RUNNING,
    Job,
    Kernel,
    Lanes,
    Tests,
)
from fastdescent.engines.numba.pilot import advance
from fastdescent.engines.numba.recording import has_room, next_step, record, step_of
from fastdescent.engines.numba.stopping import LIVE, copy_rows

_MAX_STEPS: Any = np.int64(Status.MAX_STEPS)
_INTERRUPTED: Any = np.int64(Status.INTERRUPTED)


@body
def work(lanes: Lanes, job: Job, tests: Tests, kernel: Kernel, budget: int) -> int:
    """Goes on for about `budget` steps; how many lanes still run. Zero: there is nothing left to do.

    It comes back early where the block for recorded points may not have room for one more round. Without a budget, what
    runs is written as interrupted.
    """
    if budget == 0:
        for lane in range(lanes.own[RUNNING]):
            write(lanes, job, lane, _INTERRUPTED)
        return 0
    fill(lanes, job)
    made = 0
    while lanes.own[RUNNING] > 0 and made < budget and has_room(lanes, job):
        made += 1 + advance(lanes, job, tests, kernel, budget - made, 1 + lanes.own[RUNNING] // 16)
        collect(lanes, job)
    return lanes.own[RUNNING]


@compiled
def runs(job: Job, index: int) -> bool:
    """Whether anything is to be done for a trajectory."""
    return len(job.status_before) == 0 or job.status_before[index] == LIVE


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
    """Puts trajectories into the lanes that are free. The first one also fills those that do not run."""
    own = lanes.own
    while own[RUNNING] < own[CAPACITY]:
        index = claim(lanes, job)
        if index < 0:
            return
        load(lanes, job, own[RUNNING], index)
        if own[RUNNING] == 0:
            for lane in range(1, len(lanes.live)):
                copy_lane(lanes, job, ZERO, lane)
        own[RUNNING] += 1


@compiled
def load(lanes: Lanes, job: Job, lane: int, index: int) -> None:
    """Puts a trajectory into a lane."""
    dim = job.starts.shape[1]
    state = job.state_before[index] if len(job.state_before) else job.initial
    for r in range(dim, job.n_state):
        lanes.rows[r, lane] = state[r]
    for d in range(dim):
        lanes.rows[d, lane] = job.starts[index, d]
    for k in range(job.lane_values.shape[1]):
        lanes.rows[job.lane_row + k, lane] = job.lane_values[index, k]
    number = job.indices[index] if len(job.indices) else job.first_index + np.uint64(index)
    for k in range(job.n_index):
        part = (number >> np.uint64(16 * k)) & np.uint64(0xFFFF)
        lanes.rows[job.lane_row + job.lane_values.shape[1] + k, lane] = np.int64(part)
    lanes.trajectory[lane] = index
    lanes.t[lane] = job.t_before[index] if len(job.t_before) else 0
    lanes.entry[lane] = 0
    record(lanes, job, lane)
    go_on(lanes, job, lane)


@compiled
def go_on(lanes: Lanes, job: Job, lane: int) -> None:
    """Lets a lane run until the next step that is recorded, or to the end."""
    lanes.until[lane] = min(next_step(lanes, job, lane), last_step(job, lanes.trajectory[lane]))
    lanes.code[lane] = LIVE
    lanes.live[lane] = True


@compiled
def last_step(job: Job, index: int) -> Any:
    """The most updates of a trajectory."""
    return np.int64(job.t_last[index]) if len(job.t_last) else np.int64(job.max_steps)


@compiled
def collect(lanes: Lanes, job: Job) -> None:
    """Writes the results of lanes that have stopped, and refills them."""
    lane, n_finished = ZERO, ZERO
    while lane < lanes.own[RUNNING]:
        if lanes.code[lane] == LIVE:
            lane += 1
        elif lanes.code[lane] == _MAX_STEPS and lanes.t[lane] < last_step(job, lanes.trajectory[lane]):
            record(lanes, job, lane)
            go_on(lanes, job, lane)
            lane += 1
        else:
            write(lanes, job, lane, lanes.code[lane])
            n_finished += 1
            index = claim(lanes, job)
            if index >= 0:
                load(lanes, job, lane, index)
                lane += 1
            else:
                move_last_to(lanes, job, lane)
    if n_finished:
        fetch_add(job.shared, DONE, n_finished)


@compiled
def write(lanes: Lanes, job: Job, lane: int, status: int) -> None:
    """The results of a trajectory."""
    index = lanes.trajectory[lane]
    for d in range(job.starts.shape[1]):
        job.x[index, d] = canonical(lanes.rows[d, lane])
    entry = lanes.entry[lane]
    if entry == 0 or step_of(job, entry - 1) != lanes.t[lane]:
        record(lanes, job, lane)
    if len(job.state_after):
        for r in range(job.n_state):
            job.state_after[index, r] = canonical(lanes.rows[r, lane])
    job.nit[index] = lanes.t[lane]
    job.status[index] = status


@compiled
def move_last_to(lanes: Lanes, job: Job, lane: int) -> None:
    """Keeps running lanes in front. The vacated lane holds a copy of a running one or, at last, of a finished one."""
    lanes.own[RUNNING] -= 1
    last = lanes.own[RUNNING]
    if lane != last:
        copy_lane(lanes, job, last, lane)
    else:
        copy_lane(lanes, job, ZERO, lane)
    for values in (lanes.trajectory, lanes.t, lanes.until, lanes.entry, lanes.code):
        values[lane] = values[last]
    lanes.live[lane] = lanes.live[last]
    lanes.live[last] = False


@compiled
def copy_lane(lanes: Lanes, job: Job, source: int, target: int) -> None:
    """State and what is constant over the steps. Instructions overwrite all other rows."""
    copy_rows(lanes.rows, source, lanes.rows, target, job.lane_row + job.lane_values.shape[1] + job.n_index)
