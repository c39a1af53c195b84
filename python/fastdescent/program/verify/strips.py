"""Strips are sound if each repeat, run as plain instructions in order, is sound.

Repeats are not unrolled for that: one pass over the instructions suffices, because places move by constant steps.

A worked example. Rows 0 to 2 are inputs. Three repeats copy an input to row 6, negate it there, and store it in one of
the rows 7, 8, 9:

    3 times:                 moves: result  operand
      r6 = r0                       0       1
      r6 = -r6                      0       0
      r7 = r6                       1       0

    r0, r1, r2 are read: written before the loop, all three.
    r6 is read by the second and third instruction: written in the same repeat, by an instruction whose result moves by
    0, as the operand does. So it is r6 that is written in every repeat.
    The second instruction writes r6 and reads r6: both move alike, and the row is read just before.
    After the loop, rows 6 to 9 are written.

If the third instruction read r6 with a move of 1, the second repeat would read r7, which this repeat has not written.
The Program is refused, although r7 holds a number by then: the rules are sufficient, not necessary.

The rules, for each row that an operand reads:

- It was written before the loop, and so was each row that the operand moves on to. Or an earlier instruction of the
  same repeat has written it, with a result that moves as the operand does. Or it was written before the loop, and some
  instruction writes the row that the operand moves on to, with a result that moves as the operand does: what the second
  repeat reads, the first one has written, and so on.
- If an instruction's operand and result share a row in some repeat, both move alike, and each row is read just before
  it is written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fastdescent.program.opcodes import NAMES
from fastdescent.program.section import OP, OUT, Section, Strips
from fastdescent.program.verify.instruction import (
    Flags,
    Instruction,
    Motion,
    in_result_loops,
    reads_before_writing,
    require,
    row_operands,
    rows_of,
    verify_form,
)

RowNumbers = npt.NDArray[np.int64]


def verified_strips(section: Section) -> tuple[Strips, ...]:
    """The strips of a section; raises InvalidProgram if they do not fit its instructions."""
    done = 0
    for s in section.strips:
        what = f"strips {s.first} to {s.stop}"
        require(done <= s.first < s.stop <= len(section.instructions), f"{what} are out of place")
        require(not s.first < section.split < s.stop, f"{what} go over the stop test")
        require(s.n_strips >= 1, f"{what} repeat {s.n_strips} times")
        shape = s.stop - s.first, 4
        require(s.moves.dtype == np.int32 and s.moves.shape == shape, f"moves of strips must be int32 {shape}")
        done = s.stop
    return section.strips


def verify_repeats(strips: Strips, instructions: list[Instruction], section: Section, written: Flags) -> None:
    """Raises InvalidProgram if an instruction is not sound in every repeat; marks the rows that all repeats write."""
    here, here_moves = np.zeros(section.n_rows, bool), np.zeros(section.n_rows, np.int64)  # written in this repeat
    results: list[tuple[int | RowNumbers, int]] = []
    for number, moves in zip(range(strips.first, strips.stop), strips.moves.tolist(), strict=True):
        verify_form(number, instructions[number], section, Motion(strips.n_strips, tuple(moves)))
        results.append((rows_of(in_result_loops(instructions[number]), OUT), moves[0]))
    handed_on = _rows_by_move(results, section.n_rows)
    for number, moves in zip(range(strips.first, strips.stop), strips.moves.tolist(), strict=True):
        instruction, motion = instructions[number], Motion(strips.n_strips, tuple(moves))
        what = f"instruction {number} ({NAMES[instruction[OP]]})"
        out, out_move = results[number - strips.first]
        for k, column in row_operands(instruction):
            operand, move = np.ravel(rows_of(instruction, column, once=True)), motion.of(column)
            before = operand[~(here[operand] & (here_moves[operand] == move))]
            known = _all_written(written, before, move, strips.n_strips)
            if not known and move in handed_on and strips.n_strips > 1:
                known = bool(np.all(written[before]) and np.all(handed_on[move][before + move]))
            require(known, f"{what} reads a row that nothing has written")
            if _share_rows(operand, move, np.ravel(out), out_move, strips.n_strips):
                in_order = move == out_move and reads_before_writing(instruction, k, out)
                require(in_order, f"{what} overwrites a row that it still has to read")
        here[out], here_moves[out] = True, out_move
    for out, move in results:
        written[_in_all_repeats(out, move, strips.n_strips)] = True


def _rows_by_move(results: Sequence[tuple[int | RowNumbers, int]], n_rows: int) -> dict[int, Flags]:
    """For each move other than 0, the rows that results with this move have in the first repeat."""
    found: dict[int, Flags] = {}
    for out, move in results:
        if move:
            found.setdefault(move, np.zeros(n_rows, bool))[out] = True
    return found


def _all_written(written: Flags, rows: RowNumbers, move: int, repeats: int) -> bool:
    """Whether all rows are, wherever they move."""
    first = bool(np.all(written[rows])) and bool(np.all(written[rows + _shifts(move, repeats)[-1]]))
    return first and bool(np.all(written[_in_all_repeats(rows, move, repeats)]))


def _in_all_repeats(rows: int | RowNumbers, move: int, repeats: int) -> RowNumbers:
    """Rows that a result or operand has in some repeat."""
    return np.asarray(np.add.outer(np.arange(repeats if move else 1) * move, np.ravel(rows)))


def _shifts(move: int, repeats: int) -> range:
    """How far rows have moved in each repeat; 0 alone if they do not move."""
    return range(0, move * repeats, move) if move else range(1)


def _share_rows(a: RowNumbers, a_move: int, b: RowNumbers, b_move: int, repeats: int) -> bool:
    """Whether some repeat has a row in both. Rows that move alike coincide in each repeat or in none."""
    relative = b_move - a_move
    span = (repeats - 1) * relative
    if a.max() < b.min() + min(span, 0) or b.max() + max(span, 0) < a.min():
        return False
    return any(np.intersect1d(a, b + shift).size for shift in _shifts(relative, repeats))
