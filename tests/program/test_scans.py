"""Loops of instructions: the same bits in every engine, and as the exact evaluator has them; derivatives; memory."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import ENGINES, ISAS
from support.programs.exact_engine import descend_exactly
from support.programs.loop_functions import DIM, FUNCTIONS, logistic_map, one_after_the_other, training
from support.tracing import check

import fastdescent as fd
from fastdescent.program.section import Section
from fastdescent.program.verify.program import InvalidProgram, verify_section

each_function = pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
OPTIONS: dict[str, Any] = {"max_steps": 3, "gtol": None, "escape_radius": None}


def main_of(f: Callable[..., Any], optimizer: fd.Optimizer) -> Section:
    main: Section = fd.surface(f, dim=DIM).program(optimizer)._program.main
    return main


@each_function
def test_derivatives_are_those_of_the_function(f: Callable[..., Any]) -> None:
    check(f, low=0.2, high=1.5)


@each_function
def test_a_loop_has_the_derivatives_of_the_steps_written_out(
    f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(1).uniform(0.2, 1.2, (5, DIM))
    s = fd.surface(f, dim=DIM)
    v = np.ones(DIM)

    def written_out(n: int, body: Any, x: Any) -> Any:
        for i in range(n):
            x = body(i, x)
        return x

    monkeypatch.setattr(fd, "fori", written_out)
    t = fd.surface(f, dim=DIM)
    np.testing.assert_allclose(s(x), t(x), rtol=1e-13)
    np.testing.assert_allclose(s.gradient(x), t.gradient(x), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(s.hvp(x, v), t.hvp(x, v), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@each_function
def test_engines_have_the_same_bits(f: Callable[..., Any], dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x0 = np.random.default_rng(2).uniform(0.2, 1.2, (19, DIM)).astype(dtype)
    for optimizer in (fd.SGD(lr=0.01, momentum=0.9), fd.LineSearch()):
        runs = [
            fd.descend(fd.surface(f, dim=DIM), x0, optimizer, engine=engine, n_threads=n, **OPTIONS)
            for engine in ENGINES
            for n in (1, 2)
        ]
        assert all(parity.same_bits(run, runs[0]) for run in runs)


@pytest.mark.exhaustive
@each_function
def test_instruction_sets_have_the_bits_of_the_exact_evaluator(
    f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    x0 = np.random.default_rng(3).uniform(0.2, 1.2, (3, DIM))
    for dtype in ("float64", "float32"):
        s, starts = fd.surface(f, dim=DIM), x0.astype(dtype)
        wanted = descend_exactly(s, starts, fd.Adam(lr=0.02), **OPTIONS)
        for isa in ISAS:
            monkeypatch.setenv("FASTDESCENT_ISA", isa)
            for engine in ENGINES:
                assert parity.same_bits(fd.descend(s, starts, fd.Adam(lr=0.02), engine=engine, **OPTIONS), wanted)
        monkeypatch.delenv("FASTDESCENT_ISA")


def test_a_step_has_the_bits_of_one_that_is_written_out() -> None:
    """Products become fma within a step as they would without a loop."""

    def step(i: Any, u: Any, p: Any) -> Any:
        return u + 0.1 * np.stack([p[0] * u[0] - p[1] * u[0] * u[1] + p[2] * p[3], p[2] ** 2 + u[1]])

    def looped(p: Any) -> Any:
        return np.sum(np.sin(fd.fori(20, lambda i, u: step(i, u, p), p[4:])))

    def written_out(p: Any) -> Any:
        u = p[4:]
        for i in range(20):
            u = step(i, u, p)
        return np.sum(np.sin(u))

    x = np.random.default_rng(4).uniform(0.2, 1.2, (30, DIM))
    np.testing.assert_array_equal(fd.surface(looped, dim=DIM)(x), fd.surface(written_out, dim=DIM)(x))


def test_pickles_and_copies_hold_loops() -> None:
    x = np.random.default_rng(5).uniform(0.2, 1.2, (4, DIM))
    for f in (training, one_after_the_other):
        s = fd.surface(f, dim=DIM)
        t = pickle.loads(pickle.dumps(s))
        np.testing.assert_array_equal(t(x), s(x))
        np.testing.assert_array_equal(t.hessian(x), s.hessian(x))
        np.testing.assert_allclose((2.0 * s.shifted(np.ones(DIM)))(x + 1.0), 2.0 * s(x))


def test_a_program_does_not_grow_with_the_steps() -> None:
    """Nor do the rows of f alone, which keeps the last step; a gradient keeps one row for each step."""

    def f(n: int) -> Callable[..., Any]:
        return lambda x: fd.fori(n, lambda i, u: np.sin(u * x[0]) + x[1], 0.5)

    short, long = (fd.surface(f(n), dim=2)._formula.program("fun").main for n in (10, 1000))
    assert len(short.instructions) == len(long.instructions) < 10
    assert short.n_rows == long.n_rows < 10
    short, long = (fd.surface(f(n), dim=2)._formula.program("gradient").main for n in (10, 1000))
    assert len(short.instructions) == len(long.instructions) < 30
    assert long.n_rows - short.n_rows == 990


def test_too_many_rows_are_refused_before_anything_runs() -> None:
    with pytest.raises(MemoryError, match=r"200000001 rows, and a program has at most 134217728"):
        fd.surface(lambda x: fd.fori(200_000_000, lambda i, u: np.sin(u * x[0]), 0.5), dim=2)


def test_the_verifier_knows_what_one_step_hands_to_the_next() -> None:
    main = main_of(logistic_map, fd.GD(lr=0.1))
    (forward, back) = main.strips
    assert forward.moves[:, 0].max() == 1
    assert back.moves[:, 1:].min() == -1
    verify_section(main, main.n_uniform)
    moves = forward.moves.copy()
    moves[moves[:, 0] == 1, 0] = 2  # results go where nothing reads them, and beyond
    broken = replace(forward, moves=moves)
    with pytest.raises(InvalidProgram):
        verify_section(replace(main, strips=(broken, back)), main.n_uniform)
    first = main.instructions.copy()
    first[: forward.first] = first[forward.stop]  # what is carried at first is missing
    with pytest.raises(InvalidProgram, match="nothing has written"):
        verify_section(replace(main, instructions=first), main.n_uniform)
