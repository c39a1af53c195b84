"""Programs of one step around one instruction, and engines that run them, or one section alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent import get_engine
from fastdescent._run.record import NOTHING
from fastdescent.engines.protocol import DescentJob, StopLimits
from fastdescent.program.opcodes import NUMBERS
from fastdescent.program.program import Program
from fastdescent.program.section import (
    N_INNER,
    N_MIDDLE,
    N_OUTER,
    OP,
    OUT,
    PLACE,
    WIDTH,
    A,
    Section,
    Slot,
    empty_section,
)


def evaluated(engine: str, section: Section, uniform: Any, x: Any) -> Any:
    """The output y of a section whose input is x, (points, rows)."""
    return get_engine(engine).evaluate(section, uniform, {"x": x}, len(x), 1)["y"]


def copy(n: int, source: int, out: int) -> list[int]:
    row = [0] * WIDTH
    row[OP], row[N_OUTER], row[N_MIDDLE], row[N_INNER] = NUMBERS["copy"], 1, 1, n
    row[OUT : OUT + PLACE], row[A : A + PLACE] = (out, 0, 0, 1), (source, 0, 0, 1)
    return row


def step_program(code: list[int], n_out: int, n_lane: int, n_params: int) -> Program:
    """State x (one coordinate, its own gradient) and y; `code` makes y of values of the lane, which follow y."""
    x, y, gradient = Slot("x", 0, 1), Slot("y", 1, n_out), Slot("gradient", 1 + n_out + n_lane, 1)
    made = Slot("values", n_lane, n_lane)
    lanes = Section(np.array([copy(n_lane, 0, n_lane)], np.int32), 2 * n_lane, n_params, (Slot("lane", 0, n_lane),),
                    (made,))  # fmt: skip
    main = Section(np.array([copy(1, 0, gradient.offset), code], np.int32), gradient.stop, n_params,
                   (x, y, Slot("values", 1 + n_out, n_lane)), (gradient,), split=1)  # fmt: skip
    params, nothing = (Slot("given", 0, n_params),), empty_section(n_params)
    return Program(np.zeros(0), params, nothing, nothing, lanes, main, (x, y))


def stepped(engine: str, program: Program, lanes: Any, given: Any = ()) -> Any:
    """y after one step, (lanes, rows)."""
    dtype, n = lanes.dtype, len(lanes)
    limits = StopLimits(None, None, None, None, (0.0,), None, False)
    with np.errstate(invalid="ignore"):  # of signalling NaN
        values = lanes.astype(np.float64)
    job = DescentJob(
        program=program, initial=(0.0,) * program.n_state, starts=np.zeros((n, 1), dtype), overwrite=False,
        params={"given": np.asarray(given, np.float64)}, schedules={}, lane_inputs={"lane": values},
        state=None, nit=None, keep_state=True, first_index=0, indices=None,
        record=NOTHING, limits=limits, may_speculate=False, max_steps=1,
        last=None, n_threads=1, poll=None,
    )  # fmt: skip
    return np.ascontiguousarray(get_engine(engine).descend(job).state[:, 1:])
