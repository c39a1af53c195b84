"""What reductions show of descent: cycles, chaos, curvature at the edge of stability, catapults."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.available import ENGINES

import fastdescent as fd

WELLS = fd.surface("(x**2 - 1)**2/4")
CUBIC = fd.surface("x**3/3 - x**2/2")


def late(surface: fd.Surface, x0: float, lr: Any, reduce: list[Any], n: int = 20_000, **options: Any) -> fd.Descent:
    lr = np.asarray(lr, dtype=float)
    starts = np.full((lr.size, 1), x0)
    return fd.descend(surface, starts, fd.GD(lr=lr), max_steps=n, gtol=None, reduce=reduce, **options)


@pytest.mark.parametrize("engine", ENGINES)
def test_two_wells_double_their_period(engine: str) -> None:
    run = late(WELLS, 0.6, [0.9, 1.1, 1.24, 1.5], [fd.reduce.period()], engine=engine)
    assert run.reduced["period"].tolist() == [1, 2, 4, 0]


def test_two_wells_are_both_visited_above_a_crisis_and_none_above_two() -> None:
    lr = np.array([1.55, 1.59, 1.5975, 1.5990, 1.62, 1.7, 1.9, 1.99])
    both = fd.reduce.count(lambda x, x_previous: x[0] * x_previous[0] < 0.0, name="crossings")
    run = late(WELLS, 0.6, lr, [both, fd.reduce.lyapunov(after=1000)], n=200_000)
    np.testing.assert_array_equal(run.reduced["crossings"] > 0, lr > 1.5981)
    assert np.all(run.reduced["lyapunov"][lr != 1.7] > 0)  # which is in a periodic window
    starts = np.linspace(0.05, 1.4, 50)[:, None]
    beyond = fd.descend(WELLS, starts, fd.GD(lr=2.01), max_steps=100_000, gtol=None)
    assert np.all(beyond.status == fd.Status.DIVERGED)
    within = fd.descend(WELLS, starts, fd.GD(lr=1.99), max_steps=100_000, gtol=None)
    assert np.all(within.status == fd.Status.MAX_STEPS)


def test_the_cubic_has_a_window_of_period_three_and_chaos() -> None:
    run = late(CUBIC, 0.6, np.linspace(2.83, 2.84, 11), [fd.reduce.period(), fd.reduce.lyapunov(after=1000)])
    assert set(run.reduced["period"]) == {3}
    assert np.all(run.reduced["lyapunov"] < 0)
    run = late(CUBIC, 0.6, [2.56, 2.60], [fd.reduce.lyapunov(after=1000)], n=100_000)
    stable, chaotic = run.reduced["lyapunov"]
    assert stable == pytest.approx(-0.077, abs=5e-4)
    assert chaotic > 0.1


def test_exponents_are_those_of_the_derivative_along_the_path() -> None:
    run = late(CUBIC, 0.6, [2.56, 2.60, 2.7], [fd.reduce.lyapunov(after=50)], n=500, record=1)
    x = run.path.x[:, 50:-1, 0]
    lr = np.array([[2.56], [2.60], [2.7]])
    factor = np.log(np.abs(1.0 - lr * (2.0 * x - 1.0)))
    np.testing.assert_allclose(run.reduced["lyapunov"], factor.mean(axis=1), rtol=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
def test_heavy_ball_cycles_where_gradient_descent_converges(engine: str) -> None:
    """Lessard, Recht and Packard, SIAM J. Optim. 26(1), 2016."""
    s = fd.surface("where(x < 1, 12.5*x**2, where(x < 2, 0.5*x**2 + 24*x - 12, 12.5*x**2 - 24*x + 36))")
    rule = fd.Momentum(lr=1 / 9, momentum=4 / 9)
    reduce = [fd.reduce.period(), fd.reduce.max("x"), fd.reduce.tail_mean("x", 3)]
    run = fd.descend(s, [3.3], rule, max_steps=3000, gtol=None, reduce=reduce, record=1, engine=engine)
    assert run.reduced["period"] == 3
    cycle = np.array([-2208, 792, 2592]) / 1225
    np.testing.assert_allclose(np.sort(run.path.x[0, -3:, 0]), cycle, rtol=1e-12)
    assert run.reduced["tail_mean_x"][0] == pytest.approx(cycle.mean(), rel=1e-12)


def test_periods_of_rotations_and_short_runs() -> None:
    @fd.optimizer
    def turn(x: Any, grad: Any, state: Any, t: Any, *, c: float = 0.0, s: float = 1.0) -> Any:
        return np.stack([c * x[0] - s * x[1], s * x[0] + c * x[1]]) + 0 * grad(x), {}

    flat = fd.surface("0*x + 0*y")
    for k in (1, 2, 3, 5, 12, 63, 64, 65):
        angle = 2 * np.pi / k
        run = fd.descend(flat, [1.0, 0.3], turn(c=np.cos(angle), s=np.sin(angle)), max_steps=1000, gtol=None,
                         reduce=[fd.reduce.period(64), fd.reduce.period(k, name="enough")])  # fmt: skip
        assert run.reduced["period"] == (k if k <= 64 else 0)
        assert run.reduced["enough"] == k
    irrational = fd.descend(flat, [1.0, 0.3], turn(c=np.cos(1.0), s=np.sin(1.0)), max_steps=1000, gtol=None,
                            reduce=[fd.reduce.period(300)])  # fmt: skip
    assert irrational.reduced["period"] == 0
    none = fd.descend(flat, [1.0, 0.3], turn(), max_steps=0, reduce=[fd.reduce.period()])
    assert none.reduced["period"] == 0


def test_curvature_is_that_of_the_hessian() -> None:
    s = fd.surfaces.rosenbrock(dim=6)
    x0 = np.asarray(fd.uniform(s.window, 30, seed=1))
    reduce = [fd.reduce.sharpness(every=10), fd.reduce.index(every=10)]
    reduce += [fd.reduce.sharpness(every=1, take="max", name="m")]
    reduce += [fd.reduce.sharpness(every=10, take="mean", name="mean")]
    run = fd.descend(s, x0, fd.GD(lr=1e-4), max_steps=55, gtol=None, reduce=reduce, record=1)
    eigenvalues = np.linalg.eigvalsh(s.hessian(run.path.x))
    np.testing.assert_allclose(run.reduced["sharpness"], eigenvalues[:, -1, -1], rtol=1e-13)
    np.testing.assert_allclose(run.reduced["m"], eigenvalues[:, :, -1].max(axis=1), rtol=1e-13)
    looks = eigenvalues[:, [*range(0, 55, 10), 55], -1]
    np.testing.assert_allclose(run.reduced["mean"], looks.mean(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(run.reduced["index"], (eigenvalues[:, -1] < 0).sum(axis=1))


def test_the_largest_eigenvalue_is_the_algebraic_one() -> None:
    """Of spectra with large negative, equal and no eigenvalues; a diagonal Hessian whose axes overtake one another."""
    spectra = [np.linspace(-100.0, -1.0, 40), np.r_[-50.0, np.ones(39)], np.zeros(40), np.full(40, -2.0)]
    for spectrum in spectra:
        q = np.linalg.qr(np.random.default_rng(0).normal(size=(40, 40)))[0]
        h = (q * spectrum) @ q.T
        s = fd.surface(lambda x, h=h: 0.5 * x @ (h @ x), dim=40)
        reduce = [fd.reduce.sharpness(every=1), fd.reduce.index(every=1)]
        run = fd.descend(s, np.full(40, 1e-3), fd.GD(lr=1e-4), max_steps=20, gtol=None, reduce=reduce)
        assert run.reduced["sharpness"] == pytest.approx(spectrum.max(), abs=1e-6)
        assert run.reduced["index"] == np.sum(spectrum < 0)
    quartic = fd.surface(lambda x: np.sum(np.arange(1.0, 31.0) * x**4), dim=30)
    x0 = np.random.default_rng(1).uniform(0.1, 1.0, 30)
    run = fd.descend(quartic, x0, fd.GD(lr=1e-3), max_steps=200, gtol=None, reduce=[fd.reduce.sharpness(every=2)])
    assert run.reduced["sharpness"] == pytest.approx(np.linalg.eigvalsh(quartic.hessian(run.x)).max(), rel=1e-6)


@pytest.mark.parametrize("lr", [0.2, pytest.param(0.1, marks=pytest.mark.exhaustive)])
def test_a_network_is_trained_at_the_edge_of_stability(lr: float) -> None:
    x = np.linspace(-1, 1, 20)
    loss = fd.surfaces.mlp((1, 10, 10, 1), "tanh", data=(x[:, None], np.cos(4 * np.arccos(x))))
    start = fd.surfaces.xavier((1, 10, 10, 1), 1, seed=0)
    swarm = fd.Swarm(loss, start, fd.GD(lr=lr), gtol=None, reduce=[fd.reduce.sharpness(every=50)])
    at_first = swarm.reduced["sharpness"][0] * lr
    found = [swarm.reduced["sharpness"][0] * lr for _ in range(120) if swarm.step(50)]
    exact = np.linalg.eigvalsh(loss.hessian(swarm.x[0]))[-1] * lr
    assert found[-1] == pytest.approx(exact, rel=1e-9)
    assert at_first < 1.7
    assert np.all(np.abs(np.array(found[-40:]) - 2.0) < 0.1)


def test_a_linear_network_goes_from_saddle_to_saddle() -> None:
    scale = np.sqrt(3.0)
    s = fd.surfaces.deep_linear((3, 3, 3), data=(scale * np.eye(3), scale * np.diag([4.0, 2.0, 1.0])))
    start = fd.surfaces.he((3, 3, 3), 1, gain=1e-8, bias=False, seed=1)
    swarm = fd.Swarm(s, start, fd.GD(lr=0.02), gtol=None, reduce=[fd.reduce.index(every=10, rtol=1e-3)])
    at_saddles = {}
    for t in (0, 350, 800, 1490):
        swarm.step(t - swarm.steps)
        at_saddles[round(float(s(swarm.x)[0]), 2)] = int(swarm.reduced["index"][0])
    assert at_saddles == {10.5: 9, 2.5: 4, 0.5: 1, 0.0: 0}  # half the squares of modes not yet learnt; their number^2


@pytest.mark.exhaustive
def test_catapults_of_a_wide_linear_network() -> None:
    """f = u.v / sqrt(n) on one sample, x = 1 and y = 0, from standard normal weights: L = f^2 / 2.

    Lewkowycz, Bahri, Dyer, Sohl-Dickstein and Gur-Ari, The large learning rate phase of deep learning: the catapult
    mechanism, 2020: at lr * lambda_0 < 2 it converges at once, up to 4 by a catapult, above 4 it diverges.
    """
    n, n_seeds = 1000, 200
    s = fd.surface(lambda w: 0.5 * (w[:n] @ w[n:]) ** 2 / n, dim=2 * n)
    x0 = np.random.default_rng(5).normal(size=(n_seeds, 2 * n))
    curvature = np.sum(x0**2, axis=1) / n
    for product in (3.5, 3.8, 3.95, 3.99, 3.999, 4.001, 4.01, 4.1):
        run = fd.descend(s, x0, fd.GD(lr=product / curvature), max_steps=50_000, escape_radius=1e6)
        share = run.success.mean()
        assert share >= 0.97 if product < 4 else share == 0.0, (product, share)


def test_curvature_of_one_coordinate_without_steps_and_of_none() -> None:
    reduce = [
        fd.reduce.sharpness(every=3),
        fd.reduce.index(every=3),
        fd.reduce.sharpness(every=3, take="mean", name="m"),
    ]
    line = fd.descend(CUBIC, [[0.25], [1.0]], fd.GD(lr=0.1), max_steps=0, gtol=None, reduce=reduce)
    np.testing.assert_allclose(line.reduced["sharpness"], [-0.5, 1.0], rtol=1e-15)
    np.testing.assert_array_equal(line.reduced["index"], [1, 0])
    np.testing.assert_array_equal(line.reduced["m"], line.reduced["sharpness"])
    none = fd.descend(CUBIC, np.zeros((0, 1)), fd.GD(lr=0.1), reduce=reduce)
    assert all(values.shape == (0,) for values in none.reduced.values())


def test_curvature_that_is_not_finite_is_nan_and_goes_on() -> None:
    s = fd.surface("log(x)**2 + y**2", window=((0, 2), (0, 2)))
    reduce = [
        fd.reduce.sharpness(every=1),
        fd.reduce.sharpness(every=1, take="max", name="m"),
        fd.reduce.index(every=1),
    ]
    run = fd.descend(s, [[-1.0, 1.0], [0.5, 0.5]], fd.GD(lr=0.1), max_steps=5, gtol=None, reduce=reduce)
    assert run.status[0] == fd.Status.UNDEFINED
    for name in ("sharpness", "m", "index"):
        assert np.isnan(run.reduced[name][0])
        assert np.isfinite(run.reduced[name][1])
