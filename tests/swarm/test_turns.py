"""The lock of a swarm: handed to who waits, and it knows for how long one thread has been alone."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from fastdescent._swarm.fair_lock import Turns


def test_a_lock_is_handed_to_who_waits() -> None:
    turns, log = Turns(), []

    def waits() -> None:
        with turns:
            log.append("waited")

    thread = threading.Thread(target=waits)
    with turns:
        thread.start()
        while not turns._queue.locked():
            pass
    with turns:
        assert log == ["waited"]
    thread.join()


def test_turns_tell_for_how_long_one_thread_has_been_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [5.0]
    monkeypatch.setattr("fastdescent._swarm.fair_lock.perf_counter", lambda: now[0])
    turns = Turns()
    with turns:
        assert turns.seconds_alone() == np.inf

    def takes_one() -> None:
        with turns:
            assert turns.seconds_alone() == 0.0

    other = threading.Thread(target=takes_one)
    other.start()
    other.join()
    now[0] = 7.0
    assert turns.seconds_alone() == 2.0
    with turns:
        assert turns.seconds_alone() == 0.0
    now[0] = 8.0
    with turns:
        assert turns.seconds_alone() == 1.0
