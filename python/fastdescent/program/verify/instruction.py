"""The rules for one instruction, whatever comes before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastdescent.program.opcodes import ARITY, DRAWS, GATHER, INWARD, N_DRAWN, N_PARTS, NAMES, ONGOING
from fastdescent.program.section import N_INNER, N_OUTER, OP, OUT, PLACE, UNIFORM, A, Section, loop_size, places_of

Flags = npt.NDArray[np.bool_]
Instruction = list[int]


class InvalidProgram(ValueError):
    """The Program breaks a rule that engines rely on."""


class Motion(NamedTuple):
    """How often an instruction is run, and how far its result and operands move on each time."""

    repeats: int
    moves: tuple[int, ...]

    def of(self, column: int) -> int:
        """The move of the result or operand that begins at a column."""
        return self.moves[(column - OUT) // PLACE]


ONCE = Motion(1, (0, 0, 0, 0))


def require(holds: bool, what: str) -> None:
    """Raises InvalidProgram if a rule does not hold."""
    if not holds:
        raise InvalidProgram(f"invalid Program: {what}")


def verify_form(number: int, instruction: Instruction, section: Section, motion: Motion = ONCE) -> str:
    """Checks the opcode, the loops, and that all rows and numbers exist; returns a name for messages."""
    opcode = instruction[OP]
    require(0 <= opcode < len(NAMES), f"instruction {number} has unknown opcode {opcode}")
    name = NAMES[opcode]
    what = f"instruction {number} ({name})"
    arity, (n_outer, n_middle, n_inner) = ARITY[name], instruction[N_OUTER : N_INNER + 1]
    require(min(n_outer, n_middle, n_inner) >= 1, f"{what} loops {n_outer} x {n_middle} x {n_inner}")
    require(0 <= instruction[UNIFORM] < 1 << arity, f"{what} has operands that do not exist")
    if name in DRAWS:
        require((n_middle, n_inner) == (N_DRAWN[name], N_PARTS), f"{what} loops {n_middle} x {n_inner}")
    require(name not in INWARD or instruction[OUT + PLACE - 1] == 0, f"{what} strides its result in the inner loop")
    _verify_range(what, instruction, OUT, section.n_rows, motion)
    result = in_result_loops(instruction)
    distinct = _strides_nest(result) or len(np.unique(rows_of(result, OUT))) == loop_size(result)
    require(distinct, f"{what} writes a row twice")
    if name == GATHER:
        _verify_samples(what, instruction, section, motion)
    for k in range(arity):
        n = section.n_uniform if instruction[UNIFORM] >> k & 1 else section.n_rows
        _verify_range(what, instruction, A + PLACE * k, n, motion)
    return what


def in_result_loops(instruction: Instruction) -> Instruction:
    """The instruction with the loops in which its result is written: a reduction's inner loop writes one row."""
    if NAMES[instruction[OP]] in INWARD:
        return [*instruction[:N_INNER], 1, *instruction[N_INNER + 1 :]]
    return instruction


def row_operands(instruction: Instruction) -> Iterator[tuple[int, int]]:
    """The operands that are read from rows, each with its first column."""
    uniform = instruction[UNIFORM]
    return ((k, A + PLACE * k) for k in range(ARITY[NAMES[instruction[OP]]]) if not uniform >> k & 1)


def reads_before_writing(instruction: Instruction, k: int, out: int | npt.NDArray[np.int64]) -> bool:
    """Whether operand k lies in the rows of the result, `out`, and each row is read just before it is written."""
    name, column = NAMES[instruction[OP]], A + PLACE * k
    if name in ONGOING:
        is_start = k == ARITY[name] - 1 and instruction[column + PLACE - 1] == 0
        return is_start and np.array_equal(rows_of(in_result_loops(instruction), column), out)
    return name not in INWARD and np.array_equal(rows_of(instruction, column), out)


def rows_of(instruction: Instruction, column: int, once: bool = False) -> int | npt.NDArray[np.int64]:
    """The rows of a result or operand, as `section.places_of` gives them; a plain int if the loops run once."""
    return instruction[column] if loop_size(instruction) == 1 else places_of(instruction, column, once)


def _verify_samples(what: str, instruction: Instruction, section: Section, motion: Motion) -> None:
    """A gather's last sample must exist. The opcode itself limits indices to the last sample."""
    n, distance = instruction[A + 2 * PLACE : A + 2 * PLACE + 2]
    require(instruction[UNIFORM] == 2, f"{what} must read rows that lanes choose, of data that are uniform")
    require(n >= 1 and distance >= 0, f"{what} reads one of {n} rows, {distance} apart")
    last = list(instruction)
    last[A + PLACE] += (n - 1) * distance
    _verify_range(what, last, A + PLACE, section.n_uniform, motion)


def _strides_nest(instruction: Instruction) -> bool:
    """Whether each loop of the result steps over all rows that loops of smaller strides reach: so no row repeats.

    Arrays lie like this, whatever the order of their axes. If strides do not nest, the rows may still be distinct.
    """
    reach = 0
    for stride, n in sorted((abs(instruction[OUT + 1 + k]), instruction[N_OUTER + k]) for k in range(3)):
        if n > 1 and stride <= reach:
            return False
        reach += (n - 1) * stride
    return True


def _verify_range(what: str, instruction: Instruction, column: int, n: int, motion: Motion) -> None:
    """All rows or numbers of a result or operand are below n and not negative, in each repeat."""
    first = instruction[column]
    spans = [(instruction[N_OUTER + k] - 1) * instruction[column + 1 + k] for k in range(3)]
    spans.append((motion.repeats - 1) * motion.of(column))
    low, high = first + sum(min(span, 0) for span in spans), first + sum(max(span, 0) for span in spans)
    require(low >= 0 and high < n, f"{what} touches {low}..{high}, outside of 0..{n - 1}")
