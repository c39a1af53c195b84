"""What one instruction must be like, whatever stands around it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fastdescent.program.elementary.draws import N_PARTS
from fastdescent.program.opcodes import ARITY, DRAWS, GATHER, INWARD, N_DRAWN, NAMES, ONGOING
from fastdescent.program.section import N_INNER, N_OUTER, OP, OUT, PLACE, UNIFORM, A, Section, places_of, turns_of

Flags = npt.NDArray[np.bool_]
_NO_MOVES = (1, (0, 0, 0, 0))


class InvalidProgram(ValueError):
    """The Program breaks a rule that engines rely on."""


def require(holds: bool, what: str) -> None:
    """Raises InvalidProgram where a rule does not hold."""
    if not holds:
        raise InvalidProgram(f"invalid Program: {what}")


def verify_form(number: int, row: list[int], section: Section, moving: tuple[int, tuple[int, ...]] = _NO_MOVES) -> str:
    """Checks opcode, loops and ranges, the latter over turns in which places move; what the instruction is called."""
    require(0 <= row[OP] < len(NAMES), f"instruction {number} has unknown opcode {row[OP]}")
    name = NAMES[row[OP]]
    what = f"instruction {number} ({name})"
    arity, (n_outer, n_middle, n_inner) = ARITY[name], row[N_OUTER : N_INNER + 1]
    require(min(n_outer, n_middle, n_inner) >= 1, f"{what} loops {n_outer} x {n_middle} x {n_inner}")
    require(0 <= row[UNIFORM] < 1 << arity, f"{what} has operands that do not exist")
    if name in DRAWS:
        require((n_middle, n_inner) == (N_DRAWN[name], N_PARTS), f"{what} loops {n_middle} x {n_inner}")
    require(name not in INWARD or row[OUT + PLACE - 1] == 0, f"{what} strides its result in the inner loop")
    _in_range(what, row, OUT, section.n_rows, moving)
    results = result_of(row)
    require(_apart(results) or len(np.unique(places(results, OUT))) == turns_of(results), f"{what} writes a row twice")
    if name == GATHER:
        _verify_rows_of_data(what, row, section, moving)
    for k in range(arity):
        n = section.n_uniform if row[UNIFORM] >> k & 1 else section.n_rows
        _in_range(what, row, A + PLACE * k, n, moving)
    return what


def result_of(row: list[int]) -> list[int]:
    """The instruction with the loops that its result is written in."""
    return [*row[:N_INNER], 1, *row[N_INNER + 1 :]] if NAMES[row[OP]] in INWARD else row


def row_operands(row: list[int]) -> Iterator[tuple[int, int]]:
    """Operands that are read from rows, and their columns."""
    return ((k, A + PLACE * k) for k in range(ARITY[NAMES[row[OP]]]) if not row[UNIFORM] >> k & 1)


def reads_in_step(row: list[int], k: int, out: int | npt.NDArray[np.int64]) -> bool:
    """Whether each row of operand k is read no later than the result is written there."""
    name, column = NAMES[row[OP]], A + PLACE * k
    if name in ONGOING:
        starts = k == ARITY[name] - 1 and row[column + PLACE - 1] == 0
        return starts and np.array_equal(places(result_of(row), column), out)
    return name not in INWARD and np.array_equal(places(row, column), out)


def places(row: list[int], column: int, once: bool = False) -> int | npt.NDArray[np.int64]:
    """The rows of a result or operand; one number where there is one."""
    return row[column] if turns_of(row) == 1 else places_of(row, column, once)


def _verify_rows_of_data(what: str, row: list[int], section: Section, moving: tuple[int, tuple[int, ...]]) -> None:
    """What the last row leads to is there too. The opcode itself keeps to the rows."""
    n, apart = row[A + 2 * PLACE : A + 2 * PLACE + 2]
    require(row[UNIFORM] == 2, f"{what} must read rows that lanes choose, of data that are uniform")
    require(n >= 1 and apart >= 0, f"{what} reads one of {n} rows, {apart} apart")
    last = list(row)
    last[A + PLACE] += (n - 1) * apart
    _in_range(what, last, A + PLACE, section.n_uniform, moving)


def _apart(row: list[int]) -> bool:
    """Whether no two turns of the loops meet, since each loop strides over all that the shorter strides reach.

    That is how arrays stand, whatever their axes' order; where it is not so, turns may still be apart.
    """
    reach = 0
    for stride, n in sorted((abs(row[OUT + 1 + k]), row[N_OUTER + k]) for k in range(3)):
        if n > 1 and stride <= reach:
            return False
        reach += (n - 1) * stride
    return True


def _in_range(what: str, row: list[int], column: int, n: int, moving: tuple[int, tuple[int, ...]]) -> None:
    turns, moves = moving
    ends = [(row[N_OUTER + k] - 1) * row[column + 1 + k] for k in range(3)]
    ends.append((turns - 1) * moves[(column - OUT) // PLACE])
    low, high = row[column] + sum(min(end, 0) for end in ends), row[column] + sum(max(end, 0) for end in ends)
    require(low >= 0 and high < n, f"{what} touches {low}..{high}, outside of 0..{n - 1}")
