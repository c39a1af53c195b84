"""Schedules: their values, texts and pickles."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import schedules as sch

EACH: list[Any] = [
    sch.constant(0.1), sch.step(0.1, 30), sch.exponential(0.1, 0.99), sch.inverse_time(0.1, 0.01),
    sch.cosine(0.1, 100, final=0.01), sch.warmup(0.1, 10), sch.warmup(sch.cosine(0.1, 90), 10, start=0.01),
    sch.one_cycle(0.1, 100), sch.cyclic(0.01, 0.1, 20, 10), sch.piecewise([10, 20], [0.1, sch.cosine(0.1, 10), 0.0]),
    0.5 * sch.cosine(0.1, 100), sch.step(1.0, 10) * sch.constant(0.1) + 0.01, 2 * (sch.constant(0.1) + 0.1),
]  # fmt: skip


@pytest.mark.parametrize("schedule", EACH, ids=repr)
def test_texts_and_pickles(schedule: Any) -> None:
    names = {name: getattr(sch, name) for name in sch.__all__}
    same = eval(repr(schedule), names)
    loaded = pickle.loads(pickle.dumps(schedule))
    values = [schedule(t) for t in range(150)]
    assert repr(same) == repr(schedule) == repr(loaded)
    assert values == [same(t) for t in range(150)] == [loaded(t) for t in range(150)]
    assert all(isinstance(v, float) for v in values)


@pytest.mark.parametrize("schedule", EACH, ids=repr)
def test_a_run_takes_their_values(schedule: Any) -> None:
    rates = [schedule(t) for t in range(40)]
    x = np.array([1.0, -2.0])
    run = fd.descend(fd.surface("0.5*x**2 + 0.5*y**2"), x, fd.GD(schedule), max_steps=40, gtol=None)
    for rate in rates:
        x = x - rate * x
    np.testing.assert_allclose(run.x, x, rtol=1e-13)


def test_values() -> None:
    assert [sch.step(1.0, 10, 0.5)(t) for t in (0, 9, 10, 25)] == [1.0, 1.0, 0.5, 0.25]
    assert sch.exponential(2.0, 0.5)(3) == 0.25
    assert sch.inverse_time(1.0, 0.5)(2) == 0.5
    assert [sch.cosine(1.0, 10, 0.5)(t) for t in (0, 10, 99)] == [1.0, 0.5, 0.5]
    assert [sch.warmup(1.0, 4)(t) for t in range(6)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert [sch.cyclic(0.0, 1.0, 2)(t) for t in range(5)] == [0.0, 0.5, 1.0, 0.5, 0.0]
    one_cycle = sch.one_cycle(1.0, 100)
    assert (one_cycle(0), one_cycle(29)) == (pytest.approx(0.04), pytest.approx(1.0))
    assert one_cycle(99) == one_cycle(1000) == pytest.approx(4e-6)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: sch.constant("1"), TypeError, "value must be a number"),
        (lambda: sch.step(0.1, 0), ValueError, "step_size must be 1 or greater; got 0"),
        (lambda: sch.step(0.1, 1.5), TypeError, "step_size must be an integer"),
        (lambda: sch.exponential(0.1, 1.5), ValueError, r"gamma must be in \(0, 1\]; got 1.5"),
        (lambda: sch.piecewise([10, 5], [1, 2, 3]), ValueError, r"boundaries must ascend; got \[10, 5\]"),
        (lambda: sch.piecewise([10], [1.0]), ValueError, "values must be one more than boundaries, 2; got 1"),
        (lambda: sch.warmup("x", 10), TypeError, "schedule must be a number"),
        (lambda: sch.constant(0.1) + "x", TypeError, "unsupported operand"),
    ],
)
def test_bad_arguments(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


def test_prints_in_an_optimizer() -> None:
    assert repr(fd.GD(sch.cosine(0.1, 100))) == "GD(lr=cosine(0.1, steps=100, final=0.0))"
