"""How many steps fit into a span of time, learnt from calls."""

from __future__ import annotations

import numpy as np
import pytest

from fastdescent._swarm.pace import Pace


@pytest.mark.parametrize(("call", "step"), [(0.0, 1e-5), (9.8e-3, 1.5e-4), (1e-4, 8e-3), (2e-3, 2e-3), (0.0, 5e-2)])
def test_pace_finds_how_many_steps_fit(call: float, step: float) -> None:
    pace, budget = Pace(), 16e-3
    wanted = max(1, int((budget - call) / step * (1 + 1e-9)))
    for _ in range(40):
        n = max(1, pace.steps(budget))
        pace.learn(n, call + step * n)
    assert 0.8 * wanted <= n <= wanted


def test_pace_follows_a_swarm_that_gets_smaller_in_spite_of_noise() -> None:
    rng, pace, size = np.random.default_rng(0), Pace(), 1.0
    spans = []
    for _ in range(300):
        n = max(1, pace.steps(16e-3))
        spans.append((1e-3 + 1e-4 * n * size) * rng.uniform(0.9, 1.1))
        pace.learn(n, spans[-1])
        size *= 0.99
    assert 13e-3 < np.median(spans) < 17e-3
    assert max(spans[20:]) < 24e-3


def test_pace_without_a_clock_that_moves() -> None:
    pace = Pace()
    for k in range(8):
        assert pace.steps(0.01) == 2**k
        pace.learn(2**k, 0.0)


def test_pace_trusts_what_a_step_takes_at_most() -> None:
    pace = Pace(1e-3)
    assert pace.steps(0.25) == 250
    for _ in range(5):
        pace.learn(1, 1e-4)
    assert pace.steps(0.25) >= 249, "though the last calls were short"
    assert Pace(1e-3).steps(1e-4) == 1
    assert Pace().steps(10.0) == 1


def test_pace_after_the_time_is_over() -> None:
    pace = Pace()
    pace.learn(1, 0.0)
    assert pace.steps(-1e-3) == 0
