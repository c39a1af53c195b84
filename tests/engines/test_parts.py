"""Long programs, compiled in parts: the same bits, and no function longer than another for a longer program."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import COMPILED, ISAS, USUAL
from support.compiled import force_small_parts
from support.programs.strip_functions import DIM, FUNCTIONS, surface_of
from support.programs.strip_sizes import small_strips

import fastdescent as fd

pytestmark = pytest.mark.exhaustive


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    force_small_parts(monkeypatch)


def runs_of(s: fd.Surface, x0: Any, optimizer: fd.Optimizer, **options: Any) -> list[fd.Descent]:
    return [fd.descend(s, x0, optimizer, max_steps=6, engine=engine, **options) for engine in (USUAL, *COMPILED)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["himmelblau", "ackley", "hartmann6", "michalewicz", "muller_brown", "griewank"])
def test_parts_have_the_same_bits(name: str, dtype: str, small_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    s = getattr(fd.surfaces, name)()
    x0 = parity.starts(s, 37, dtype)
    rates = np.linspace(1e-4, 1e-2, len(x0))
    for isa in ISAS[:2]:
        monkeypatch.setenv("FASTDESCENT_ISA", isa)
        for optimizer in (fd.Adam(lr=rates), fd.LineSearch(), fd.SGD(lr=lambda t: 0.01 / (1 + t), momentum=0.9)):
            runs = runs_of(s, x0, optimizer, xtol=1e-9, noise=0.1 if isinstance(optimizer, fd.SGD) else None)
            assert all(parity.same_bits(run, runs[0]) for run in runs[1:])


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_parts_of_strips_have_the_same_bits(f: Any, small_parts: None) -> None:
    x0 = np.random.default_rng(2).normal(size=(19, DIM))
    with small_strips():
        s = surface_of(f)
        for optimizer in (fd.Adam(lr=0.02), fd.LineSearch()):
            runs = runs_of(s, x0, optimizer)
            assert all(parity.same_bits(run, runs[0]) for run in runs[1:])


def test_longer_programs_have_more_functions_not_longer_ones() -> None:
    lengths = {}
    for n in (200, 400):

        def f(x: Any, n: int = n) -> Any:
            y = x[0]
            for _ in range(n):
                y = np.sin(1.0001 * y + x[1])
            return y

        text = fd.surface(lambda x, f=f: f(x), dim=2).program(fd.GD(lr=0.01)).llvm(ISAS[0])
        found = re.findall(r"^define [^\n]*\n(.*?)^}", text, re.M | re.S)
        lengths[n] = max(body.count("\n") for body in found), len(found)
    assert lengths[400][0] < 1.2 * lengths[200][0]
    assert lengths[400][1] > 1.8 * lengths[200][1]
