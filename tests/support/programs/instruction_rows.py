"""The rows that instructions work on: one by one, and moved elsewhere."""

from __future__ import annotations

import itertools
from dataclasses import replace

from fastdescent.program.opcodes import ARITY, NAMES
from fastdescent.program.section import OP, OUT, PLACE, UNIFORM, A, Section, Slot


def rows_of(row: list[int], column: int, *lengths: int) -> list[int]:
    """Those of an operand, or of the result."""
    offset, outer, middle, inner = row[column : column + PLACE]
    turns = itertools.product(*(range(n) for n in lengths))
    return [offset + i * outer + h * middle + j * inner for i, h, j in turns]


def spread(section: Section, kept: int, n_rows: int) -> Section:
    """The same section on `n_rows` rows: all but the first `kept` are moved to the end."""
    by = n_rows - section.n_rows
    code = section.instructions.copy()
    for row in code:
        places = [OUT, *(A + PLACE * k for k in range(ARITY[NAMES[row[OP]]]) if not row[UNIFORM] >> k & 1)]
        row[[place for place in places if row[place] >= kept]] += by
    outputs = tuple(Slot(s.name, s.offset + by * (s.offset >= kept), s.size) for s in section.outputs)
    return replace(section, instructions=code, n_rows=n_rows, outputs=outputs)
