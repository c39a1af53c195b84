"""The verifier on instructions that draw random numbers, or that gather, against a naive one; and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.programs.instruction_rows import rows_of

from fastdescent.program.opcodes import DRAWS, GATHER, N_DRAWN, N_PARTS, NAMES, NUMBERS
from fastdescent.program.section import OUT, PLACE, WIDTH, A, Section, Slot
from fastdescent.program.verify.program import InvalidProgram, verify_section

N_ROWS, N_INPUTS, N_UNIFORM = 30, 16, 16


def section(row: list[int]) -> Section:
    code = np.array([row + [0] * (WIDTH - len(row))], np.int32)
    return Section(code, N_ROWS, N_UNIFORM, (Slot("x", 0, N_INPUTS),), ())


def accepted(row: list[int]) -> bool:
    try:
        verify_section(section(row), N_UNIFORM)
    except InvalidProgram:
        return False
    return True


def naively(row: list[int]) -> bool:
    """The rules, said of sets of rows."""
    name, uniform = NAMES[row[0]], row[1]
    if name in DRAWS:
        good = row[3:5] == [N_DRAWN[name], N_PARTS] and row[OUT + 3] == 0
        out = rows_of(row, OUT, row[2], row[3], 1)
        operands = [rows_of(row, A + PLACE * k, *row[2:5]) for k in range(2)]
    else:
        n, apart = row[A + 2 * PLACE : A + 2 * PLACE + 2]
        good = uniform == 2 and n >= 1 and apart >= 0
        out = rows_of(row, OUT, *row[2:5])
        first = rows_of(row, A + PLACE, *row[2:5])
        operands = [rows_of(row, A, *row[2:5]), [place + k * apart for place in first for k in range(max(n, 1))]]
    good &= len(set(out)) == len(out) and all(0 <= r < N_ROWS for r in out)
    for k, operand in enumerate(operands):
        if uniform >> k & 1:
            good &= all(0 <= r < N_UNIFORM for r in operand)
        else:
            in_place = name == GATHER and operand == out
            good &= all(0 <= r < N_INPUTS for r in operand) and (in_place or not set(out) & set(operand))
    return good


@st.composite
def draws(draw: Any) -> list[int]:
    """Mostly as they should be, else hardly any would be sound."""

    def mostly(right: int, *wrong: int) -> int:
        return draw(st.sampled_from([right] * 9 + list(wrong)))

    name = draw(st.sampled_from(list(DRAWS)))
    n = N_DRAWN[name]
    row = [NUMBERS[name], draw(st.integers(0, 3)), draw(st.integers(1, 3)), mostly(n, n + 1), mostly(N_PARTS, 6, 8)]
    row += [draw(st.integers(10, 24)), mostly(n, 0, -1), mostly(1, -1, 0), mostly(0, 1)]
    for _ in "counter", "key":
        row += [draw(st.integers(0, 9)), mostly(0, 1), mostly(0, 1), mostly(1, 0, -1, 2)]
    return row


@st.composite
def gathers(draw: Any) -> list[int]:
    lengths = [draw(st.integers(1, n)) for n in (3, 1, 3)]
    out = [draw(st.integers(12, 24)), *(draw(st.integers(0, 3)) for _ in "omi")]
    which = (
        out if not draw(st.integers(0, 5)) else [draw(st.integers(0, 15)), *(draw(st.integers(0, 2)) for _ in "om"), 0]
    )
    data = [draw(st.integers(0, 8)), *(draw(st.integers(0, 2)) for _ in "omi")]
    return [NUMBERS[GATHER], draw(st.sampled_from([2, 2, 2, 2, 0, 3])), *lengths, *out, *which, *data,
            draw(st.sampled_from([3, 1, 2, 4, 5, 0])), draw(st.sampled_from([2, 0, 1, 3, 5, -1]))]  # fmt: skip


@pytest.mark.parametrize("kind", [draws, gathers])
def test_instructions_are_sound_by_sets_of_rows(kind: Any) -> None:
    seen = set()

    @given(row=kind())
    def compare(row: list[int]) -> None:
        seen.add(naively(row))
        assert accepted(row) == naively(row), row

    compare()
    assert seen == {False, True}


DRAW = [NUMBERS["draw_normal"], 2, 2, 2, N_PARTS, *(16, 2, 1, 0), *(0, 0, 0, 1), *(3, 0, 0, 1)]
ROWS = [NUMBERS[GATHER], 2, 2, 1, 3, *(16, 3, 0, 1), *(4, 1, 0, 0), *(0, 0, 0, 1), 5, 3]


def changed(row: list[int], **columns: int) -> list[int]:
    return [columns.get(f"c{k}", v) for k, v in enumerate(row)]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (changed(DRAW, c3=1), r"\(draw_normal\) loops 1 x 7"),
        (changed(DRAW, c4=6), r"\(draw_normal\) loops 2 x 6"),
        (changed(DRAW, c8=1), "strides its result in the inner loop"),
        (changed(DRAW, c6=1), "writes a row twice"),
        (changed(DRAW, c5=28), "touches 28..31, outside of 0..29"),
        (changed(DRAW, c9=12), "reads a row that nothing has written"),
        (changed(DRAW, c5=3), "overwrites a row that it still has to read"),
        (changed(DRAW, c13=10), r"touches 10..16, outside of 0..15"),
        (changed(ROWS, c1=0), "must read rows that lanes choose, of data that are uniform"),
        (changed(ROWS, c1=3), "must read rows that lanes choose, of data that are uniform"),
        (changed(ROWS, c17=0), "reads one of 0 rows, 3 apart"),
        (changed(ROWS, c18=-1), "reads one of 5 rows, -1 apart"),
        (changed(ROWS, c17=6), "touches 15..17, outside of 0..15"),
        (changed(ROWS, c9=15), "reads a row that nothing has written"),
    ],
)
def test_what_is_wrong_is_said(row: list[int], what: str) -> None:
    for sound in (DRAW, ROWS):
        verify_section(section(sound), N_UNIFORM)
    with pytest.raises(InvalidProgram, match=what):
        verify_section(section(row), N_UNIFORM)
