"""What holds for one turn of strips holds for all of them, where these rules are kept.

A row that is read was written before the strips, and so was each row that takes its place in later turns; or it was
written in the same turn by an instruction whose result moves on likewise. Where an instruction may write what it reads,
both move on likewise; else they stay apart in all turns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent.program.program import OUT, PLACE, Section, Strips
from fastdescent.program.verify_instruction import (
    Flags,
    places,
    reads_in_step,
    require,
    result_of,
    row_operands,
    verify_form,
)


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
        out, ever = places(result_of(row), OUT), _in_all_turns(result_of(row), OUT, moves[0], strips.turns)
        for k, column in row_operands(row):
            operand, move = np.unique(places(row, column, once=True)), moves[(column - OUT) // PLACE]
            all_turns = _in_all_turns(row, column, move, strips.turns)
            known = fresh[operand] & (fresh_moves[operand] == move)
            if not np.all(known):
                steps = move * np.arange(strips.turns if move else 1)
                known |= np.all(written[operand + steps[:, np.newaxis]], axis=0)
            require(bool(np.all(known)), f"{what} reads a row that nothing has written")
            if np.intersect1d(all_turns, ever).size:
                likewise = move == moves[0] and (reads_in_step(row, k, out) or not np.intersect1d(operand, out).size)
                require(likewise, f"{what} overwrites a row that it still has to read")
        fresh[out], fresh_moves[out] = True, moves[0]
        found.append(ever)
    for ever in found:
        written[ever] = True


def _in_all_turns(row: list[int], column: int, move: int, turns: int) -> npt.NDArray[np.int64]:
    steps = move * np.arange(turns if move else 1)
    return np.unique(steps[:, np.newaxis] + np.ravel(places(row, column, once=True)))
