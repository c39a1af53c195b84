"""`Swarm`: at every moment the bits of `descend`, whatever the split of steps; resets and saved states."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from support import parity
from support.swarms import X0, N, S, made, same

import fastdescent as fd
from fastdescent import Status

SURFACES = ("himmelblau", "goldstein_price", "rosenbrock-5", "domain", "kinks")


@pytest.mark.parametrize("options", parity.OPTIONS)
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_bits_of_descend(surface: str, options: str, dtype: str) -> None:
    s = parity.surfaces()[surface]
    x0, more = parity.starts(s, N, dtype), parity.OPTIONS[options]
    for optimizer in parity.optimizers(N).values():
        for split in ([1] * 30, [30], [7, 0, 1, 12, 10]):
            swarm = made(s, x0, optimizer, max_steps=30, **more)
            for n in split:
                swarm.step(n)
            assert same(swarm, 30, **more), (optimizer, split)
            assert swarm.done


@pytest.mark.parametrize("optimizer", [fd.Momentum(lr=0.02), fd.LineSearch(), fd.Adam(lr=lambda t: 1 / (1 + t))])
def test_every_intermediate_state(optimizer: Any) -> None:
    options = {"gtol": 0.5, "ftol": 1e-3, "xtol": 1e-2}
    swarm = made(S, X0, optimizer, max_steps=60, **options)
    seen = set()
    for steps in range(61):
        assert same(swarm, 60, steps=steps, **options)
        seen |= set(swarm.status.ravel().tolist())
        assert swarm.done == (swarm.n_running == 0)
        runs = not swarm.done
        assert swarm.step() == runs
    assert len(seen) > 2


def test_trajectories_beyond_the_region_where_f_is_known_to_be_finite() -> None:
    options: dict[str, Any] = {"gtol": None, "escape_radius": None}
    s = fd.surface("x**4 + y**4 - x*y")
    for lr in (0.05, 0.2):
        swarm = made(s, fd.grid(((-9, 9), (-9, 9)), (12, 12)), fd.GD(lr=lr), max_steps=20, **options)
        for steps in range(1, 21):
            swarm.step()
            assert same(swarm, 20, steps=steps, **options)
        assert {Status.UNDEFINED, Status.DIVERGED} & set(swarm.status.ravel().tolist())


def test_a_step_that_lands_where_f_overflows_but_its_gradient_does_not() -> None:
    swarm = made(fd.surface("x**4"), [[10.0], [0.1]], fd.GD(lr=1e76))
    swarm.step()
    assert same(swarm, 10_000, steps=1)
    assert swarm.status.tolist() == [Status.UNDEFINED, Status.DIVERGED]


def test_many_more_trajectories_than_lanes_of_which_few_run() -> None:
    x0 = fd.uniform(S.window, 20_000, seed=3)
    swarm = made(S, x0, fd.GD(lr=0.01), n_threads=4)
    while not swarm.done:
        swarm.advance(5)
    assert same(swarm, 10_000)
    assert swarm.steps == swarm.nit.max()
    assert swarm.step(10) == swarm.advance(1) == 0


def test_shapes() -> None:
    swarm = made(S, X0, fd.GD(lr=0.001))
    assert (swarm.n, swarm.dim, swarm.steps, swarm.n_running, swarm.done) == (400, 2, 0, 400, False)
    assert swarm.x.shape == (20, 20, 2)
    assert swarm.nit.shape == swarm.status.shape == (20, 20)
    assert repr(swarm) == "<Swarm of 400 on himmelblau by GD(lr=0.001): 400 still run after 0 steps>"
    one = made(S, [3.0, 2.0], fd.GD(lr=0.001))
    assert one.x.shape == (2,)
    assert one.status.shape == ()
    assert one.status == Status.CONVERGED
    assert one.done
    none = made(S, np.zeros((0, 2)), fd.GD(lr=0.001))
    assert none.done
    assert none.step(3) == 0
    assert none.snapshot().shape == (0, 3)
    assert made(S, X0, fd.GD(lr=0.001), max_steps=0).done


def test_starts_belong_to_the_swarm() -> None:
    x0 = X0.copy()
    swarm = fd.Swarm(S, x0, fd.GD(lr=0.01))
    x0[:] = 0
    swarm.step(3)
    swarm.x[:] = 7
    swarm.reset()
    assert np.array_equal(swarm.x, X0)


def test_reset() -> None:
    surface = fd.surface("a*x**2 + y**2 + x**4", a=2.0)
    lr = np.linspace(1e-3, 1e-2, 20)
    swarm = made(surface, X0, fd.GD(lr=lr), max_steps=30)
    swarm.step(20)
    swarm.reset(a=0.5)
    assert swarm.surface.params["a"] == 0.5
    assert swarm.steps == 0
    swarm.step(30)
    assert same(swarm, 30)
    assert swarm.surface._formula is surface._formula
    swarm.reset(optimizer=fd.Adam(lr=0.1))
    swarm.step(30)
    assert same(swarm, 30)
    swarm.reference_starts = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    swarm.reset(swarm.reference_starts)
    swarm.step(30)
    assert same(swarm, 30)


def test_after_an_error_in_reset_all_is_as_before() -> None:
    swarm = made(S, X0, fd.GD(lr=np.full(20, 1e-3)))
    swarm.step(3)
    for arguments in ({"x0": np.zeros((7, 2))}, {"x0": [np.nan, 0]}, {"optimizer": fd.GD}, {"depth": 1.0}):
        with pytest.raises((TypeError, ValueError)):
            swarm.reset(**arguments)
    swarm.step(4)
    assert same(swarm, 10_000, steps=7)


@pytest.mark.parametrize("optimizer", parity.optimizers(N).values(), ids=parity.optimizers(N))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_state_goes_through_a_file(optimizer: Any, dtype: str) -> None:
    x0 = parity.starts(S, N, dtype)
    options = parity.OPTIONS["tight"]
    first = fd.Swarm(S, x0, optimizer, **options)
    first.step(13)
    file = io.BytesIO()
    np.savez(file, **first.state_dict())
    file.seek(0)
    second = made(S, x0, optimizer, **options)
    second.step(2)
    second.load_state_dict(np.load(file))
    assert second.steps == first.steps
    second.step(10)
    assert same(second, 10_000, steps=23, **options)
    assert first.steps <= 13


def test_a_state_that_max_steps_had_ended_goes_on() -> None:
    short = fd.Swarm(S, X0, fd.Adam(lr=0.01), max_steps=5)
    short.step(9)
    assert short.done
    longer = made(S, X0, fd.Adam(lr=0.01), max_steps=12)
    longer.load_state_dict(short.state_dict())
    longer.step(20)
    assert same(longer, 12)
