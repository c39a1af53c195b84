"""The verifier of Programs against a naive one, and against programs that break one rule each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.programs.exact_engine import in_order, rows_after
from support.programs.instruction_rows import rows_of

from fastdescent.program.opcodes import ARITY, NAMES, NUMBERS, ONGOING, REDUCTIONS
from fastdescent.program.section import OUT, PLACE, WIDTH, A, Section, Slot, Strips
from fastdescent.program.verify.program import InvalidProgram, verify_section

N_ROWS, N_UNIFORM = 12, 6
SUMS = (*REDUCTIONS, *ONGOING)


def section(*rows: list[int], n_inputs: int = 6) -> Section:
    code = np.array([r + [0] * (WIDTH - len(r)) for r in rows], dtype=np.int32).reshape(-1, WIDTH)
    return Section(code, N_ROWS, N_UNIFORM, (Slot("x", 0, n_inputs),), ())


def accepted(made: Section) -> bool:
    try:
        verify_section(made, N_UNIFORM)
    except InvalidProgram:
        return False
    return True


def naively(row: list[int], n_inputs: int) -> bool:
    """The rules, said of sets of rows."""
    name = NAMES[row[0]]
    out = rows_of(row, OUT, row[2], row[3], 1 if name in SUMS else row[4])
    good = len(set(out)) == len(out) and all(0 <= r < N_ROWS for r in out)
    good &= name not in SUMS or row[OUT + 3] == 0
    for k in range(ARITY[name]):
        operand = rows_of(row, A + PLACE * k, *row[2:5])
        if row[1] >> k & 1:
            good &= all(0 <= r < N_UNIFORM for r in operand)
        else:
            starts = name in ONGOING and k == ARITY[name] - 1 and row[A + PLACE * k + 3] == 0
            as_it_goes = rows_of(row, A + PLACE * k, row[2], row[3], 1) == out if starts else name not in SUMS
            overwrites = bool(set(out) & set(operand)) and not (as_it_goes and (starts or operand == out))
            good &= all(0 <= r < n_inputs for r in operand) and not overwrites
    return good


@st.composite
def instructions(draw: Any) -> list[int]:
    name = draw(st.sampled_from(["neg", "add", "fma", "sum", "dot", "sum_on", "dot_on"]))
    loops = [draw(st.integers(1, n)) for n in (3, 2, 3)]
    out = [draw(st.integers(0, 11)), *(draw(st.integers(-3, 3)) for _ in range(3))]
    if name in SUMS and draw(st.integers(0, 9)):
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


@st.composite
def strips(draw: Any) -> Section:
    """Some instructions, of which the last ones turn; their results are mostly rows that nothing else needs."""
    rows = draw(st.lists(instructions(), min_size=1, max_size=4))
    first = draw(st.integers(0, len(rows) - 1))
    moves = st.sampled_from([-2, -1, 0, 0, 1, 2])
    each = [[draw(moves) for _ in range(4)] for _ in rows[first:]]
    turning = Strips(first, len(rows), draw(st.integers(1, 3)), np.array(each, np.int32))
    return replace(section(*rows), strips=(turning,))


@pytest.mark.exhaustive
@settings(max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
@given(made=strips())
def test_strips_are_sound_where_they_are_accepted(made: Section) -> None:
    code = in_order(made, 0, len(made.instructions))
    if accepted(made):
        assert accepted(replace(made, instructions=code, strips=()))


COPY, NEG = NUMBERS["copy"], NUMBERS["neg"]
#: Each turn copies a row of the input to row 6, negates it there, and stores it in one of rows 7, 8, 9.
TURNING = [
    [COPY, 0, 1, 1, 1, *(6, 0, 0, 0), *(0, 0, 0, 0)],
    [NEG, 0, 1, 1, 1, *(6, 0, 0, 0), *(6, 0, 0, 0)],
    [COPY, 0, 1, 1, 1, *(7, 0, 0, 0), *(6, 0, 0, 0)],
]
MOVES = [[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


def turning(moves: list[list[int]], **changes: Any) -> Section:
    made = section(*TURNING)
    return replace(made, strips=(replace(Strips(0, 3, 3, np.array(moves, np.int32)), **changes),))


def test_strips_that_are_sound_run_in_order() -> None:
    good = turning(MOVES)
    verify_section(good, N_UNIFORM)
    rows = rows_after(good, [float(k) for k in range(N_ROWS)])
    assert rows[7:10] == [0.0, -1.0, -2.0]


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (turning([[0, 1, 0, 0], [0, 0, 0, 0], [2, 1, 0, 0]]), "reads a row that nothing has written"),
        (turning([[0, 4, 0, 0], *MOVES[1:]]), "reads a row that nothing has written"),
        (turning([*MOVES[:2], [3, 0, 0, 0]]), "touches 7..13, outside of 0..11"),
        (turning([MOVES[0], [1, 0, 0, 0], MOVES[2]]), "overwrites a row that it still has to read"),
        (turning(MOVES, n_strips=0), "strips 0 to 3 repeat 0 times"),
        (turning(MOVES, stop=4), "strips 0 to 4 are out of place"),
        (turning(MOVES[:2]), "moves of strips must be int32"),
        (replace(turning(MOVES), split=1), "strips 0 to 3 go over the stop test"),
    ],
)
def test_what_is_wrong_with_strips_is_said(made: Section, what: str) -> None:
    with pytest.raises(InvalidProgram, match=what):
        verify_section(made, N_UNIFORM)


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
        ({"instructions": good.instructions.astype(np.int64)}, "instructions must be int32"),
    ):
        with pytest.raises(InvalidProgram, match=what):
            verify_section(replace(good, **change), N_UNIFORM)
