"""Checks a Program before any engine sees it, so that engines need no checks of their own.

Every operand lies inside its block or the uniform vector, every row is written before it is read, no instruction
overwrites what it still has to read, and the stages fit together. Programs that come out of a pickle are checked too.
"""

from __future__ import annotations

import numpy as np

from fastdescent.program.program import INDEX, OUT, WIDTH, Program, Section, Slot
from fastdescent.program.verify_instruction import (
    Flags,
    InvalidProgram,
    places,
    reads_in_step,
    require,
    result_of,
    row_operands,
    verify_form,
)
from fastdescent.program.verify_strips import verified_strips, verify_turns

__all__ = ["MOST_ROWS", "MOST_UNIFORM", "InvalidProgram", "verify", "verify_n_uniform", "verify_section"]

MOST_ROWS = 1 << 27
MOST_UNIFORM = (1 << 31) - 1  #: what a column of an instruction counts to


def verify(program: Program) -> None:
    """Raises InvalidProgram where the Program is not sound."""
    n_constants = len(program.constants)
    n_given = _verify_params(program.params, n_constants)
    n_uniform = n_given + sum(s.size for s in program.setup.outputs)
    require(not program.setup.inputs, "setup has inputs")
    verify_section(program.setup, n_given)
    for section in (program.table, program.lanes, program.main):
        verify_section(section, n_uniform)
    _verify_state(program)


def _verify_params(params: tuple[Slot, ...], offset: int) -> int:
    """The number of uniform numbers up to the last parameter."""
    for slot in params:
        require(slot.offset == offset and slot.size >= 0, f"parameter {slot.name} does not follow what is before it")
        offset = slot.stop
    return offset


def verify_section(section: Section, n_uniform: int) -> None:
    """Raises InvalidProgram where a section is not sound."""
    code = section.code
    require(code.dtype == np.int32 and code.ndim == 2 and code.shape[1] == WIDTH, f"code must be int32 (n, {WIDTH})")
    most = f"a section has at most {MOST_ROWS}"
    require(0 <= section.n_rows <= MOST_ROWS, f"{section.n_rows} rows are out of range: {most}")
    verify_n_uniform(section.n_uniform)
    require(section.n_uniform == n_uniform, f"expects {section.n_uniform} uniform numbers, gets {n_uniform}")
    require(0 <= section.split <= len(code), f"split {section.split} is out of range")
    written, marks = np.zeros(section.n_rows, bool), np.zeros(section.n_rows, bool)
    for slot in section.inputs:
        _slot_in_range(slot, section.n_rows)
        require(not np.any(written[slot.offset : slot.stop]), f"input {slot.name} overlaps another")
        written[slot.offset : slot.stop] = True
    strips = {s.first: s for s in verified_strips(section)}
    last, number, rows = section.split if section.split else len(code), 0, code.tolist()
    while number < len(code):
        if number == last:
            _verify_outputs(section, written)
        if number in strips:
            verify_turns(strips[number], rows, section, written)
            number = strips[number].stop
        else:
            _verify_instruction(number, rows[number], section, written, marks)
            number += 1
    if last == len(code):
        _verify_outputs(section, written)


def verify_n_uniform(n: int) -> None:
    """Raises InvalidProgram where instructions could not count what all lanes share."""
    most = f"instructions reach {MOST_UNIFORM} of them"
    require(0 <= n <= MOST_UNIFORM, f"{n} constants and parameters are out of range: {most}")


def _slot_in_range(slot: Slot, n_rows: int) -> None:
    require(slot.offset >= 0 and slot.size >= 1 and slot.stop <= n_rows, f"{slot} lies outside of {n_rows} rows")


def _verify_outputs(section: Section, written: Flags) -> None:
    for slot in section.outputs:
        _slot_in_range(slot, section.n_rows)
        require(bool(np.all(written[slot.offset : slot.stop])), f"output {slot.name} is not computed")


def _verify_instruction(number: int, row: list[int], section: Section, written: Flags, marks: Flags) -> None:
    """`marks` are all False before and after."""
    what = verify_form(number, row, section)
    out = places(result_of(row), OUT)
    marks[out] = True
    for k, column in row_operands(row):
        operand = places(row, column, once=True)
        require(bool(np.all(written[operand])), f"{what} reads a row that nothing has written")
        if np.any(marks[operand]):
            require(reads_in_step(row, k, out), f"{what} overwrites a row that it still has to read")
    marks[out] = False
    written[out] = True


def _verify_state(program: Program) -> None:
    main, offset = program.main, 0
    for slot in program.state:
        require(slot.offset == offset, f"state {slot.name} does not follow the one before")
        offset = slot.stop
    if program.state:
        require(program.state[0].name == "x", "the point must be the first state")
        index = [s for s in main.inputs if s.name == INDEX]
        inputs = [*program.lanes.outputs, *index, *program.table.outputs]
        extra = main.inputs[len(program.state) :]
        sizes = [s.size for s in extra], [s.size for s in inputs]
        require(len(index) <= 1 and program.n_index in (0, 4), "the index has 4 parts")
        require(sizes[0] == sizes[1], f"main takes values of sizes {sizes[0]}, stages give {sizes[1]}")
        require(all(s.offset >= offset for s in extra), "values of earlier stages stand among the state")
