"""Checks a Program before any engine sees it, so that engines need no checks of their own.

Every operand lies inside its block or the uniform vector, every row is written before it is read, no instruction
overwrites what it still has to read, and the stages fit together. Programs that come out of a pickle are checked too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent.program.elementary.draws import N_PARTS
from fastdescent.program.opcodes import ARITY, DRAWS, GATHER, INWARD, N_DRAWN, NAMES
from fastdescent.program.program import (
    INDEX,
    N_INNER,
    N_OUTER,
    OP,
    OUT,
    PLACE,
    UNIFORM,
    WIDTH,
    A,
    Program,
    Section,
    Slot,
    places_of,
    turns_of,
)

_MOST_ROWS = 1 << 27
Flags = npt.NDArray[np.bool_]


class InvalidProgram(ValueError):
    """The Program breaks a rule that engines rely on."""


def verify(program: Program) -> None:
    """Raises InvalidProgram where the Program is not sound."""
    n_constants = len(program.constants)
    n_given = _verify_params(program.params, n_constants)
    n_uniform = n_given + sum(s.size for s in program.setup.outputs)
    _require(not program.setup.inputs, "setup has inputs")
    verify_section(program.setup, n_given)
    for section in (program.table, program.lanes, program.main):
        verify_section(section, n_uniform)
    _verify_state(program)


def _verify_params(params: tuple[Slot, ...], offset: int) -> int:
    """The number of uniform numbers up to the last parameter."""
    for slot in params:
        _require(slot.offset == offset and slot.size >= 0, f"parameter {slot.name} does not follow what is before it")
        offset = slot.stop
    return offset


def verify_section(section: Section, n_uniform: int) -> None:
    """Raises InvalidProgram where a section is not sound."""
    code = section.code
    _require(code.dtype == np.int32 and code.ndim == 2 and code.shape[1] == WIDTH, f"code must be int32 (n, {WIDTH})")
    _require(0 <= section.n_rows <= _MOST_ROWS, f"{section.n_rows} rows are out of range")
    _require(section.n_uniform == n_uniform, f"expects {section.n_uniform} uniform numbers, gets {n_uniform}")
    _require(0 <= section.split <= len(code), f"split {section.split} is out of range")
    written, marks = np.zeros(section.n_rows, bool), np.zeros(section.n_rows, bool)
    for slot in section.inputs:
        _slot_in_range(slot, section.n_rows)
        _require(not np.any(written[slot.offset : slot.stop]), f"input {slot.name} overlaps another")
        written[slot.offset : slot.stop] = True
    last = section.split if section.split else len(code)
    for number, row in enumerate(code.tolist()):
        if number == last:
            _verify_outputs(section, written)
        _verify_instruction(number, row, section, written, marks)
    if last == len(code):
        _verify_outputs(section, written)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidProgram(f"invalid Program: {what}")


def _slot_in_range(slot: Slot, n_rows: int) -> None:
    _require(slot.offset >= 0 and slot.size >= 1 and slot.stop <= n_rows, f"{slot} lies outside of {n_rows} rows")


def _verify_outputs(section: Section, written: Flags) -> None:
    for slot in section.outputs:
        _slot_in_range(slot, section.n_rows)
        _require(bool(np.all(written[slot.offset : slot.stop])), f"output {slot.name} is not computed")


def _verify_instruction(number: int, row: list[int], section: Section, written: Flags, marks: Flags) -> None:
    """`marks` are all False before and after."""
    _require(0 <= row[OP] < len(NAMES), f"instruction {number} has unknown opcode {row[OP]}")
    name = NAMES[row[OP]]
    what = f"instruction {number} ({name})"
    arity, (n_outer, n_middle, n_inner) = ARITY[name], row[N_OUTER : N_INNER + 1]
    _require(min(n_outer, n_middle, n_inner) >= 1, f"{what} loops {n_outer} x {n_middle} x {n_inner}")
    _require(0 <= row[UNIFORM] < 1 << arity, f"{what} has operands that do not exist")
    reduces = name in INWARD
    if name in DRAWS:
        _require((n_middle, n_inner) == (N_DRAWN[name], N_PARTS), f"{what} loops {n_middle} x {n_inner}")
    _require(not reduces or row[OUT + PLACE - 1] == 0, f"{what} strides its result in the inner loop")
    _in_range(what, row, OUT, section.n_rows)
    results = row if not reduces else [*row[:N_INNER], 1, *row[N_INNER + 1 :]]
    out = _places(results, OUT)
    marks[out] = True
    _require(_apart(results) or len(np.unique(out)) == turns_of(results), f"{what} writes a row twice")
    for k in range(arity):
        column = A + PLACE * k
        uniform = row[UNIFORM] >> k & 1
        if name == GATHER and k == 1:
            _verify_rows_of_data(what, row, section)
        _in_range(what, row, column, section.n_uniform if uniform else section.n_rows)
        if uniform:
            continue
        operand = _places(row, column, once=True)
        _require(bool(np.all(written[operand])), f"{what} reads a row that nothing has written")
        if np.any(marks[operand]):
            as_it_goes = not reduces and np.array_equal(_places(row, column), out)
            _require(as_it_goes, f"{what} overwrites a row that it still has to read")
    marks[out] = False
    written[out] = True


def _verify_rows_of_data(what: str, row: list[int], section: Section) -> None:
    """What the last row leads to is there too. The opcode itself keeps to the rows."""
    n, apart = row[A + 2 * PLACE : A + 2 * PLACE + 2]
    _require(row[UNIFORM] == 2, f"{what} must read rows that lanes choose, of data that are uniform")
    _require(n >= 1 and apart >= 0, f"{what} reads one of {n} rows, {apart} apart")
    last = list(row)
    last[A + PLACE] += (n - 1) * apart
    _in_range(what, last, A + PLACE, section.n_uniform)


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


def _places(row: list[int], column: int, once: bool = False) -> int | npt.NDArray[np.int64]:
    return row[column] if turns_of(row) == 1 else places_of(row, column, once)


def _in_range(what: str, row: list[int], column: int, n: int) -> None:
    ends = [(row[N_OUTER + k] - 1) * row[column + 1 + k] for k in range(3)]
    low, high = row[column] + sum(min(end, 0) for end in ends), row[column] + sum(max(end, 0) for end in ends)
    _require(low >= 0 and high < n, f"{what} touches {low}..{high}, outside of 0..{n - 1}")


def _verify_state(program: Program) -> None:
    main, offset = program.main, 0
    for slot in program.state:
        _require(slot.offset == offset, f"state {slot.name} does not follow the one before")
        offset = slot.stop
    if program.state:
        _require(program.state[0].name == "x", "the point must be the first state")
        index = [s for s in main.inputs if s.name == INDEX]
        inputs = [*program.lanes.outputs, *index, *program.table.outputs]
        extra = main.inputs[len(program.state) :]
        sizes = [s.size for s in extra], [s.size for s in inputs]
        _require(len(index) <= 1 and program.n_index in (0, 4), "the index has 4 parts")
        _require(sizes[0] == sizes[1], f"main takes values of sizes {sizes[0]}, stages give {sizes[1]}")
        _require(all(s.offset >= offset for s in extra), "values of earlier stages stand among the state")
