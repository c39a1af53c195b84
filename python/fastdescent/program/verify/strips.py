"""What holds for one turn of strips holds for all of them, where these rules are kept.

A row that is read was written before the strips, and so was each row that takes its place in later turns; or it was
written in the same turn by an instruction whose result moves on likewise. Where an instruction writes what it reads, as
it goes, both move on likewise; else they stay apart in each turn.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent.program.section import OUT, PLACE, Section, Strips
from fastdescent.program.verify.instruction import (
    Flags,
    places,
    reads_in_step,
    require,
    result_of,
    row_operands,
    verify_form,
)

Rows = npt.NDArray[np.int64]


def verified_strips(section: Section) -> tuple[Strips, ...]:
    """The strips of a section; raises InvalidProgram where they do not fit its instructions."""
    done = 0
    for s in section.strips:
        require(done <= s.first < s.stop <= len(section.code), f"strips {s.first} to {s.stop} are out of place")
        require(not s.first < section.split < s.stop, f"strips {s.first} to {s.stop} go over the stop test")
        require(s.turns >= 1, f"strips {s.first} to {s.stop} turn {s.turns} times")
        shape = s.stop - s.first, 4
        require(s.moves.dtype == np.int32 and s.moves.shape == shape, f"moves of strips must be int32 {shape}")
        done = s.stop
    return section.strips


def verify_turns(strips: Strips, rows: list[list[int]], section: Section, written: Flags) -> None:
    """Raises InvalidProgram where instructions are not sound in every turn; marks what they write."""
    fresh, fresh_moves = np.zeros(section.n_rows, bool), np.zeros(section.n_rows, np.int64)
    found = []
    for number, moves in zip(range(strips.first, strips.stop), strips.moves.tolist(), strict=True):
        row = rows[number]
        what = verify_form(number, row, section, (strips.turns, tuple(moves)))
        out = places(result_of(row), OUT)
        for k, column in row_operands(row):
            operand, move = np.ravel(places(row, column, once=True)), moves[(column - OUT) // PLACE]
            unknown = operand[~(fresh[operand] & (fresh_moves[operand] == move))]
            known = all(np.all(written[unknown + step]) for step in _steps(move, strips.turns) if unknown.size)
            require(known, f"{what} reads a row that nothing has written")
            if _meet(operand, move, np.ravel(out), moves[0], strips.turns):
                in_step = move == moves[0] and reads_in_step(row, k, out)
                require(in_step, f"{what} overwrites a row that it still has to read")
        fresh[out], fresh_moves[out] = True, moves[0]
        found.append((out, moves[0]))
    for out, move in found:
        for step in _steps(move, strips.turns):
            written[out + step] = True


def _steps(move: int, turns: int) -> range:
    """How far rows have moved, turn by turn."""
    return range(0, move * turns, move) if move else range(1)


def _meet(a: Rows, by_a: int, b: Rows, by_b: int, turns: int) -> bool:
    """Whether rows that move coincide in the same turn. Those that move alike do so in each turn or never."""
    apart = by_b - by_a
    ends = (turns - 1) * apart
    if a.max() < b.min() + min(ends, 0) or b.max() + max(ends, 0) < a.min():
        return False
    return any(np.intersect1d(a, b + step).size for step in _steps(apart, turns))
