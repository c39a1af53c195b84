"""The rows that an instruction's operand stands on, one by one."""

from __future__ import annotations

import itertools

from fastdescent.program.section import PLACE


def rows_of(row: list[int], column: int, *lengths: int) -> list[int]:
    offset, outer, middle, inner = row[column : column + PLACE]
    turns = itertools.product(*(range(n) for n in lengths))
    return [offset + i * outer + h * middle + j * inner for i, h, j in turns]
