"""`Swarm`: how many steps the engine is asked for at a time. Each call loads and writes all trajectories once."""

from __future__ import annotations

import threading

import pytest
from support.core_jobs import Call, noted_calls
from support.swarms import X0, S, made, same

import fastdescent as fd
from fastdescent._swarm import shared as _shared
from fastdescent._swarm.pace import Pace


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    return noted_calls(monkeypatch)


def test_steps_are_made_in_one_call(calls: list[Call]) -> None:
    swarm = made(S, X0, fd.GD(lr=1e-4), gtol=None)
    calls.clear()
    assert swarm.step(50) == 50
    for _ in range(3):
        assert swarm.step() == 1
    assert swarm.step(200) == 200
    assert [call.max_steps for call in calls] == [50, 51, 52, 53, 253]
    assert same(swarm, 10_000, steps=253, gtol=None)


def test_steps_to_the_next_test_of_the_full_gradient_are_made_in_one_call(calls: list[Call]) -> None:
    swarm = made(S, X0, fd.GD(lr=1e-4), noise=0.1, check_every=40, gtol=1e-6)
    calls.clear()
    swarm.step(100)
    assert [call.max_steps for call in calls] == [40, 80, 100]


def test_a_turn_is_shorter_while_others_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    for module in ("shared", "fair_lock"):
        monkeypatch.setattr(f"fastdescent._swarm.{module}.perf_counter", lambda: now[0])
    swarm = fd.Swarm(S, X0, fd.GD(lr=1e-4))
    shared = swarm._shared
    pace = Pace()
    assert shared._seconds_of_a_turn(pace) == _shared._TURN_ALONE
    swarm.step(3)
    assert shared._seconds_of_a_turn(pace) == _shared._TURN_ALONE
    other = threading.Thread(target=swarm.snapshot)
    other.start()
    other.join()
    assert shared._seconds_of_a_turn(pace) == _shared._TURN
    now[0] = 0.9
    swarm.step(3)
    now[0] = 1.8
    assert shared._seconds_of_a_turn(pace) == _shared._TURN
    now[0] = 2.0
    assert shared._seconds_of_a_turn(pace) == _shared._TURN_ALONE
    for n in (1, 2, 4, 8):
        pace.learn(n, 1.0 + 1e-6 * n)
    assert shared._seconds_of_a_turn(pace) == pytest.approx(3.0, rel=0.1), "a call alone takes a second"
