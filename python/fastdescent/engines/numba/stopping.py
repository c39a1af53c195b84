"""Whether a lane has to stop: the exact tests in the pinned order, as cpp/src/isa/tests.hpp."""

from __future__ import annotations

from typing import Any

from fastdescent._base.status import Status, Unended
from fastdescent.engines.numba.intrinsics import compiled, fma
from fastdescent.engines.numba.layout import Tests

ALARM, RUNNING = int(Unended.ALARM), int(Unended.RUNNING)
_CONVERGED, _UNDEFINED, _DIVERGED = int(Status.CONVERGED), int(Status.UNDEFINED), int(Status.DIVERGED)
_LEFT_BOX, _STALLED = int(Status.LEFT_BOX), int(Status.STALLED)


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
