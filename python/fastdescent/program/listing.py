"""A Program as text that a person can read."""

from __future__ import annotations

import numpy as np

from fastdescent._base.markup import listing
from fastdescent.program.opcodes import ARITY, INWARD, NAMES
from fastdescent.program.program import Program
from fastdescent.program.section import N_INNER, N_OUTER, OP, OUT, PLACE, UNIFORM, A, IntArray, Section

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
            if len(section.code):
                lines += _section_lines(name, section, p.constants)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return listing(str(self))


def _section_lines(name: str, section: Section, constants: np.ndarray) -> list[str]:
    inputs = ", ".join(f"{s.name} = {_rows(s.offset, s.size)}" for s in section.inputs)
    outputs = ", ".join(f"{s.name} = {_rows(s.offset, s.size)}" for s in section.outputs)
    n = len(section.code)
    lines = [f"  {name}: {n} instruction{'s' * (n != 1)}, {section.n_rows} rows", f"    in   {inputs}"]
    begins, ends = {s.first: s for s in section.strips}, {s.stop for s in section.strips}
    indent = "    "
    for k, row in enumerate(section.code):
        if k in ends:
            indent = "    "
        if k in begins:
            lines.append(f"    {begins[k].turns} times, on a strip of rows each:")
            indent = "      "
        lines.append(indent + _instruction(row, constants))
    return [*lines, f"    out  {outputs}"]


def _rows(offset: int, size: int) -> str:
    return f"r{offset}" if size == 1 else f"r{offset}:{offset + size}"


def _instruction(row: IntArray, constants: np.ndarray) -> str:
    name = NAMES[row[OP]]
    *kept, inner = (int(n) for n in row[N_OUTER : N_INNER + 1])
    out = _operand(row[OUT:], [*kept, 1 if name in INWARD else inner], False, constants)
    operands = [
        _operand(row[A + PLACE * k :], [*kept, inner], bool(row[UNIFORM] >> k & 1), constants)
        for k in range(ARITY[name])
    ]
    text = _INFIX.get(name, name + "(" + ", ".join(["{}"] * len(operands)) + ")").format(*operands)
    return f"{out:<10} = {text}"


def _operand(place: IntArray, lengths: list[int], uniform: bool, constants: np.ndarray) -> str:
    offset, *strides = (int(v) for v in place[:PLACE])
    steps = [(n, s) for n, s in zip(lengths, strides, strict=True) if n > 1 and s != 0]
    letter = "u" if uniform else "r"
    if uniform and not steps and offset < len(constants):
        return (
            f"{constants[offset]:g}" if constants[offset] == float(f"{constants[offset]:g}") else str(constants[offset])
        )
    if not steps:
        return f"{letter}{offset}"
    if len(steps) == 1:
        n, s = steps[0]
        return f"{letter}{offset}:{offset + n * s}" + (f":{s}" if s != 1 else "")
    shape, strides_shown = "x".join(str(n) for n, _ in steps), ",".join(str(s) for _, s in steps)
    return f"{letter}{offset}[{shape}, strides {strides_shown}]"
