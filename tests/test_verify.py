"""The verifier of Programs against a naive one, and against programs that break one rule each."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastdescent.program.opcodes import ARITY, NAMES, NUMBERS, REDUCTIONS
from fastdescent.program.program import OUT, PLACE, WIDTH, A, Section, Slot
from fastdescent.program.verify import InvalidProgram, verify_section

N_ROWS, N_UNIFORM = 12, 6


def section(*rows: list[int], n_inputs: int = 6) -> Section:
    code = np.array([r + [0] * (WIDTH - len(r)) for r in rows], dtype=np.int32).reshape(-1, WIDTH)
    return Section(code, N_ROWS, N_UNIFORM, (Slot("x", 0, n_inputs),), ())


def accepted(made: Section) -> bool:
    try:
        verify_section(made, N_UNIFORM)
    except InvalidProgram:
        return False
    return True


def rows_of(row: list[int], column: int, *lengths: int) -> list[int]:
    offset, outer, middle, inner = row[column : column + PLACE]
    turns = itertools.product(*(range(n) for n in lengths))
    return [offset + i * outer + h * middle + j * inner for i, h, j in turns]


def naively(row: list[int], n_inputs: int) -> bool:
    """The rules, said of sets of rows."""
    name = NAMES[row[0]]
    out = rows_of(row, OUT, row[2], row[3], 1 if name in REDUCTIONS else row[4])
    good = len(set(out)) == len(out) and all(0 <= r < N_ROWS for r in out)
    good &= name not in REDUCTIONS or row[OUT + 3] == 0
    for k in range(ARITY[name]):
        operand = rows_of(row, A + PLACE * k, *row[2:5])
        if row[1] >> k & 1:
            good &= all(0 <= r < N_UNIFORM for r in operand)
        else:
            overwrites = bool(set(out) & set(operand)) and (operand != out or name in REDUCTIONS)
            good &= all(0 <= r < n_inputs for r in operand) and not overwrites
    return good


@st.composite
def instructions(draw: Any) -> list[int]:
    name = draw(st.sampled_from(["neg", "add", "fma", "sum", "dot"]))
    loops = [draw(st.integers(1, n)) for n in (3, 2, 3)]
    out = [draw(st.integers(0, 11)), *(draw(st.integers(-3, 3)) for _ in range(3))]
    if name in REDUCTIONS and draw(st.integers(0, 9)):
        out[3] = 0
    row = [NUMBERS[name], draw(st.integers(0, (1 << ARITY[name]) - 1)), *loops, *out]
    for _ in range(ARITY[name]):
        row += (
            out
            if not draw(st.integers(0, 3))
            else [draw(st.integers(0, 6)), *(draw(st.integers(-3, 3)) for _ in "omi")]
        )
    return row


@given(row=instructions(), n_inputs=st.sampled_from([6, 12]))
def test_instructions_are_sound_by_sets_of_rows(row: list[int], n_inputs: int) -> None:
    assert accepted(section(row, n_inputs=n_inputs)) == naively(row, n_inputs)


ADD = NUMBERS["add"]
GOOD = [ADD, 0, 1, 1, 3, *(6, 0, 0, 1), *(0, 0, 0, 1), *(3, 0, 0, 1)]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ([len(NAMES), *GOOD[1:]], "unknown opcode"),
        ([ADD, 4, *GOOD[2:]], "operands that do not exist"),
        ([ADD, 0, 0, *GOOD[3:]], "loops 0 x 1 x 3"),
        ([*GOOD[:5], 10, 0, 0, 1, *GOOD[9:]], "touches 10..12, outside of 0..11"),
        ([*GOOD[:5], 6, 0, 0, 0, *GOOD[9:]], "writes a row twice"),
        ([*GOOD[:5], 1, 0, 0, 1, *GOOD[9:]], "overwrites a row that it still has to read"),
        ([*GOOD[:9], 7, 0, 0, 1, *GOOD[13:]], "reads a row that nothing has written"),
        ([NUMBERS["sum"], 0, 2, 1, 3, 6, 1, 0, 1, 0, 3, 0, 1], "strides its result in the inner loop"),
    ],
)
def test_what_is_wrong_is_said(row: list[int], what: str) -> None:
    verify_section(section(GOOD), N_UNIFORM)
    with pytest.raises(InvalidProgram, match=what):
        verify_section(section(row), N_UNIFORM)


def test_inputs_outputs_and_sizes() -> None:
    good = section(GOOD)
    later = Slot("y", 8, 2)
    for change, what in (
        ({"inputs": (Slot("x", 0, 6), Slot("y", 5, 1))}, "input y overlaps another"),
        ({"inputs": (Slot("x", 10, 3),)}, "lies outside of 12 rows"),
        ({"outputs": (later,)}, "output y is not computed"),
        ({"n_uniform": 5}, "expects 5 uniform numbers, gets 6"),
        ({"split": 2}, "split 2 is out of range"),
        ({"n_rows": -1}, "-1 rows are out of range"),
        ({"code": good.code.astype(np.int64)}, "code must be int32"),
    ):
        with pytest.raises(InvalidProgram, match=what):
            verify_section(replace(good, **change), N_UNIFORM)
