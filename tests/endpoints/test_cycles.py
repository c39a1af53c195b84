"""What trajectories do that max_steps ended: cycles with their means, and progress."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import fastdescent as fd
from fastdescent._endpoints.arrival.cycles import cycles, moves_on

WELLS = fd.surface("x**4 - x**2", window=(-2, 2))
SLOPES = fd.surface("log(1 + exp(-x)) + log(1 + exp(x/4))", window=(-5, 8))
BOTTOM, LARGEST = 1.7228109542570544, 0.14119613  # of SLOPES: its minimum, the curvature there
HIMMELBLAU = fd.surfaces.himmelblau()
CUBIC = fd.surface("x**3/3 - x**2/2", window=(-2, 2))


def _bent(x: Any) -> Any:
    """Its slope is 25 x below 1, x + 24 below 2, then 25 x - 24."""
    y = x[0]
    return np.where(y < 1, 12.5 * y * y, np.where(y < 2, 0.5 * y * y + 24 * y - 12, 12.5 * y * y - 24 * y + 36))


BENT = fd.surface(_bent, dim=1, window=((-4, 4),))
HEAVY_BALL = fd.Momentum(1 / 9, 4 / 9)


def run_from(surface: fd.Surface, optimizer: Any, *starts: Any, **options: Any) -> fd.Descent:
    return fd.descend(surface, np.array(starts, np.float64), optimizer, **options)


def every(run: fd.Descent) -> npt.NDArray[np.int64]:
    return np.arange(run.status.size)


def assert_cycle(run: fd.Descent, points: Any, **tolerance: float) -> None:
    points = np.array(points, np.float64)
    period, mean = cycles(run, every(run))
    assert period.tolist() == [len(points)] * run.status.size
    np.testing.assert_allclose(mean, np.broadcast_to(points.mean(axis=0), mean.shape), **tolerance)


# ---------------------------------------------------------------------------------------------------- cycles
def test_a_double_well() -> None:
    run = run_from(WELLS, fd.GD(0.505), [0.3])
    assert_cycle(run, [[0.66930], [0.73966]], atol=1e-5)
    flow = fd.descend(WELLS, cycles(run, every(run))[1], fd.GradientFlow())
    np.testing.assert_allclose(flow.x, [[np.sqrt(0.5)]], atol=1e-6)


def test_in_float32() -> None:
    assert_cycle(run_from(WELLS, fd.GD(0.505), [0.3], dtype=np.float32), [[0.66930], [0.73966]], atol=1e-5)


def test_just_beyond_the_limit() -> None:
    lr = 2.01 / SLOPES.hessian([BOTTOM])[0, 0]
    assert_cycle(run_from(SLOPES, fd.GD(lr), [1.0]), [[1.5581], [1.9066]], atol=1e-4)


def test_a_minimum_of_himmelblau_that_repels() -> None:
    run = run_from(HIMMELBLAU, fd.GD(0.017), [-3.5, -3.3], [-3.7, -3.2])
    assert_cycle(run, [[-2.922, -3.555], [-4.210, -2.694]], atol=1e-3)


@pytest.mark.parametrize("x0", [0.5, 1.2, 0.1])
def test_period_three(x0: float) -> None:
    run = run_from(CUBIC, fd.GD(2.835), [x0])
    period, mean = cycles(run, every(run))
    points = run.x[0, 0] + np.zeros(3)
    for k in (1, 2):
        points[k] = points[k - 1] - 2.835 * (points[k - 1] ** 2 - points[k - 1])
    assert period.tolist() == [3]
    np.testing.assert_allclose(mean[0, 0], points.mean(), rtol=1e-9)


def test_heavy_ball_needs_its_velocity() -> None:
    run = run_from(BENT, HEAVY_BALL, [3.3])
    assert_cycle(run, [[792 / 1225], [-2208 / 1225], [2592 / 1225]], rtol=1e-9)
    assert cycles(replace(run, _state=None), every(run))[0].tolist() == [0]


def test_each_trajectory_has_its_own_step_and_its_own_period() -> None:
    run = run_from(fd.surface("(x**2 - 1)**2/4"), fd.GD([0.5, 1.1, 1.24, 1.5]), *[[0.6]] * 4, gtol=None)
    assert cycles(run, np.array([3, 2, 1, 0, 2]))[0].tolist() == [0, 4, 2, 0, 4]


def test_schedules_continue() -> None:
    run = run_from(WELLS, fd.GD(lambda t: 0.505 if t < 10_000 else 0.1), [0.3])
    assert cycles(run, every(run))[0].tolist() == [0]
    run = run_from(WELLS, fd.GD(lambda t: 0.1 + 0.405 * (t > 50)), [0.3], gtol=None)
    assert cycles(run, every(run))[0].tolist() == [2]
    assert cycles(pickle.loads(pickle.dumps(run)), every(run))[0].tolist() == [2]


# ------------------------------------------------------------------------------------------------- no cycles
@pytest.mark.parametrize("part_of_limit", [0.9, 0.99, 0.9999, 0.999999])
def test_slow_convergence_is_no_cycle(part_of_limit: float) -> None:
    lr = part_of_limit * 2 / SLOPES.hessian([BOTTOM])[0, 0]
    run = run_from(SLOPES, fd.GD(lr), [1.0], [BOTTOM + 1e-4], max_steps=1000, gtol=None)
    assert cycles(run, every(run))[0].tolist() == [0, 0]


def test_rest_chaos_and_descent_are_no_cycles() -> None:
    for optimizer in (fd.GD(0.1), fd.GD(0.9), fd.GD(1e-4), fd.Adam(1e-3)):
        run = run_from(WELLS, optimizer, [0.3], max_steps=1000, gtol=None)
        period, mean = cycles(run, every(run))
        assert period.tolist() == [0]
        assert np.array_equal(mean, run.x)


def test_never_with_noise_or_after_another_end() -> None:
    assert cycles(run_from(WELLS, fd.GD(0.505), [0.3], noise=1e-12), np.array([0]))[0].tolist() == [0]
    run = run_from(WELLS, fd.GD(0.505), [0.3], [0.0])
    assert cycles(run, every(run))[0].tolist() == [2, 0]


def test_walls_take_part() -> None:
    run = run_from(fd.surface("-x**2", window=(-1, 1)), fd.GD(0.1), [0.3], bounds=(-1, 1), boundary="wrap")
    assert cycles(run, every(run))[0].tolist() == [0]
    run = run_from(fd.surface("x**2/2"), fd.GD(3.0), [0.3], bounds=(-1, 1))
    assert_cycle(run, [[-1.0], [1.0]], atol=1e-15)


# ------------------------------------------------------------------------------------------------- what is kept
def test_the_state_of_those_that_max_steps_ended() -> None:
    starts = fd.grid(HIMMELBLAU.window, (20, 20))
    run = fd.descend(HIMMELBLAU, starts, fd.Momentum(0.004), max_steps=300)
    cut = run.status == fd.Status.MAX_STEPS
    assert 0 < cut.sum() < cut.size
    assert run._state is not None
    whole = fd.descend(HIMMELBLAU, starts, fd.Momentum(0.004), max_steps=300, keep_state=True)
    assert whole._kept is not None
    assert np.array_equal(run._state["state.v"], whole._kept[1][cut.ravel(), 2:4])
    assert np.array_equal(pickle.loads(pickle.dumps(run))._state["state.v"], run._state["state.v"])
    longer = fd.resume(whole, max_steps=310)
    n_cut = np.count_nonzero(longer.status == fd.Status.MAX_STEPS)
    assert longer._state is not None
    assert longer._state["state.v"].shape == (n_cut, 2)


def test_nothing_is_kept_without_need() -> None:
    assert run_from(WELLS, fd.GD(0.505), [0.3])._state == {}
    assert run_from(WELLS, fd.Adam(0.1), [0.3], noise=0.1, max_steps=10)._state is None
    assert run_from(WELLS, fd.Langevin(0.1), [0.3], max_steps=10)._state is None
    kept = run_from(WELLS, fd.Adam(0.1), [0.3])._state
    assert kept == {}


# --------------------------------------------------------------------------------------------------- progress
@pytest.mark.parametrize(
    ("optimizer", "max_steps", "expected"),
    [
        (fd.GD(1e-4), 1000, True),
        (fd.GD(0.1), 3, True),
        (fd.Adam(0.001), 50, True),
        (fd.GD(0.505), 5000, False),
        (fd.GD(lambda t: 0.505), 5000, False),
        (fd.GD(0.9), 5000, False),
    ],
)
def test_progress(optimizer: Any, max_steps: int, expected: bool) -> None:
    run = run_from(WELLS, optimizer, [0.3], max_steps=max_steps)
    assert moves_on(run, every(run)).tolist() == [expected]


def test_progress_where_only_the_gradient_tells() -> None:
    run = run_from(fd.surface("1e9 + x**2"), fd.GD(0.01), [1e-5], max_steps=10, gtol=None)
    assert moves_on(run, every(run)).tolist() == [True]


def test_no_trajectories() -> None:
    run, none = run_from(WELLS, fd.GD(0.1), [0.3]), np.zeros(0, np.int64)
    assert cycles(run, none)[0].shape == moves_on(run, none).shape == (0,)
