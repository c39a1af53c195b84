"""A Program as text that a person can read."""

from __future__ import annotations

import numpy as np

from fastdescent._base.markup import listing
from fastdescent.program.opcodes import ARITY, INWARD, NAMES
from fastdescent.program.program import Program
from fastdescent.program.section import N_INNER, N_OUTER, OP, OUT, PLACE, UNIFORM, A, FloatArray, IntArray, Section

_INFIX = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "neg": "-{}", "copy": "{}",
          "fma": "{} * {} + {}", "fms": "{} * {} - {}", "fnma": "-{} * {} + {}", "lt": "{} < {}", "le": "{} <= {}",
          "eq": "{} == {}", "ne": "{} != {}"}  # fmt: skip


class Listing:
    """The instructions of a Program; `print` it."""

    def __init__(self, program: Program, title: str) -> None:
        self._program, self._title = program, title

    def __str__(self) -> str:
        p = self._program
        lines = [self._title]
        for name, section in (("setup", p.setup), ("table", p.table), ("lanes", p.lanes), ("main", p.main)):
            if len(section.instructions):
                lines += _section_lines(name, section, p.constants)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return listing(str(self))


def _section_lines(name: str, section: Section, constants: FloatArray) -> list[str]:
    inputs = ", ".join(f"{s.name} = {_rows(s.offset, s.size)}" for s in section.inputs)
    outputs = ", ".join(f"{s.name} = {_rows(s.offset, s.size)}" for s in section.outputs)
    n = len(section.instructions)
    lines = [f"  {name}: {n} instruction{'s' * (n != 1)}, {section.n_rows} rows", f"    in   {inputs}"]
    starts, stops = {s.first: s for s in section.strips}, {s.stop for s in section.strips}
    indent = "    "
    moves = section.moves()
    for k, instruction in enumerate(section.instructions):
        if k in stops:
            indent = "    "
        if k in starts:
            lines.append(f"    {starts[k].n_strips} times, on a strip of rows each:")
            indent = "      "
        lines.append(indent + _instruction(instruction, moves[k], constants))
    return [*lines, f"    out  {outputs}"]


def _rows(offset: int, size: int) -> str:
    return f"r{offset}" if size == 1 else f"r{offset}:{offset + size}"


def _instruction(instruction: IntArray, moves: IntArray, constants: FloatArray) -> str:
    name = NAMES[instruction[OP]]
    lengths = [int(n) for n in instruction[N_OUTER : N_INNER + 1]]
    result_lengths = [*lengths[:2], 1] if name in INWARD else lengths
    out = _operand(instruction[OUT:], result_lengths, False, constants)
    operands = []
    for k in range(ARITY[name]):
        shown = constants if moves[1 + k] == 0 else constants[:0]  # what moves has no one value
        uniform = bool(instruction[UNIFORM] >> k & 1)
        operands.append(_operand(instruction[A + PLACE * k :], lengths, uniform, shown))
    call = name + "(" + ", ".join(["{}"] * len(operands)) + ")"
    return f"{out:<10} = {_INFIX.get(name, call).format(*operands)}"


def _operand(place: IntArray, lengths: list[int], uniform: bool, constants: FloatArray) -> str:
    """A constant as its value; rows as r0, r0:3, r0:6:2 (as in slices), or with their shape and strides."""
    offset, *strides = (int(v) for v in place[:PLACE])
    loops = [(n, s) for n, s in zip(lengths, strides, strict=True) if n > 1 and s != 0]
    letter = "u" if uniform else "r"
    if uniform and not loops and offset < len(constants):
        return _number(constants[offset])
    if not loops:
        return f"{letter}{offset}"
    if len(loops) == 1:
        n, s = loops[0]
        return f"{letter}{offset}:{offset + n * s}" + (f":{s}" if s != 1 else "")
    shape, strides_shown = "x".join(str(n) for n, _ in loops), ",".join(str(s) for _, s in loops)
    return f"{letter}{offset}[{shape}, strides {strides_shown}]"


def _number(value: np.float64) -> str:
    """Six digits if they are exact, else all digits."""
    short = f"{value:g}"
    return short if value == float(short) else str(value)
