"""Instructions that go through the same loops together, so that results are handed on in registers.

The first of a chain may be a reduction: those that follow take its results before they are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fastdescent.engines.jit.loops.cost import length_of
from fastdescent.engines.jit.loops.rows import Instruction, is_loop, move_of
from fastdescent.program.opcodes import ARITY, ELEMENTWISE, INWARD, NAMES, ONGOING, REDUCTIONS
from fastdescent.program.section import N_INNER, N_OUTER, OP, OUT, PLACE, UNIFORM, A, places_of

_MOST = 12  #: instructions of a chain
_MOST_AFTER_SUMS = 80  #: operations on each result of a reduction, which are written out for all results of a tile

Key = tuple[int, ...]


def chains(code: Sequence[Instruction], dtype: str) -> Iterator[list[Instruction]]:
    """All instructions in order; those of a chain run interleaved, row by row."""
    chain: list[Instruction] = []
    for row in code:
        if chain and not _goes_along(chain, row, dtype):
            yield chain
            chain = []
        chain.append(row)
    if chain:
        yield chain


def key_of(row: Instruction, column: int) -> Key:
    """The same for the same rows in the same order, turn by turn."""
    offset, *strides = row[column : column + PLACE]
    lengths = _loops(row)
    return offset, move_of(row, column), *(s if n > 1 else 0 for s, n in zip(strides, lengths, strict=True))


def row_columns(row: Instruction) -> list[int]:
    """The columns of operands that are read from rows."""
    return [A + PLACE * k for k in range(ARITY[NAMES[row[OP]]]) if not row[UNIFORM] >> k & 1]


def _loops(row: Instruction) -> list[int]:
    """Of the result."""
    return [*row[N_OUTER:N_INNER], 1 if NAMES[row[OP]] in INWARD else row[N_INNER]]


def _goes_along(chain: list[Instruction], row: Instruction, dtype: str) -> bool:
    first = chain[0]
    name, begins = NAMES[row[OP]], NAMES[first[OP]]
    if name not in ELEMENTWISE or not (is_loop(first) and is_loop(row)) or len(chain) == _MOST:
        return False
    if row[N_OUTER : N_INNER + 1] != _loops(first):
        return False
    if begins in REDUCTIONS or begins in ONGOING:
        if sum(length_of(NAMES[r[OP]], dtype) for r in (*chain[1:], row)) > _MOST_AFTER_SUMS:
            return False
    elif begins not in ELEMENTWISE:
        return False
    return all(_independent(before, row) for before in chain)


def _independent(before: Instruction, row: Instruction) -> bool:
    """Whether in each turn of the loops a row is read and written as it would be one instruction after the other."""
    for column in (OUT, *row_columns(row)):
        if key_of(row, column) != key_of(before, OUT) and _meet(row, column, before, OUT):
            return False
    reduces = NAMES[before[OP]] in INWARD
    return not any(
        (reduces or key_of(row, OUT) != key_of(before, column)) and _meet(row, OUT, before, column)
        for column in row_columns(before)
    )


def _meet(a: Instruction, of_a: int, b: Instruction, of_b: int) -> bool:
    """Whether two places have rows in common; of places that move differently this is not looked into."""
    if move_of(a, of_a) != move_of(b, of_b):
        return True
    (low, high), (least, most) = _reach(a, of_a), _reach(b, of_b)
    if high < least or most < low:
        return False
    return bool(np.intersect1d(places_of(a, of_a, once=True), places_of(b, of_b, once=True)).size)


def _reach(row: Instruction, column: int) -> tuple[int, int]:
    """The first and the last row of a place."""
    offset, *strides = row[column : column + PLACE]
    ends = [(n - 1) * stride for n, stride in zip(row[N_OUTER : N_INNER + 1], strides, strict=True)]
    return offset + sum(min(end, 0) for end in ends), offset + sum(max(end, 0) for end in ends)
