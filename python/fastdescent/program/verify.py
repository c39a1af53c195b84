"""Checks a Program before any engine sees it, so that engines need no checks of their own.

Every operand lies inside its block or the uniform vector, every row is written before it is read, no instruction
overwrites what it still has to read, and the stages fit together. Programs that come out of a pickle are checked too.
"""

from __future__ import annotations

import numpy as np

from fastdescent.program.opcodes import ARITY, NAMES, REDUCTIONS
from fastdescent.program.program import N_INNER, N_OUTER, OP, OUT, UNIFORM, WIDTH, A, Program, Section, Slot

_MOST_ROWS = 1 << 27


class InvalidProgram(ValueError):
    """The Program breaks a rule that engines rely on."""


def verify(program: Program) -> None:
    """Raises InvalidProgram where the Program is not sound."""
    n_constants = len(program.constants)
    n_uniform = n_constants + sum(s.size for s in program.setup.outputs)
    verify_section(program.setup, n_constants)
    for section in (program.table, program.lanes, program.main):
        verify_section(section, n_uniform)
    _require(
        len(program.params) == len(program.setup.inputs) or not program.setup.outputs, "parameters do not fit setup"
    )
    _verify_state(program)


def verify_section(section: Section, n_uniform: int) -> None:
    """Raises InvalidProgram where a section is not sound."""
    code = section.code
    _require(code.dtype == np.int32 and code.ndim == 2 and code.shape[1] == WIDTH, f"code must be int32 (n, {WIDTH})")
    _require(0 <= section.n_rows <= _MOST_ROWS, f"{section.n_rows} rows are out of range")
    _require(section.n_uniform == n_uniform, f"expects {section.n_uniform} uniform numbers, gets {n_uniform}")
    _require(0 <= section.split <= len(code), f"split {section.split} is out of range")
    written = [False] * section.n_rows
    for slot in section.inputs:
        _slot_in_range(slot, section.n_rows)
        _require(not any(written[slot.offset : slot.stop]), f"input {slot.name} overlaps another")
        written[slot.offset : slot.stop] = [True] * slot.size
    last = section.split if section.split else len(code)
    for number, row in enumerate(code.tolist()):
        if number == last:
            _verify_outputs(section, written)
        _verify_instruction(number, row, section, written)
    if last == len(code):
        _verify_outputs(section, written)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidProgram(f"invalid Program: {what}")


def _slot_in_range(slot: Slot, n_rows: int) -> None:
    _require(slot.offset >= 0 and slot.size >= 1 and slot.stop <= n_rows, f"{slot} lies outside of {n_rows} rows")


def _verify_outputs(section: Section, written: list[bool]) -> None:
    for slot in section.outputs:
        _slot_in_range(slot, section.n_rows)
        _require(all(written[slot.offset : slot.stop]), f"output {slot.name} is not computed")


def _verify_instruction(number: int, row: list[int], section: Section, written: list[bool]) -> None:
    _require(0 <= row[OP] < len(NAMES), f"instruction {number} has unknown opcode {row[OP]}")
    name = NAMES[row[OP]]
    what = f"instruction {number} ({name})"
    arity, n_outer, n_inner = ARITY[name], row[N_OUTER], row[N_INNER]
    _require(n_outer >= 1 and n_inner >= 1, f"{what} loops {n_outer} x {n_inner}")
    _require(0 <= row[UNIFORM] < 1 << arity, f"{what} has operands that do not exist")
    _require(name not in REDUCTIONS or row[OUT + 2] == 0, f"{what} strides its result in the inner loop")
    out = _rows(row, OUT, n_outer, 1 if name in REDUCTIONS else n_inner)
    _in_range(what, out, section.n_rows)
    results = set(out)
    _require(len(results) == len(out), f"{what} writes a row twice")
    for k in range(arity):
        operand = _rows(row, A + 3 * k, n_outer, n_inner)
        if row[UNIFORM] >> k & 1:
            _in_range(what, operand, section.n_uniform)
            continue
        _in_range(what, operand, section.n_rows)
        _require(all(written[r] for r in operand), f"{what} reads a row that nothing has written")
        if operand != out or name in REDUCTIONS:
            _require(results.isdisjoint(operand), f"{what} overwrites a row that it still has to read")
    for r in out:
        written[r] = True


def _rows(row: list[int], column: int, n_outer: int, n_inner: int) -> list[int]:
    offset, outer, inner = row[column : column + 3]
    return [offset + i * outer + j * inner for i in range(n_outer) for j in range(n_inner)]


def _in_range(what: str, rows: list[int], n: int) -> None:
    low, high = min(rows), max(rows)
    _require(low >= 0 and high < n, f"{what} touches {low}..{high}, outside of 0..{n - 1}")


def _verify_state(program: Program) -> None:
    main, offset = program.main, 0
    for slot in program.state:
        _require(slot.offset == offset, f"state {slot.name} does not follow the one before")
        offset = slot.stop
    if program.state:
        _require(program.state[0].name == "x", "the point must be the first state")
        inputs = [*program.lanes.outputs, *program.table.outputs]
        extra = main.inputs[len(program.state) :]
        sizes = [s.size for s in extra], [s.size for s in inputs]
        _require(sizes[0] == sizes[1], f"main takes values of sizes {sizes[0]}, stages give {sizes[1]}")
        _require(all(s.offset >= offset for s in extra), "values of earlier stages stand among the state")
