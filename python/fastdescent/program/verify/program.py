"""Checks a Program before any engine sees it, so that engines need no checks of their own.

- Every operand lies inside its block, or among the uniform numbers.
- Every row is written before it is read.
- No instruction overwrites a row that it still has to read.
- The stages fit together: each section reads as many numbers as earlier ones give.

Programs that come out of a pickle are checked too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastdescent.program.section import INDEX, OUT, WIDTH, Section, Slot
from fastdescent.program.verify.instruction import (
    Flags,
    Instruction,
    InvalidProgram,
    in_result_loops,
    reads_before_writing,
    require,
    row_operands,
    rows_of,
    verify_form,
)
from fastdescent.program.verify.strips import verified_strips, verify_repeats

if TYPE_CHECKING:
    from fastdescent.program.program import Program

__all__ = ["MOST_ROWS", "MOST_UNIFORM", "InvalidProgram", "verify", "verify_n_uniform", "verify_section"]

MOST_ROWS = 1 << 27
MOST_UNIFORM = (1 << 31) - 1  #: what a column of an instruction counts to


def verify(program: Program) -> None:
    """Raises InvalidProgram if the Program is not sound."""
    n_constants = len(program.constants)
    n_given = _verify_params(program.params, n_constants)
    n_uniform = n_given + sum(s.size for s in program.setup.outputs)
    require(not program.setup.inputs, "setup has inputs")
    verify_section(program.setup, n_given)
    for section in (program.table, program.lanes, program.main):
        verify_section(section, n_uniform)
    _verify_state(program)


def _verify_params(params: tuple[Slot, ...], offset: int) -> int:
    """How many uniform numbers there are up to the last parameter."""
    for slot in params:
        require(slot.offset == offset and slot.size >= 0, f"parameter {slot.name} does not follow what is before it")
        offset = slot.stop
    return offset


def verify_section(section: Section, n_uniform: int) -> None:
    """Raises InvalidProgram if a section is not sound."""
    instructions = section.instructions
    sound = instructions.dtype == np.int32 and instructions.ndim == 2 and instructions.shape[1] == WIDTH
    require(sound, f"instructions must be int32 (n, {WIDTH})")
    most = f"a section has at most {MOST_ROWS}"
    require(0 <= section.n_rows <= MOST_ROWS, f"{section.n_rows} rows are out of range: {most}")
    verify_n_uniform(section.n_uniform)
    require(section.n_uniform == n_uniform, f"expects {section.n_uniform} uniform numbers, gets {n_uniform}")
    require(0 <= section.split <= len(instructions), f"split {section.split} is out of range")
    written = _verified_inputs(section)
    strips = {s.first: s for s in verified_strips(section)}
    outputs_at = section.split if section.split else len(instructions)
    number, rows, marked = 0, instructions.tolist(), np.zeros(section.n_rows, bool)
    while number < len(rows):
        if number == outputs_at:
            _verify_outputs(section, written)
        if number in strips:
            verify_repeats(strips[number], rows, section, written)
            number = strips[number].stop
        else:
            _verify_instruction(number, rows[number], section, written, marked)
            number += 1
    if outputs_at == len(instructions):
        _verify_outputs(section, written)


def _verified_inputs(section: Section) -> Flags:
    """The rows that the inputs fill."""
    written = np.zeros(section.n_rows, bool)
    for slot in section.inputs:
        _slot_in_range(slot, section.n_rows)
        require(not np.any(written[slot.offset : slot.stop]), f"input {slot.name} overlaps another")
        written[slot.offset : slot.stop] = True
    return written


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


def _verify_instruction(number: int, instruction: Instruction, section: Section, written: Flags, marked: Flags) -> None:
    """Marks the rows of the result as written. `marked` is work space, all False before and after."""
    what = verify_form(number, instruction, section)
    out = rows_of(in_result_loops(instruction), OUT)
    marked[out] = True
    for k, column in row_operands(instruction):
        operand = rows_of(instruction, column, once=True)
        require(bool(np.all(written[operand])), f"{what} reads a row that nothing has written")
        if np.any(marked[operand]):
            in_order = reads_before_writing(instruction, k, out)
            require(in_order, f"{what} overwrites a row that it still has to read")
    marked[out] = False
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
        require(all(s.offset >= offset for s in extra), "values of earlier stages lie among the state")
