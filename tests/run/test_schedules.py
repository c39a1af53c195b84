"""Schedules: which t they are evaluated at, and what is said where one fails."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES

import fastdescent as fd

RATES = [0.1, 0.05, 0.02, 0.01, 0.2]


def listed(t: int) -> float:
    """As many values as there are steps."""
    return RATES[t]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("boundary", [None, "stop"])
def test_one_value_a_step_is_enough(engine: str, boundary: str | None) -> None:
    s, x0 = fd.surfaces.himmelblau(), fd.grid(((-5, 5), (-5, 5)), (5, 5))
    inside: dict[str, Any] = {"bounds": ((-6, 6), (-6, 6)), "boundary": boundary} if boundary else {}
    run = fd.descend(s, x0, fd.GD(lr=lambda t: 0.05 * listed(t)), max_steps=5, engine=engine, record=1, **inside)
    x = np.array(x0, float).reshape(-1, 2)
    for lr in RATES:
        x = x - 0.05 * lr * s.gradient(x)
    assert np.allclose(run.x.reshape(-1, 2), x, rtol=1e-12)
    assert (run.nit == 5).all()


def test_schedules_are_evaluated_at_the_steps_alone() -> None:
    asked: list[int] = []

    def schedule(t: int) -> float:
        asked.append(t)
        return 0.01

    s = fd.surface("x**2")
    run = fd.descend(s, [[1.0]], fd.GD(lr=schedule), max_steps=7, noise=lambda t: 0.1 * schedule(t), seed=1,
                     keep_state=True)  # fmt: skip
    assert set(asked) == set(range(7))
    fd.resume(run, max_steps=9)
    assert set(asked) == set(range(9))
    asked.clear()
    fd.descend(s, [[1.0]], fd.GD(lr=schedule), max_steps=0)
    assert not asked
    swarm = fd.Swarm(s, [[1.0]], fd.GD(lr=schedule), max_steps=6)
    swarm.step(10)
    assert set(asked) == set(range(6))
    assert swarm.steps == 6


def test_parts_of_a_scheduled_run_have_the_bits_of_the_whole() -> None:
    s, x0 = fd.surfaces.himmelblau(), fd.grid(((-5, 5), (-5, 5)), (5, 5))
    opt = fd.Momentum(lambda t: 0.1 * listed(t), momentum=lambda t: 0.5 + RATES[t])
    whole = fd.descend(s, x0, opt, max_steps=5)
    part = fd.descend(s, x0, opt, max_steps=2, keep_state=True)
    assert np.array_equal(fd.resume(part, max_steps=5).x, whole.x)
    swarm = fd.Swarm(s, x0, opt, max_steps=5)
    swarm.step(2)
    assert np.array_equal(swarm.x, part.x)
    swarm.step(3)
    assert np.array_equal(swarm.x, whole.x)


def test_a_schedule_in_a_pickle_has_the_values_of_the_run() -> None:
    s = fd.surface("x**2 + y**4")
    run = fd.descend(s, [[1.0, 1.0]], fd.GD(lr=lambda t: listed(t)), max_steps=5, keep_state=True)
    back = pickle.loads(pickle.dumps(run))
    assert [back.optimizer.lr(t) for t in range(5)] == RATES
    with pytest.raises(ValueError, match=r"t = 0 ... 4.*t = 5 is beyond"):
        back.optimizer.lr(5)
    ends = back.classify()
    assert np.array_equal(ends.label, run.classify().label)
    still = fd.descend(s, [[0.0, 0.0]], fd.GD(lr=lambda t: listed(t)), max_steps=0, gtol=None)
    assert pickle.loads(pickle.dumps(still)).classify().label.shape == (1,)


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"lr": lambda t: RATES[t]}, ValueError, r"^lr: the schedule raised IndexError at t = 5: list index out of"),
        ({"lr": lambda t: {0: 0.1}[t]}, ValueError, r"^lr: the schedule raised KeyError at t = 1: 1"),
        ({"lr": lambda t: 1 / (2 - t)}, ValueError, r"^lr: the schedule raised ZeroDivisionError at t = 2: "),
        ({"lr": lambda t: next(iter(()))}, ValueError, r"^lr: the schedule raised StopIteration at t = 0"),
        ({"lr": lambda t: t + "a"}, TypeError, r"^lr: the schedule raised TypeError at t = 0: unsupported"),
        ({"lr": lambda t: [0.1, 0.2]}, TypeError, r"must map t to a number; schedule\(0\) is \[0.1, 0.2\]"),
        ({"noise": lambda t: RATES[t]}, ValueError, r"^noise\.sigma: the schedule raised IndexError at t = 5"),
        ({"lr": np.full(10, 0.1)}, ValueError, r"got shape \(10,\); one value a step is a schedule.*lr=lambda t: va"),
        ({"noise": np.full(10, 0.1)}, ValueError, r"got shape \(10,\); one value a step.*sigma=lambda t: values\[t\]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_the_schedule(options: dict[str, Any], kind: type[Exception], text: str) -> None:
    s: Callable[..., Any] = fd.surface("x**2 + y**2")
    noise = options.get("noise")
    with pytest.raises(kind, match=text):
        fd.descend(s, [[1.0, 1.0]] * 3, fd.GD(lr=options.get("lr", 0.1)), max_steps=10, noise=noise)


def test_classify_goes_on_with_the_last_value_where_a_schedule_ends() -> None:
    s = fd.surface("x**2 + y**4")
    for schedule in (listed, lambda t: 0.05 - 0.01 * t, lambda t: 0.05 / (5 - t)):
        run = fd.descend(s, [[1.0, 1.0]], fd.Momentum(lr=schedule), max_steps=5)
        assert run.classify().label.tolist() == [0]
