"""One thread's part of a run: lanes make steps until one may have to stop, and what ends makes room for another.

`_core` does the same in cpp/src/lanes.hpp and cpp/src/isa/compiled_kernel.hpp, and is faster: it loads and writes many
lanes at once, and makes steps without tests while no lane is near its end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent._base.status import Status
from fastdescent.engines.jit.kernel.arguments import POINTERS
from fastdescent.engines.numba.canonical import canonical
from fastdescent.engines.numba.intrinsics import body, call, compiled, fetch_add
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
from fastdescent.engines.numba.stopping import RUNNING, status_of

_MAX_STEPS: Any = np.int64(Status.MAX_STEPS)
_INTERRUPTED: Any = np.int64(Status.INTERRUPTED)
_NEVER = 1 << 62
_TABLE, _TABLE_OFFSET = POINTERS.index("table"), POINTERS.index("table_offset")


@body
def work(lanes: Lanes, job: Job, tests: Tests, kernel: Kernel, budget: int) -> int:
    """Goes on for about `budget` steps; how many lanes still run. Zero: there is nothing left to do.

    It comes back early where the block for recorded points may not have room for one more round. Without a budget, what
    runs is written as interrupted.
    """
    own = lanes.own
    if budget == 0:
        for lane in range(own[CAPACITY]):
            if lanes.live[lane]:
                write(lanes, job, lane, _INTERRUPTED)
        return 0
    if own[N_RUNNING] == 0:
        for lane in range(own[CAPACITY]):
            begin(lanes, job, lane)
        copy_to_spare(lanes, job)
    made = 0
    while own[N_RUNNING] > 0 and made < budget and has_room(lanes, job):
        set_table(lanes, job)
        steps = call(kernel.exact, lanes.arguments, min(budget - made, steps_until_due(lanes)))
        count_steps(lanes, steps)
        doubtful = any_candidate(lanes, kernel.width)
        ended = end_lanes(lanes, job, tests, kernel.width)
        if doubtful or ended:
            copy_to_spare(lanes, job)
        if doubtful and not ended:  # all lanes have been tested, and go on
            set_table(lanes, job)
            call(kernel.fast, lanes.arguments, 1)
            count_steps(lanes, 1)
        made += steps + 1
    return own[N_RUNNING]


@compiled
def steps_until_due(lanes: Lanes) -> int:
    """The steps until the first lane reaches its `until`."""
    due = _NEVER
    for lane in range(len(lanes.live)):
        if lanes.live[lane]:
            due = min(due, lanes.until[lane] - lanes.t[lane])
    return due


@compiled
def count_steps(lanes: Lanes, steps: int) -> None:
    """Counts the steps that all lanes have made."""
    for lane in range(len(lanes.t)):
        lanes.t[lane] += steps


@compiled
def set_table(lanes: Lanes, job: Job) -> None:
    """Lets the kernel find the values that depend on t alone."""
    if job.table_width == 0:
        return
    same_t = True
    for lane in range(len(lanes.t)):
        lanes.offsets[lane] = (lanes.t[lane] - lanes.t[0]) * job.table_width
        same_t &= lanes.t[lane] == lanes.t[0]
    lanes.words[_TABLE] = job.table + lanes.t[0] * job.table_width * lanes.rows.itemsize
    lanes.words[_TABLE_OFFSET] = 0 if same_t else lanes.offsets.ctypes.data


@compiled
def any_candidate(lanes: Lanes, width: int) -> bool:
    """Whether a lane may have to stop, one that runs or another."""
    found = False
    for u in range(len(lanes.live) // width):
        found |= lanes.candidates[u] != 0
    return found


@compiled
def end_lanes(lanes: Lanes, job: Job, tests: Tests, width: int) -> bool:
    """Tests the candidates, and those that have reached their `until`. What ends is written, and another begins in its
    lane; whether any did."""
    any_ended = False
    for lane in range(len(lanes.live)):
        candidate, due = lanes.candidates[lane // width] >> (lane % width) & 1, lanes.t[lane] >= lanes.until[lane]
        if not lanes.live[lane] or not (candidate or due):
            continue
        status = status_of(lanes.rows, lane, tests) if candidate else RUNNING
        if status == RUNNING and lanes.t[lane] >= last_step(job, lanes.trajectory[lane]):
            status = _MAX_STEPS
        if status != RUNNING:
            any_ended = True
            write(lanes, job, lane, status)
            fetch_add(job.shared, DONE, 1)
            lanes.own[N_RUNNING] -= 1
            begin(lanes, job, lane)
        elif due:
            record(lanes, job, lane)
            lanes.until[lane] = next_stop(lanes, job, lane)
    return any_ended


@compiled
def begin(lanes: Lanes, job: Job, lane: int) -> None:
    """Loads a trajectory into a free lane, if there is another to be run."""
    index = claim(lanes, job)
    lanes.live[lane] = index >= 0
    if index < 0:
        return
    lanes.own[N_RUNNING] += 1
    dim, n_lane = job.starts.shape[1], job.lane_values.shape[1]
    for k in range(job.n_state):
        lanes.rows[k, lane] = job.state_before[index, k] if len(job.state_before) else job.initial[k]
    for d in range(dim):
        lanes.rows[d, lane] = job.starts[index, d]
    for k in range(n_lane):
        lanes.rows[job.lane_row + k, lane] = job.lane_values[index, k]
    number = job.indices[index] if len(job.indices) else job.first_index + np.uint64(index)
    for k in range(job.n_index):
        lanes.rows[job.lane_row + n_lane + k, lane] = np.int64((number >> np.uint64(16 * k)) & np.uint64(0xFFFF))
    lanes.trajectory[lane] = index
    lanes.t[lane] = job.t_before[index] if len(job.t_before) else 0
    lanes.entry[lane] = 0
    record(lanes, job, lane)
    lanes.until[lane] = next_stop(lanes, job, lane)


@compiled
def claim(lanes: Lanes, job: Job) -> int:
    """A trajectory that is to be run and that nobody has begun, or -1."""
    own, n = lanes.own, len(job.starts)
    while True:
        if own[FIRST] == own[LAST]:
            own[FIRST] = min(fetch_add(job.shared, NEXT, own[BATCH]), n)
            own[LAST] = min(own[FIRST] + own[BATCH], n)
        if own[FIRST] == own[LAST]:
            return -1
        own[FIRST] += 1
        if len(job.status_before) == 0 or job.status_before[own[FIRST] - 1] == RUNNING:
            return own[FIRST] - 1


@compiled
def last_step(job: Job, index: int) -> Any:
    """The most updates of a trajectory."""
    return np.int64(job.t_last[index]) if len(job.t_last) else np.int64(job.max_steps)


@compiled
def next_stop(lanes: Lanes, job: Job, lane: int) -> Any:
    """The next step that is recorded, or the last one."""
    return min(next_step(lanes, job, lane), last_step(job, lanes.trajectory[lane]))


@compiled
def write(lanes: Lanes, job: Job, lane: int, status: int) -> None:
    """Writes the results of a lane."""
    dim, entry, index = job.starts.shape[1], lanes.entry[lane], lanes.trajectory[lane]
    if entry == 0 or step_of(job, entry - 1) != lanes.t[lane]:
        record(lanes, job, lane)
    for d in range(dim):
        job.x[index, d] = canonical(lanes.rows[d, lane])
    known = dim if len(job.status_before) else 0  # in place the point stands in x alone
    for k in range(known, job.state_after.shape[1] if len(job.state_after) else 0):
        job.state_after[index, k] = canonical(lanes.rows[k, lane])
    job.nit[index] = lanes.t[lane]
    job.status[index] = status


@compiled
def copy_to_spare(lanes: Lanes, job: Job) -> None:
    """Lanes that do not run become copies of one that does, or they would come to the kernel's attention every step."""
    source = 0
    while source < len(lanes.live) and not lanes.live[source]:
        source += 1
    if source == len(lanes.live):
        return
    for lane in range(len(lanes.live)):
        if not lanes.live[lane]:
            lanes.t[lane] = lanes.t[source]
            for r in range(job.lane_row + job.lane_values.shape[1] + job.n_index):
                lanes.rows[r, lane] = lanes.rows[r, source]
