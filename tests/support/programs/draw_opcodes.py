"""Operands of the opcodes that draw random numbers, Programs of one such opcode, and what they mean.

Philox is a permutation of counters for each key, so counters are found whose words are those that a test wants.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastdescent.program.elementary.random.philox import MULTIPLIERS, ROUNDS, WEYL, philox
from fastdescent.program.exact import Exact
from fastdescent.program.opcodes import DRAWS, GATHER, N_DRAWN, N_PARTS, NUMBERS
from fastdescent.program.section import N_INNER, N_MIDDLE, N_OUTER, OP, OUT, PLACE, UNIFORM, WIDTH, A, Section, Slot

N_BLOCKS, N_RANDOM = 3, 150
WORD, HALF = 0xFFFFFFFF, 0xFFFF
N_OPERANDS = 2 * N_PARTS
ENDS = ((0, 0), (WORD, WORD), (0, 1 << 11), (WORD << 11 & WORD, WORD), (WORD, 0), (0, 1 << 31))
#: Words of uniform numbers near multiples of 1/8, where the angle's quarter turn changes, and its sine and cosine.
EIGHTHS = tuple(((k << 61) - 2048 * d & 2**64 - 1) for k in range(8) for d in (0, 1, 2))


def counter_of(words: tuple[int, ...], seed: int) -> tuple[int, ...]:
    """The counter of which Philox makes these four words."""
    a, b, c, d = words
    inverse = [pow(m, -1, 1 << 32) for m in MULTIPLIERS]
    for r in reversed(range(ROUNDS)):
        k0, k1 = (seed + r * WEYL[0]) & WORD, ((seed >> 32) + r * WEYL[1]) & WORD
        before_a, before_c = d * inverse[0] & WORD, b * inverse[1] & WORD
        p, q = before_a * MULTIPLIERS[0] >> 32, before_c * MULTIPLIERS[1] >> 32
        a, b, c, d = before_a, a ^ q ^ k0, before_c, c ^ p ^ k1
    return a, b, c, d


def words_of(counter: tuple[int, ...], seed: int) -> tuple[int, ...]:
    """The four words that Philox makes of a counter."""
    return tuple(w & WORD for w in philox(Exact("float64"), counter, (seed & WORD, seed >> 32)))


def parts(
    counter: tuple[int, ...], seed: int, stream: int = 0, block: int = 0, n: int = 1, place: int = 0
) -> list[int]:
    """Counter (index low, index high, t) and key as the 14 parts that instructions read."""
    halves = [h for word in counter[:3] for h in (word & HALF, word >> 16)]
    return [*halves, place, *(seed >> 16 * k & HALF for k in range(4)), stream, block, n]


def with_words(words: tuple[int, ...], seed: int, n: int) -> list[int]:
    """Parts of which the first block's words are these."""
    *counter, last = counter_of(words, seed)
    return parts(tuple(counter), seed, last >> 24, min(last & 0xFFFFFF, 2**24 - N_BLOCKS), n)


def _edges() -> Iterator[list[int]]:
    """Ends of indices, seeds, steps, streams and blocks; uniform numbers at their ends and at eighths of a turn."""
    for index in (0, 1, 2**32, 2**64 - 1):
        for seed in (0, 2**32 - 1, 2**64 - 1):
            for t in (0, 65535, 65536, 2**31 - 2, 2**32 - 1):
                yield parts((index & WORD, index >> 32, t), seed)
    for stream, block in ((0, 2**24 - N_BLOCKS), (255, 0), (255, 2**24 - N_BLOCKS), (1, 2**16), (3, 1)):
        yield parts((7, 0, 5), 42, stream, block)
    for u in ENDS:
        for v in ENDS:
            yield with_words((*u, *v), 2**63 + 12345, 1)
    for v in EIGHTHS:
        yield with_words((123456789, 987654321, v & WORD, v >> 32), 99, 1)


@functools.cache
def operands(name: str, dtype: str) -> Any:
    """(points, 14): counters and keys, edges first."""
    rng = np.random.default_rng(NUMBERS[name])
    most = 2**24 if dtype == "float32" else 2**32 - 1
    sizes = [N_BLOCKS, 4, 5, 1000, most - 1, most]
    found = [list(p) for p in _edges()]
    for words in rng.integers(0, 2**32, (N_RANDOM, 4)).tolist():
        stream, block = rng.integers(0, 256), rng.integers(0, 2**24 - N_BLOCKS)
        seed = int(rng.integers(0, 2**64, dtype=np.uint64))
        found.append(parts(tuple(words[:3]), seed, int(stream), int(block)))
    for k, point in enumerate(found):
        n = sizes[k % len(sizes)] if k % 2 else int(rng.integers(N_BLOCKS, most + 1))
        point[-1] = n
        point[N_PARTS - 1] = [0, n - 1, int(rng.integers(0, n))][k % 3]
    return np.array(found, dtype)


def meant(name: str, row: list[float], dtype: str, n_blocks: int = N_BLOCKS) -> list[float]:
    """In float64, rounded."""
    wide, m = Exact("float64"), Exact(dtype)
    blocks = (DRAWS[name](wide, row[:N_PARTS], row[N_PARTS:], k) for k in range(n_blocks))
    return [m.const(number) for block in blocks for number in block]


@functools.cache
def expected(name: str, dtype: str) -> Any:
    """(points, numbers)."""
    found = np.array([meant(name, row, dtype) for row in operands(name, dtype).tolist()], dtype)
    assert np.isfinite(found).all()
    return found


def instruction(name: str, uniform: int, first: int, out: int, n_blocks: int = N_BLOCKS) -> list[int]:
    """Counter and key follow each other from row, or number, `first`."""
    row, n = [0] * WIDTH, N_DRAWN[name]
    row[OP], row[UNIFORM], row[N_OUTER], row[N_MIDDLE], row[N_INNER] = NUMBERS[name], uniform, n_blocks, n, N_PARTS
    row[OUT : OUT + PLACE] = out, n, 1, 0
    for k in range(2):
        row[A + PLACE * k : A + PLACE * (k + 1)] = (0 if uniform >> k & 1 else first) + k * N_PARTS, 0, 0, 1
    return row


def section(name: str, uniform: int) -> Section:
    """Evaluates the opcode."""
    n = N_BLOCKS * N_DRAWN[name]
    code = np.array([instruction(name, uniform, 0, N_OPERANDS)], np.int32)
    inputs, outputs = (Slot("x", 0, N_OPERANDS),), (Slot("y", N_OPERANDS, n),)
    return Section(code, N_OPERANDS + n, N_OPERANDS, inputs, outputs)


# ---------------------------------------------------------------------- gather
N_ROWS, APART, N_OF_ROW = 7, 5, 3


def gather_instruction(which: int, out: int) -> list[int]:
    """A row of data has three numbers, in reverse order; one row begins five numbers after the other."""
    row = [NUMBERS[GATHER], 2, 1, 1, N_OF_ROW, out, 0, 0, 1, which, 0, 0, 0, N_OF_ROW - 1, 0, 0, -1, N_ROWS, APART]
    return row + [0] * (WIDTH - len(row))


def gather_section(n_data: int) -> Section:
    """Reads the row of data that x says."""
    code = np.array([gather_instruction(0, 1)], np.int32)
    return Section(code, 1 + N_OF_ROW, n_data, (Slot("x", 0, 1),), (Slot("y", 1, N_OF_ROW),))
