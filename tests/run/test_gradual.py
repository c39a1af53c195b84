"""Runs whose full gradient is tested every so many steps: with walls, resumed, as a Swarm, and their endpoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.available import ENGINES

import fastdescent as fd

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 2))
Y = X @ [3.0, 0.0]
BOX = ((-1.0, 1.0), (-1.0, 1.0))
X0 = np.array([[0.0, 0.0], [0.5, -0.5], [-0.9, 0.9]])


@fd.finite_sum(data=(X, Y), dim=2)
def line(w: Any, X: Any, y: Any) -> Any:
    return np.mean((X @ w - y) ** 2)


BOWL = fd.surface("(x-3)**2 + y**2")


@pytest.mark.parametrize("options", [{"batch_size": 2}, {"noise": 0.1, "check_every": 7}])
def test_a_swarm_stops_where_descend_stops(options: dict[str, Any]) -> None:
    options |= {"gtol": 0.3, "max_steps": 200}
    run = fd.descend(line, X0, fd.GD(lr=0.03), **options)
    swarm = fd.Swarm(line, X0, fd.GD(lr=0.03), **options)
    for n in (0, 1, 5, 33, 161):
        swarm.step(n)
    assert run.success.any()
    for name in ("x", "nit", "status"):
        assert np.array_equal(getattr(swarm, name), getattr(run, name)), name
    every = options.get("check_every", 4)
    assert np.all(run.nit[run.success] % every == 0)
    assert np.all(run.grad_norm[run.success] <= 0.3)


@pytest.mark.parametrize("check_every", [None, 1, 5])
def test_walls_take_from_the_gradient_what_pushes_out(check_every: int | None) -> None:
    options: dict[str, Any] = {"bounds": BOX, "boundary": "clip", "max_steps": 400, "check_every": check_every}
    noisy = fd.descend(BOWL, X0, fd.GD(lr=0.1), noise=1e-4, gtol=0.02, **options)
    assert noisy.success.all()
    sampled = fd.descend(line, X0, fd.GD(lr=0.05), batch_size=4, gtol=0.5, **options)
    assert sampled.success.all()


@pytest.mark.parametrize("options", [{"check_every": 2}, {"check_every": 10}])
def test_noise_leaves_the_saddle_from_which_it_starts(options: dict[str, Any]) -> None:
    s = fd.surface("x**4 - x**2 + y**2", window=(-2, 2))
    run = fd.descend(s, [[0.0, 0.0]], fd.GD(0.05), noise=0.1, gtol=1e-3, max_steps=3000, **options)
    assert abs(run.x[0, 0]) > 0.3
    assert run.nit[0] > 0


@pytest.mark.parametrize("max_steps", [0, 7, 9])
def test_resuming_to_the_steps_already_made_changes_nothing(max_steps: int) -> None:
    options: dict[str, Any] = {"noise": 0.1, "gtol": 0.01, "check_every": 3}
    run = fd.descend(BOWL, X0, fd.GD(lr=0.01), max_steps=max_steps, keep_state=True, **options)
    again = fd.resume(run, max_steps=max_steps)
    assert np.array_equal(again.status, run.status)
    longer = fd.descend(BOWL, X0, fd.GD(lr=0.01), max_steps=50, **options)
    assert np.array_equal(fd.resume(again, max_steps=50).x, longer.x)


def test_endpoints_descend_without_noise_inside_the_bounds() -> None:
    run = fd.descend(BOWL, X0, fd.GD(lr=0.1), noise=1e-3, bounds=BOX, boundary="clip", max_steps=300)
    ends = fd.classify(run)
    assert np.all(ends.outcome == fd.Outcome.UNSETTLED)
    assert np.all(ends.reason == fd.Reason.NOISE)
    assert ends.points.x.tolist() == [[1.0, 0.0]]
    assert ends.points.active.tolist() == [[1, 0]]


@pytest.mark.parametrize("size", [65537, 2**31, 2**70])
def test_batches_that_no_step_could_hold_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"batch_size must be at most 65536; got {size}"):
        fd.descend(line, X0, fd.GD(lr=0.1), batch_size=size, max_steps=1)


@fd.optimizer
def jittery(x: Any, grad: Any, state: Any, t: Any, *, rng: Any, lr: float = 0.05) -> Any:
    """Draws its noise itself."""
    return x - lr * (grad(x) + 0.1 * rng.standard_normal(x.shape)), {}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("check_every", [None, 1])
@pytest.mark.parametrize(
    ("optimizer", "noise"), [(fd.GD(0.05), 0.1), (jittery(), None), (fd.Langevin(lr=0.05, temperature=0.01), None)]
)
def test_a_random_run_is_tested_from_its_first_step_on(
    optimizer: fd.Optimizer, noise: float | None, check_every: int | None, dtype: str, engine: str
) -> None:
    s = fd.surface("x**4 - x**2 + y**2", window=(-2, 2))
    options: dict[str, Any] = {"noise": noise, "check_every": check_every, "dtype": dtype, "engine": engine, "seed": 3}
    x0 = [[0.0, 0.0], [0.7, 0.1]]
    run = fd.descend(s, x0, optimizer, gtol=0.04, max_steps=3000, record=1, **options)
    assert run.success.all()
    assert (run.nit > 0).all()
    for k in range(2):
        norms = np.linalg.norm(s.gradient(run.path.values[run.path.offsets[k] : run.path.offsets[k + 1]]), axis=-1)
        assert np.flatnonzero(norms[1:] <= 0.04)[0] + 1 == run.nit[k]
    everywhere = fd.descend(s, x0, optimizer, gtol=100.0, max_steps=3000, **options)
    assert everywhere.nit.tolist() == [1, 1]
    begun = fd.descend(s, x0, optimizer, gtol=100.0, max_steps=0, keep_state=True, **options)
    assert (begun.status == fd.Status.MAX_STEPS).all()
    assert np.array_equal(fd.resume(begun, max_steps=9).x, everywhere.x)
    swarm = fd.Swarm(s, x0, optimizer, gtol=0.04, max_steps=3000, **options)
    while swarm.step(7):
        pass
    assert np.array_equal(swarm.x, run.x)
    assert np.array_equal(swarm.nit, run.nit)


def test_what_is_not_finite_at_the_start_of_a_noisy_run_is_undefined() -> None:
    s = fd.surface("log(x) + y**2")
    run = fd.descend(s, [[0.0, 1.0], [-1.0, 0.0], [1.0, 1.0]], fd.GD(0.01), noise=0.1, gtol=1e-3, max_steps=1)
    assert run.status.tolist() == [fd.Status.UNDEFINED, fd.Status.UNDEFINED, fd.Status.MAX_STEPS]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("noise", [{"noise": 0.1}, {"batch_size": 3}])
def test_pauses_take_no_velocity_away(noise: dict[str, Any], engine: str) -> None:
    options: dict[str, Any] = {"max_steps": 50, "engine": engine, **noise}
    free = fd.descend(line, X0, fd.Momentum(1e-3), **options)
    assert np.array_equal(fd.descend(line, X0, fd.Momentum(1e-3), gtol=1e-9, check_every=7, **options).x, free.x)
