"""Around the machine code, which makes steps and comes back where a lane may have to stop.

The twin of cpp/src/isa/compiled_kernel.hpp.
"""

from __future__ import annotations

from typing import Any

from fastdescent.engines.jit.kernel.arguments import NUMBERS, POINTERS
from fastdescent.engines.numba.intrinsics import ZERO, body, call, compiled
from fastdescent.engines.numba.layout import Job, Kernel, Lanes, Tests
from fastdescent.engines.numba.stopping import copy_rows, copy_state, count_running, stop_lanes

_TABLE, _TABLE_OFFSET = POINTERS.index("table"), POINTERS.index("table_offset")
_ESCAPE2 = NUMBERS.index("escape2")
_FEWEST_SPECULATED, _MOST_SPECULATED = 32, 1024


@body
def advance(lanes: Lanes, job: Job, tests: Tests, kernel: Kernel, steps: int, max_stopped: int) -> int:
    """Advances all lanes until `steps` steps are made or `max_stopped` lanes have stopped; the steps that were made."""
    for i in range(len(lanes.stopped)):
        lanes.stopped[i] = False
    n_running, due, same_t, first = count_running(lanes)
    n_stopped, done, n_speculated = ZERO, ZERO, _FEWEST_SPECULATED
    while done < steps and n_running > 0:
        left = min(steps, due) - done
        tried = min(left, n_speculated)
        if kernel.may_speculate and left > 0 and speculate(lanes, job, tests, kernel, same_t, first, done, tried):
            done += tried
            n_speculated = min(2 * n_speculated, _MOST_SPECULATED)
            continue
        set_table(lanes, job, same_t, first, done)
        lanes.numbers[_ESCAPE2] = min(tests.escape2, tests.largest)
        done += call(kernel.exact, lanes.arguments, tried if kernel.may_speculate else left)
        n_speculated = _FEWEST_SPECULATED
        found = any_candidate(lanes, kernel.width)
        if not found and done < due:
            continue
        n_now = stop_lanes(lanes, tests, kernel.width, done, due)
        n_stopped += n_now
        if n_now or done >= due:
            n_running, due, same_t, first = after_stops(lanes, done, n_running - n_now, due, same_t, first)
        if n_running == 0 or n_stopped >= max_stopped or not copy_to_spare(lanes, job, kernel.width, first):
            break
        if found and done < steps:
            set_table(lanes, job, same_t, first, done)
            call(kernel.fast, lanes.arguments, 1)
            done += 1
    finish(lanes, done)
    return done


@compiled
def speculate(
    lanes: Lanes, job: Job, tests: Tests, kernel: Kernel, same_t: bool, first: int, done: int, steps: int
) -> bool:
    """Steps without tests, in the hope that no lane stops. If one might have, everything is as it was."""
    copy_block(lanes.rows, lanes.saved)
    set_table(lanes, job, same_t, first, done)
    lanes.numbers[_ESCAPE2] = tests.escape2
    if call(kernel.fast, lanes.arguments, steps) != 0:
        return True
    copy_block(lanes.saved, lanes.rows)
    return False


@compiled
def copy_block(source: Any, target: Any) -> None:
    """Copies the rows that both have, all lanes."""
    for r in range(min(len(source), len(target))):
        for i in range(source.shape[1]):
            target[r, i] = source[r, i]


@compiled
def set_table(lanes: Lanes, job: Job, same_t: bool, first: int, done: int) -> None:
    """Lets the functions find the values that depend on t alone. Lanes that do not run share those of `first`."""
    width = job.table_width
    if width == 0:
        return
    lanes.words[_TABLE] = job.table + (lanes.t[first] + done) * width * lanes.rows.itemsize
    lanes.words[_TABLE_OFFSET] = 0
    if same_t:
        return
    lanes.words[_TABLE_OFFSET] = lanes.offsets.ctypes.data
    for i in range(len(lanes.live)):
        lanes.offsets[i] = (lanes.t[i] - lanes.t[first]) * width if lanes.live[i] else 0


@compiled
def any_candidate(lanes: Lanes, width: int) -> bool:
    """Whether a lane may have to stop, one that runs or another."""
    found = False
    for u in range(len(lanes.live) // width):
        found |= lanes.candidates[u] != 0
    return found


@compiled
def after_stops(
    lanes: Lanes, done: int, n_running: int, due: int, same_t: bool, first: int
) -> tuple[int, int, bool, int]:
    """Counts again where numbers may have changed. Lanes that have stopped in this call become copies of one that runs,
    so that the loops need no masks and do not run into slow operands."""
    if n_running > 0 and (done >= due or not lanes.live[first]):
        n_running, due, same_t, first = count_running(lanes)
    if n_running > 0:
        for i in range(len(lanes.live)):
            if lanes.stopped[i]:
                copy_rows(lanes.rows, first, lanes.rows, i, len(lanes.frozen))
    return n_running, due, same_t, first


@compiled
def copy_to_spare(lanes: Lanes, job: Job, width: int, first: int) -> bool:
    """Lanes that do not run, and might come back every step, become copies of one that does. False where such a lane
    has stopped in this call: it may be about to go on, with what is constant over its steps."""
    for i in range(len(lanes.live)):
        if lanes.live[i] or not lanes.candidates[i // width] >> (i % width) & 1:
            continue
        if lanes.stopped[i]:
            return False
        copy_rows(lanes.rows, first, lanes.rows, i, job.lane_row + job.lane_values.shape[1])
    return True


@compiled
def finish(lanes: Lanes, done: int) -> None:
    """After the last of `done` steps: counts them, and puts back the lanes that have stopped."""
    for i in range(len(lanes.live)):
        if lanes.live[i]:
            lanes.t[i] += done
        if lanes.stopped[i]:
            copy_state(lanes.frozen, i, lanes.rows, i)
