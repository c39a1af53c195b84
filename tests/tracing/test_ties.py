"""Derivatives at ties: with a constant the constant wins, between two variables each has half."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.relu import SPELLINGS

import fastdescent as fd

POINT = [0.0, -0.0, 2.0, -1.0]
TWO: dict[str, Callable[[Any], Any]] = {
    "maximum": lambda x: np.maximum(x[0], x[1]),
    "where >=": lambda x: np.where(x[0] >= x[1], x[0], x[1]),
    "where <": lambda x: np.where(x[0] < x[1], x[1], x[0]),
    "where not <": lambda x: np.where(~(x[0] < x[1]), x[0], x[1]),
    "max": lambda x: x.max(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_derivative_of_relu_at_zero_is_zero(spelling: str) -> None:
    relu = SPELLINGS[spelling]
    s = fd.surface(lambda x: (relu(x) * [1.0, 2.0, 3.0, 4.0]).sum(), dim=4)
    assert float(s(POINT)) == 6.0
    assert s.gradient(POINT).tolist() == [0.0, 0.0, 3.0, 0.0]
    assert s.hvp(POINT, np.ones(4)).tolist() == [0.0] * 4


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_engines_agree_on_relu(spelling: str) -> None:
    relu = SPELLINGS[spelling]
    s = fd.surface(lambda x: relu(x).sum(), dim=4)
    for engine in ENGINES:
        run = fd.descend(s, np.array(POINT), fd.GD(lr=1.0), max_steps=1, gtol=None, engine=engine)
        assert run.x.tolist() == [0.0, 0.0, 1.0, -1.0]


@pytest.mark.parametrize("spelling", TWO)
def test_two_variables_have_half_each(spelling: str) -> None:
    s = fd.surface(TWO[spelling], dim=2)
    assert s.gradient([[1.0, 1.0], [1.0, 2.0], [2.0, 1.0]]).tolist() == [[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]


def test_a_parameter_is_a_constant() -> None:
    s = fd.surface(lambda x, *, a=1.0: np.minimum(x[0], a) + np.maximum(a, x[1]) + np.clip(x[2], a, 2.0), dim=3)
    assert s.gradient([1.0, 1.0, 1.0]).tolist() == [0.0, 0.0, 0.0]
    assert s.gradient([0.5, 1.5, 1.5]).tolist() == [1.0, 1.0, 1.0]
    assert s.gradient([1.0, 1.0, 2.0]).tolist() == [0.0, 0.0, 0.0]


def test_other_branches_stay_as_they_are_written() -> None:
    leaky = fd.surface(lambda x: np.where(x[0] >= 0, x[0], 0.1 * x[0]), dim=1)
    assert leaky.gradient([[0.0], [-1.0]]).tolist() == [[1.0], [0.1]]
    assert fd.surface(lambda x: np.abs(x[0]) + 2 * x[0], dim=1).gradient([0.0]).tolist() == [2.0]


def test_the_larger_of_a_number_and_itself() -> None:
    assert fd.surface(lambda x: np.maximum(x[0], x[0]), dim=1).gradient([3.0]).tolist() == [1.0]
