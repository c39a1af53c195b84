"""What happens to lanes that may have to stop, as in cpp/src/isa/stopping.hpp and tests.hpp: the exact tests, lane by
lane, in the pinned order."""

from __future__ import annotations

from typing import Any

from fastdescent._base.status import Status, Unended
from fastdescent.engines.numba.intrinsics import compiled, fma
from fastdescent.engines.numba.layout import Lanes, Tests

ALARM, RUNNING = int(Unended.ALARM), int(Unended.RUNNING)
_CONVERGED, _UNDEFINED, _DIVERGED = int(Status.CONVERGED), int(Status.UNDEFINED), int(Status.DIVERGED)
_LEFT_BOX, _STALLED, _MAX_STEPS = int(Status.LEFT_BOX), int(Status.STALLED), int(Status.MAX_STEPS)
_NEVER = 1 << 62


@compiled
def status_of(rows: Any, lane: int, tests: Tests) -> int:
    """The status of one lane at this step, RUNNING if nothing ends it."""
    x_finite, inside = True, True
    slope_finite = tests.fun < 0 or abs(rows[tests.fun, lane]) <= tests.largest
    g2 = r2 = moved2 = tests.largest - tests.largest
    for d in range(tests.dim):
        x, g = rows[tests.x + d, lane], rows[tests.gradient + d, lane]
        delta = x - tests.center[d]
        x_finite &= abs(x) <= tests.largest
        if len(tests.box):
            inside &= tests.box[0, d] <= x <= tests.box[1, d]
        slope_finite &= abs(g) <= tests.largest
        g2 = fma(g, g, g2) if d else g * g
        r2 = fma(delta, delta, r2) if d else delta * delta
        if tests.xtol2 >= 0:
            step = x - rows[tests.previous_x + d, lane]
            moved2 = fma(step, step, moved2) if d else step * step
    outside = not x_finite or r2 > tests.escape2
    if tests.alarm and outside:
        return ALARM
    if x_finite and not slope_finite:
        return _UNDEFINED
    if outside:
        return _DIVERGED
    if not inside:
        return _LEFT_BOX
    if g2 <= tests.gtol2:
        return _CONVERGED
    stepped = tests.moved >= 0 and rows[tests.moved, lane] != 0
    if stepped and tests.xtol2 >= 0 and moved2 <= tests.xtol2:
        return _STALLED
    if stepped and tests.ftol >= 0 and abs(rows[tests.fun, lane] - rows[tests.previous_fun, lane]) <= tests.ftol:
        return _STALLED
    if tests.stop >= 0 and rows[tests.stop, lane] != 0:
        return int(rows[tests.stop, lane])
    return RUNNING


@compiled
def count_running(lanes: Lanes) -> tuple[int, int, bool, int]:
    """How many lanes run, the steps until the first of them reaches its `until`, whether they agree on t, the first."""
    n_running, due, same_t, first = 0, _NEVER, True, -1
    for i in range(len(lanes.live)):
        if lanes.live[i]:
            if first < 0:
                first = i
            n_running += 1
            due = min(due, lanes.until[i] - lanes.t[i])
            same_t &= lanes.t[i] == lanes.t[first]
    return n_running, due, same_t, max(first, 0)


@compiled
def stop_lanes(lanes: Lanes, tests: Tests, width: int, done: int, due: int) -> int:
    """Exact tests for the lanes that may stop, `done` steps after the beginning of this call; how many did.

    One that stops is put aside.
    """
    n_stopped = 0
    for i in range(len(lanes.live)):
        doubtful = lanes.candidates[i // width] >> (i % width) & 1
        if not lanes.live[i] or not (doubtful or done >= due):
            continue
        status = status_of(lanes.rows, i, tests) if doubtful else RUNNING
        if status == RUNNING and lanes.t[i] + done == lanes.until[i]:
            status = _MAX_STEPS
        if status == RUNNING:
            continue
        lanes.status[i] = status
        lanes.t[i] += done
        lanes.live[i] = False
        lanes.stopped[i] = True
        copy_state(lanes.rows, i, lanes.frozen, i)
        n_stopped += 1
    return n_stopped


@compiled
def copy_state(source: Any, i: int, target: Any, j: int) -> None:
    """Copies the rows that both have."""
    copy_rows(source, i, target, j, min(len(source), len(target)))


@compiled
def copy_rows(source: Any, i: int, target: Any, j: int, n: int) -> None:
    """Copies the first n rows of lane i to lane j."""
    for r in range(n):
        target[r, j] = source[r, i]
