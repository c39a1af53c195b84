"""Opcodes that draw random numbers, and that read chosen rows, alone: equality with exact arithmetic."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from support.available import BEST_ISA_FIRST, COMPILED, ENGINES, ISAS
from support.programs.draw_opcodes import (
    APART,
    N_BLOCKS,
    N_OF_ROW,
    N_OPERANDS,
    N_ROWS,
    WORD,
    counter_of,
    expected,
    gather_instruction,
    gather_section,
    instruction,
    meant,
    operands,
    parts,
    section,
    with_words,
    words_of,
)
from support.programs.one_step import evaluated, step_program, stepped

from fastdescent.program.opcodes import DRAWS, N_DRAWN, N_PARTS

DTYPES = ("float64", "float32")
EVALUATORS = [name for name in ENGINES if name != "jit"]

#: Random123's published vectors (kat_vectors): counter, key, words.
KNOWN = (
    ((0, 0, 0, 0), 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((WORD,) * 4, 2**64 - 1, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        0x299F31D0A4093822,
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
)


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_published_vectors(counter: tuple[int, ...], key: int, words: tuple[int, ...]) -> None:
    assert words_of(counter, key) == words
    assert counter_of(words, key) == counter


@pytest.mark.parametrize("engine", EVALUATORS)
def test_published_vectors_by_draws_of_integers(engine: str) -> None:
    """With n = 2^32 - 1 a number is its word, or one less."""
    for counter, key, words in KNOWN:
        stream, block = counter[3] >> 24, counter[3] & 0xFFFFFF
        x = np.array([parts(counter[:3], key, stream, block, WORD)], float)
        got = evaluated(engine, section("draw_integer", 0), np.zeros(N_OPERANDS), x)[0, :4]
        assert got.tolist() == [w * WORD >> 32 for w in words]


def assert_same(got: Any, wanted: Any, x: Any) -> None:
    differ = np.flatnonzero((got.view(np.uint8) != wanted.view(np.uint8)).any(axis=1))
    assert not len(differ), [(x[k].tolist(), got[k].tolist(), wanted[k].tolist()) for k in differ[:3]]


@pytest.mark.parametrize("engine", EVALUATORS)
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DRAWS)
def test_draws_mean_what_the_table_says(
    name: str, dtype: str, isa: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    x = operands(name, dtype)
    got = evaluated(engine, section(name, 0), np.zeros(N_OPERANDS, dtype), x)
    assert_same(got, expected(name, dtype), x)


@pytest.mark.parametrize("engine", EVALUATORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DRAWS)
def test_uniform_counters_and_keys_mean_the_same(name: str, dtype: str, engine: str) -> None:
    x, wanted = operands(name, dtype), expected(name, dtype)
    for uniform, k in itertools.product((1, 2, 3), range(0, len(x), 9)):
        got = evaluated(engine, section(name, uniform), x[k], x[k : k + 1])
        assert_same(got, wanted[k : k + 1], x[k : k + 1])


@pytest.mark.parametrize("isa", BEST_ISA_FIRST)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DRAWS)
def test_draws_that_are_compiled(name: str, dtype: str, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    x, n = operands(name, dtype), N_BLOCKS * N_DRAWN[name]
    for uniform in range(4):
        program = step_program(instruction(name, uniform, 1 + n, 1), n, N_OPERANDS, N_OPERANDS)
        for given in x[:1] if uniform == 0 else x[3::60]:
            lanes, wanted = (x, expected(name, dtype)) if uniform == 0 else mixed(name, x[:20], given, uniform)
            given = given if uniform == 0 else np.concatenate([lanes[0, :N_PARTS], given[N_PARTS:]])
            for engine in COMPILED:
                assert_same(stepped(engine, program, lanes, given), wanted, lanes)


def mixed(name: str, lanes: Any, given: Any, uniform: int) -> tuple[Any, Any]:
    """Operands of which the counter (1), the key (2) or both are those that are given, and what they mean."""
    lanes = lanes.copy()
    for k in range(2):
        if uniform >> k & 1:
            lanes[:, N_PARTS * k : N_PARTS * (k + 1)] = given[N_PARTS * k : N_PARTS * (k + 1)]
    place = lanes[:, N_PARTS - 1]
    place[:] = 1 if uniform & 1 else place % lanes[:, -1]  # below n
    rows = [meant(name, row, lanes.dtype.name) for row in lanes.tolist()]
    return lanes, np.array(rows, lanes.dtype)


def test_normal_numbers_at_the_ends_of_uniform_ones() -> None:
    """u = 1 gives zeros, u = 2^-53 the largest there are; v = 1 is no turn, v = 1/4 and so on are quarter turns."""

    def drawn(u: int, v: int) -> list[float]:
        return meant("draw_normal", with_words((u & WORD, u >> 32, v & WORD, v >> 32), 5, 1), "float64", 1)

    largest = np.sqrt(-2 * np.log(2.0**-53))
    assert drawn(2**64 - 1, 1 << 62) == [0.0, 0.0]
    assert drawn(0, 2**64 - 1) == [pytest.approx(largest, rel=1e-15), 0.0]
    quarter = (1 << 62) - 2048  # v = 1/4: one is added to its 53 bits
    assert drawn(0, quarter) == [0.0, pytest.approx(largest, rel=1e-15)]
    assert drawn(0, 2 * (1 << 62) - 2048) == [pytest.approx(-largest, rel=1e-15), 0.0]
    assert drawn(0, 3 * (1 << 62) - 2048) == [0.0, pytest.approx(-largest, rel=1e-15)]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 10, 33])
def test_shuffles_are_permutations(n: int) -> None:
    for index in (0, 2**64 - 1):
        for epoch in (0, 1, 2**31 - 2):
            counter = (index & WORD, index >> 32, epoch)
            rows = [meant("draw_shuffled", parts(counter, 9, 1, 0, n, k), "float64", 1)[0] for k in range(n)]
            assert sorted(rows) == list(range(n))
            kept = [meant("draw_shuffled", parts(counter, 9, 1, 1, n, k), "float64", 1)[0] for k in range(2 * n)]
            assert kept == [*rows, *rows]


# ---------------------------------------------------------------------- gather
WHICH = (
    0.0,
    -0.0,
    1.0,
    3.0,
    5.999,
    6.0,
    0.5,
    1.9999,
    2.5,
    -1.0,
    -1e30,
    7.0,
    1e9,
    1e30,
    np.inf,
    -np.inf,
    np.nan,
    5e-324,
)


def gathered(which: Any, data: Any) -> Any:
    """What is no number is 0, what lies outside is brought inside, and the rest is rounded towards 0."""
    rows = np.minimum(np.maximum(np.nan_to_num(which[:, 0], posinf=1e9, neginf=-1), 0), N_ROWS - 1).astype(int)
    return data[rows[:, np.newaxis] * APART + np.arange(N_OF_ROW)[::-1]]


def gather_operands(dtype: str) -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    with np.errstate(over="ignore", under="ignore"):
        which = np.array([*WHICH, *rng.uniform(-2, N_ROWS + 2, 50)]).astype(dtype)[:, np.newaxis]
    return which, rng.normal(size=(N_ROWS - 1) * APART + N_OF_ROW).astype(dtype)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_gather(dtype: str, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    which, data = gather_operands(dtype)
    wanted = gathered(which, data)
    for engine in EVALUATORS:
        assert_same(evaluated(engine, gather_section(len(data)), data, which), wanted, which)
    program = step_program(gather_instruction(1 + N_OF_ROW, 1), N_OF_ROW, 1, len(data))
    for engine in ENGINES:
        assert_same(stepped(engine, program, which, data), wanted, which)
