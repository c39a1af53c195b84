"""`Swarm`: threads that share one, and steps that are interrupted."""

from __future__ import annotations

import signal
import threading
from typing import Any

import numpy as np
import pytest
from support.swarms import X0, S, made, same

import fastdescent as fd
from fastdescent import Status


def test_one_thread_advances_while_another_looks() -> None:
    x0 = fd.uniform(S.window, 500, seed=1)
    path = fd.descend(S, x0, fd.GD(lr=1e-4), gtol=None, max_steps=800, record=1).path.x.astype(np.float32)
    path = path.transpose(1, 0, 2).copy()
    swarm = fd.Swarm(S, x0, fd.GD(lr=1e-4), gtol=None, max_steps=800)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while not swarm.done:
                swarm.advance(0.2)
                swarm.step(3)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    seen = []
    while thread.is_alive():
        before, x, after = swarm.steps, swarm.snapshot()[:, :2], swarm.steps
        at = [t for t in range(before, after + 1) if np.array_equal(path[t], x)]
        assert len(at) == 1, (before, after)
        seen.append(at[0])
    thread.join()
    assert not errors
    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def test_two_threads_advance_one_swarm() -> None:
    swarm = made(S, X0, fd.Adam(lr=0.01), gtol=None, max_steps=1000)
    totals: list[int] = []
    threads = [threading.Thread(target=lambda: totals.append(swarm.step(300))) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert totals == [300, 300]
    assert same(swarm, 1000, steps=600, gtol=None)


def test_reset_ends_the_steps_of_another_thread() -> None:
    swarm = made(S, X0, fd.GD(lr=1e-9), gtol=None, max_steps=2**31 - 2)
    totals: list[int] = []
    thread = threading.Thread(target=lambda: totals.append(swarm.step(2**31 - 2)))
    thread.start()
    while swarm.steps == 0:
        pass
    swarm.reset()
    thread.join(timeout=60)
    assert 0 < totals[0] < 2**31 - 2
    assert swarm.steps == 0
    assert np.array_equal(swarm.x, X0)


class Alarm(Exception):
    """What the signal handler raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends a signal")
@pytest.mark.parametrize("free", [False, True])
def test_an_interrupted_step_goes_on_with_the_same_bits(free: bool) -> None:
    """The engine asks for signals every 50 ms: here it is in the middle of a step of all trajectories."""

    def deep(x: Any) -> Any:
        y = x
        for _ in range(60):
            y = np.sin(3 * y) + 0.1 * x
        return np.sum(y * x)

    def fails(*_: object) -> None:
        raise Alarm

    options: dict[str, Any] = {"n_threads": 1, "gtol": None} | ({"escape_radius": None} if free else {})
    swarm = made(fd.surface(deep, dim=2), fd.uniform(((-5, 5), (-5, 5)), 40_000), fd.Momentum(lr=1e-3), **options)
    before = signal.signal(signal.SIGALRM, fails)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(Alarm):
            swarm.step(100_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(swarm.status.tolist()) <= {-1, Status.DIVERGED}
    resumed = made(swarm.surface, swarm.reference_starts, swarm.optimizer, **options)
    resumed.load_state_dict(swarm.state_dict())
    for one in (swarm, resumed):
        one.step(2)
        assert same(one, 10_000, steps=one.steps, **options)
