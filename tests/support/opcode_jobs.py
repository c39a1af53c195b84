"""Jobs of one step that is one opcode."""

from __future__ import annotations

from typing import Any

import numpy as np
from support.opcode_cases import N_TERMS, SUMS

from fastdescent._run.record import NOTHING
from fastdescent.engines.protocol import DescentJob, StopLimits
from fastdescent.program.opcodes import ARITY, NUMBERS, ONGOING
from fastdescent.program.program import Program
from fastdescent.program.section import (
    N_INNER,
    N_MIDDLE,
    N_OUTER,
    OP,
    OUT,
    PLACE,
    UNIFORM,
    WIDTH,
    A,
    Section,
    Slot,
    empty_section,
)


def instruction(name: str, uniform: int, n: int, out: int, operands: list[int]) -> list[int]:
    """One row of results; a reduction has n terms that follow each other."""
    row = [0] * WIDTH
    row[OP], row[UNIFORM], row[N_OUTER], row[N_MIDDLE], row[N_INNER], row[OUT] = NUMBERS[name], uniform, 1, 1, n, out
    for k, place in enumerate(operands):
        starts = name in ONGOING and k == ARITY[name] - 1
        row[A + PLACE * k : A + PLACE * (k + 1)] = place, 0, 0, 0 if starts else 1
    return row


def opcode_program(name: str, n_terms: int) -> Program:
    """State x (one coordinate, its own gradient) and y; a step makes y = op(lane values)."""
    n = ARITY[name] * n_terms
    values = tuple(Slot(f"value{k}", n + k, 1) for k in range(n))
    lane_code = [instruction("copy", 0, 1, n + k, [k]) for k in range(n)]
    lane_inputs = tuple(Slot(f"lane{k}", k, 1) for k in range(n))
    lanes = Section(np.array(lane_code, np.int32), 2 * n, 0, lane_inputs, values)
    x, y, gradient = Slot("x", 0, 1), Slot("y", 1, 1), Slot("gradient", n + 2, 1)
    code = [
        instruction("copy", 0, 1, gradient.offset, [0]),
        instruction(name, 0, n_terms, 1, [2 + k * n_terms for k in range(ARITY[name])]),
    ]
    inputs = (x, y, *(Slot(f"lane{k}", 2 + k, 1) for k in range(n)))
    main = Section(np.array(code, np.int32), n + 3, 0, inputs, (gradient,), split=1)
    return Program(np.zeros(0), (), empty_section(0), empty_section(0), lanes, main, (x, y))


def opcode_job(name: str, x: Any) -> DescentJob:
    n_terms = N_TERMS if name in SUMS else 1
    lanes = {f"lane{k}": x[:, k : k + 1].astype(np.float64) for k in range(x.shape[1])}
    limits = StopLimits(None, None, None, None, (0.0,), None, False)
    return DescentJob(
        program=opcode_program(name, n_terms), initial=(0.0, 0.0), starts=np.zeros((len(x), 1), x.dtype),
        overwrite=False, params={}, schedules={}, lane_inputs=lanes, state=None, nit=None, keep_state=True,
        first_index=0, indices=None, record=NOTHING, limits=limits, may_speculate=False, max_steps=1, last=None,
        n_threads=1, poll=None,
    )  # fmt: skip
