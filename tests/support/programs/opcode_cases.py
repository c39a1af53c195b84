"""Every opcode on edge values and random bits, and what exact arithmetic makes of them."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
from support.programs.one_step import step_program

from fastdescent.program.exact import Exact
from fastdescent.program.opcodes import ARITY, ELEMENTWISE, NUMBERS, ONGOING, REDUCTIONS
from fastdescent.program.section import N_INNER, N_MIDDLE, N_OUTER, OP, OUT, PLACE, UNIFORM, WIDTH, A, Section, Slot

Floats = npt.NDArray[np.floating]


DTYPES = ("float64", "float32")


N_RANDOM, N_TERMS = 300, 5


#: Those that make numbers of numbers; the others are in test_random_opcodes.py.
NAMES = (*ELEMENTWISE, *REDUCTIONS, *ONGOING)


SUMS = (*REDUCTIONS, *ONGOING)


def edges(dtype: str) -> list[float]:
    """Zeros, ends of the format and of functions' domains, ties of rounding, huge angles, infinities, NaN."""
    info = np.finfo(dtype)
    least, tiny, largest = float(info.smallest_subnormal), float(info.tiny), float(info.max)
    sizes = [0.0, least, 3 * least, tiny - least, tiny, 1e-5, 0.5, 1.0 - float(info.epsneg), 1.0, 1.0 + float(info.eps)]
    sizes += [1.5, 2.5, np.pi, 22.0, 88.5, 709.5, 2.0**23 - 0.5, 2.0**52 - 0.5, 1e22, largest / 2, largest, np.inf]
    with np.errstate(over="ignore"):
        rounded = [float(np.dtype(dtype).type(v)) for v in sizes]
    return [*rounded, *(-v for v in rounded), np.nan]


def random_bits(dtype: str, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Half of them any bits at all, half of them moderate."""
    whole = rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize), dtype=np.uint8).view(dtype)[..., 0]
    return np.where(rng.random(shape) < 0.5, whole, rng.uniform(-40, 40, shape).astype(dtype))


@functools.cache
def operands(name: str, dtype: str) -> Floats:
    """(points, operands): all edges, all pairs of them, or many triples; then random bits."""
    rng = np.random.default_rng(NUMBERS[name])
    n, values = ARITY[name] * (N_TERMS if name in SUMS else 1), np.array(edges(dtype), dtype)
    if n == 1:
        special = values[:, np.newaxis]
    elif n == 2:
        special = np.array(list(itertools.product(values, repeat=2)), dtype)
    else:
        special = rng.choice(values, (1000, n))
    return np.concatenate([special, random_bits(dtype, (N_RANDOM, n), rng)])


def meant(name: str, dtype: str, row: list[float]) -> float:
    m = Exact(dtype)
    if name == "sum":
        return functools.reduce(m.add, row)
    if name == "dot":
        pairs = list(zip(row[:N_TERMS], row[N_TERMS:], strict=True))
        return functools.reduce(lambda total, pair: m.fma(*pair, total), pairs[1:], m.mul(*pairs[0]))
    if name == "sum_on":
        return functools.reduce(m.add, row[:N_TERMS], row[N_TERMS])
    if name == "dot_on":
        pairs = list(zip(row[:N_TERMS], row[N_TERMS : 2 * N_TERMS], strict=True))
        return functools.reduce(lambda total, pair: m.fma(*pair, total), pairs, row[2 * N_TERMS])
    return float(ELEMENTWISE[name](m, *row))


@functools.cache
def expected(name: str, dtype: str) -> Floats:
    return np.array([meant(name, dtype, row) for row in operands(name, dtype).tolist()], dtype)


def instruction(name: str, uniform: int, out: int, first: int) -> list[int]:
    """Operand k is row `first` + k (the terms of a reduction follow each other), or uniform number k."""
    row, n_terms = [0] * WIDTH, N_TERMS if name in SUMS else 1
    row[OP], row[UNIFORM], row[N_OUTER], row[N_MIDDLE], row[N_INNER] = NUMBERS[name], uniform, 1, 1, n_terms
    row[OUT] = out
    for k in range(ARITY[name]):
        place = k * n_terms + (0 if uniform >> k & 1 else first)
        is_start = name in ONGOING and k == ARITY[name] - 1
        row[A + PLACE * k : A + PLACE * (k + 1)] = place, 0, 0, 0 if is_start else 1
    return row


def some_uniform(name: str) -> range:
    """Masks of operands that are uniform numbers: all but that of none."""
    return range(1, 1 << ARITY[name])


def section(name: str, n_rows: int, uniform: int) -> Section:
    """Evaluates the opcode."""
    code = np.array([instruction(name, uniform, n_rows, 0)], np.int32)
    return Section(code, n_rows + 1, n_rows, (Slot("x", 0, n_rows),), (Slot("y", n_rows, 1),))


def step(name: str, n_rows: int) -> Any:
    """A Program of one step: y of the lane's own values."""
    return step_program(instruction(name, 0, 1, 2), 1, n_rows, 0)


def assert_same_bits(got: Floats, wanted: Floats, x: Floats) -> None:
    """Every NaN is one value."""
    bits = f"i{got.dtype.itemsize}"
    differ = (got.view(bits) != wanted.view(bits)) & ~(np.isnan(got) & np.isnan(wanted))
    assert not differ.any(), [
        (p.tolist(), g, w) for p, g, w in zip(x[differ], got[differ], wanted[differ], strict=True)
    ]
