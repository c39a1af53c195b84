"""Every opcode alone, on edge values and random bits: the engine's bits are those of exact arithmetic."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support.available import ENGINES, ISAS
from support.programs.one_step import evaluated
from support.programs.opcode_cases import DTYPES, NAMES, assert_same_bits, expected, operands, section, some_uniform

#: Engines with ways of their own to run a section.
EVALUATORS = [name for name in ENGINES if name != "jit"]


@pytest.mark.parametrize("engine", EVALUATORS)
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_opcode_means_what_the_table_says(
    name: str, dtype: str, isa: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    x = operands(name, dtype)
    code = section(name, x.shape[1], uniform=0)
    got = evaluated(engine, code, np.zeros(x.shape[1], dtype), x)[:, 0]
    assert_same_bits(got, expected(name, dtype), x)


@pytest.mark.parametrize("engine", EVALUATORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_uniform_operands_mean_the_same(name: str, dtype: str, engine: str) -> None:
    x, wanted = operands(name, dtype), expected(name, dtype)
    for uniform, k in itertools.product(some_uniform(name), range(0, len(x), 40)):
        code = section(name, x.shape[1], uniform)
        got = evaluated(engine, code, x[k], x[k : k + 1])[:, 0]
        assert_same_bits(got, wanted[k : k + 1], x[k : k + 1])
