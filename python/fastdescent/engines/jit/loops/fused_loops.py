"""Instructions that go through the same loops together, so that results are handed on in registers.

A worked example, tanh(W x + b) for three units:

    dot   for i in 0 ... 2   row 6 + i  = W x
    add   for i in 0 ... 2   row 9 + i  = row 6 + i plus b
    tanh  for i in 0 ... 2   row 12 + i = tanh of row 9 + i
    sub   for i in 0 ... 1   ...

The first three are a chain: one loop over i, in which the results of unit i go from one to the next in registers. The
fourth, whose loop has another length, begins another chain.

Invariants of a chain: all its results have the same loop lengths; the first may be a reduction, the others are
elementwise; and running it row by row gives what running it instruction by instruction gives (`_independent`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fastdescent.engines.jit.loops.cost import length_of
from fastdescent.engines.jit.loops.rows import Instruction, is_loop, move_of
from fastdescent.program.opcodes import ARITY, ELEMENTWISE, INWARD, NAMES, ONGOING, REDUCTIONS
from fastdescent.program.section import N_INNER, N_OUTER, OP, OUT, PLACE, UNIFORM, A, places_of

_MOST_INSTRUCTIONS = 12  #: of a chain
_MOST_AFTER_SUMS = 80  #: operations on each result of a reduction, which are written out for all results of a tile

Key = tuple[int, ...]


def chains(instructions: Sequence[Instruction], dtype: str) -> Iterator[list[Instruction]]:
    """All instructions in order; those of a chain run interleaved, row by row."""
    chain: list[Instruction] = []
    for row in instructions:
        if chain and not _can_join(chain, row, dtype):
            yield chain
            chain = []
        chain.append(row)
    if chain:
        yield chain


def key_of(row: Instruction, column: int) -> Key:
    """The same for the same rows in the same order."""
    offset, *strides = row[column : column + PLACE]
    lengths = _result_loops(row)
    return offset, move_of(row, column), *(s if n > 1 else 0 for s, n in zip(strides, lengths, strict=True))


def row_columns(row: Instruction) -> list[int]:
    """The columns of operands that are read from rows."""
    return [A + PLACE * k for k in range(ARITY[NAMES[row[OP]]]) if not row[UNIFORM] >> k & 1]


def _result_loops(row: Instruction) -> list[int]:
    """Loop lengths of the result."""
    return [*row[N_OUTER:N_INNER], 1 if NAMES[row[OP]] in INWARD else row[N_INNER]]


def _can_join(chain: list[Instruction], row: Instruction, dtype: str) -> bool:
    first = chain[0]
    name, begins = NAMES[row[OP]], NAMES[first[OP]]
    if name not in ELEMENTWISE or not (is_loop(first) and is_loop(row)) or len(chain) == _MOST_INSTRUCTIONS:
        return False
    if row[N_OUTER : N_INNER + 1] != _result_loops(first):
        return False
    if begins in REDUCTIONS or begins in ONGOING:
        if sum(length_of(NAMES[r[OP]], dtype) for r in (*chain[1:], row)) > _MOST_AFTER_SUMS:
            return False
    elif begins not in ELEMENTWISE:
        return False
    return all(_independent(before, row) for before in chain)


def _independent(before: Instruction, row: Instruction) -> bool:
    """Whether row by row each row is read and written as if one instruction followed the other."""
    for column in (OUT, *row_columns(row)):
        if key_of(row, column) != key_of(before, OUT) and _overlap(row, column, before, OUT):
            return False
    reduces = NAMES[before[OP]] in INWARD
    return not any(
        (reduces or key_of(row, OUT) != key_of(before, column)) and _overlap(row, OUT, before, column)
        for column in row_columns(before)
    )


def _overlap(a: Instruction, of_a: int, b: Instruction, of_b: int) -> bool:
    """Whether two places have rows in common; places that move differently from strip to strip count as overlapping."""
    if move_of(a, of_a) != move_of(b, of_b):
        return True
    (low, high), (least, most) = _extent(a, of_a), _extent(b, of_b)
    if high < least or most < low:
        return False
    return bool(np.intersect1d(places_of(a, of_a, once=True), places_of(b, of_b, once=True)).size)


def _extent(row: Instruction, column: int) -> tuple[int, int]:
    """The first and the last row of a place."""
    offset, *strides = row[column : column + PLACE]
    ends = [(n - 1) * stride for n, stride in zip(row[N_OUTER : N_INNER + 1], strides, strict=True)]
    return offset + sum(min(end, 0) for end in ends), offset + sum(max(end, 0) for end in ends)
