"""Noisy descent does what theory says that it does, within four standard deviations of what was simulated.

Seeds are fixed. Where a formula is of continuous time, the theory of the discrete steps stands in its place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd

N = 40_000
FREE: dict[str, Any] = {"gtol": None, "escape_radius": None, "seed": 1}


def assert_variance(x: Any, wanted: float) -> None:
    """Of numbers with mean zero, of any distribution."""
    squares = x**2
    assert abs(squares.mean() - wanted) <= 4 * squares.std() / np.sqrt(x.size)


# ---------------------------------------------------------------------- quadratics
@pytest.mark.parametrize("curvature", [0.5, 2.0])
@pytest.mark.parametrize("step", [0.1, 0.5, 1.0, 1.5, 1.9])
def test_stationary_variance_of_noisy_descent(step: float, curvature: float) -> None:
    """x <- (1 - lr k) x - lr sigma xi has the variance lr sigma^2 / (k (2 - lr k)); step = lr k."""
    lr, sigma = step / curvature, 0.3
    s = fd.surface("0.5*k*x**2", k=curvature)
    steps = 200  # |1 - lr k|^400 < 1e-18
    run = fd.descend(s, np.zeros((N, 1)), fd.GD(lr=lr), noise=sigma, max_steps=steps, **FREE)
    wanted = lr * sigma**2 / (curvature * (2 - lr * curvature))
    assert_variance(run.x, wanted)
    assert abs(run.x.mean()) <= 4 * np.sqrt(wanted / N)
    assert abs(run.fun.mean() - 0.5 * curvature * wanted) <= 4 * run.fun.std() / np.sqrt(N)


@pytest.mark.parametrize("size", [1, 4])
def test_stationary_variance_of_minibatches(size: int) -> None:
    """Of f = mean of k (x - a)^2 / 2: the gradient's noise has the variance k^2 var(a) / b, wherever x is."""
    a = np.random.default_rng(0).standard_gamma(2.0, 30)
    a -= a.mean()
    k, lr = 2.0, 0.2
    s = fd.finite_sum(lambda x, a: np.mean(0.5 * k * (x[0] - a) ** 2), dim=1, data=(a,))
    run = fd.descend(s, np.zeros((N, 1)), fd.SGD(lr=lr), batch_size=size, max_steps=60, **FREE)
    assert_variance(run.x, lr * (k**2 * a.var() / size) / (k * (2 - lr * k)))


def test_momentum_widens_it() -> None:
    """Of v <- m v + g + noise, x <- x - lr v, by the covariance that the step maps to itself."""
    k, lr, m, sigma = 1.0, 0.1, 0.9, 0.3
    run = fd.descend(fd.surface("0.5*x**2"), np.zeros((N, 1)), fd.SGD(lr=lr, momentum=m), noise=sigma, max_steps=400,
                     **FREE)  # fmt: skip
    step, push = np.array([[1 - lr * k, -lr * m], [k, m]]), np.array([-lr, 1.0]) * sigma
    kron = np.eye(4) - np.kron(step, step)
    covariance = np.linalg.solve(kron, np.outer(push, push).ravel()).reshape(2, 2)
    assert_variance(run.x, covariance[0, 0])


@pytest.mark.parametrize("temperature", [0.1, 2.0])
def test_langevin_dynamics_have_a_temperature(temperature: float) -> None:
    """In a harmonic well <x^2> is T / k, by Euler's steps T / (k (1 - lr k / 2))."""
    k, lr = 2.0, 0.1
    run = fd.descend(fd.surface("x**2"), np.zeros((N, 1)), fd.Langevin(lr=lr, temperature=temperature), max_steps=100,
                     **FREE)  # fmt: skip
    assert_variance(run.x, temperature / (k * (1 - lr * k / 2)))


# ---------------------------------------------------------------------- a saddle
LR, RADIUS = 0.01, 1.0
GROWTH = 1 + 2 * LR


def escape_times(sigma: float, seed: int) -> Any:
    """Steps until |y| > RADIUS."""
    run = fd.descend(fd.surface("x**2 - y**2"), np.zeros((20_000, 2)), fd.GD(lr=LR), noise=sigma, gtol=None, seed=seed,
                     escape_radius=None, bounds=(-RADIUS, RADIUS), boundary="stop", max_steps=10_000)  # fmt: skip
    assert np.all(run.status == fd.Status.LEFT_BOX)
    return run.nit


@pytest.mark.parametrize("sigma", [1e-2, 1e-4, 1e-8])
def test_the_time_in_which_noise_leaves_a_saddle(sigma: float) -> None:
    """y after t steps is s (1 + 2 lr)^t Z, s = lr sigma / sqrt((1 + 2 lr)^2 - 1), Z normal: it is beyond r after
    log(r / (s |Z|)) / log(1 + 2 lr) steps, rounded up. The mean of log |Z| is -(gamma + log 2) / 2, its variance is
    pi^2 / 8.
    """
    size = LR * sigma / np.sqrt(GROWTH**2 - 1)
    mean = (np.log(RADIUS / size) + (np.euler_gamma + np.log(2)) / 2) / np.log(GROWTH) + 0.5
    deviation = np.pi / np.sqrt(8) / np.log(GROWTH)
    times = escape_times(sigma, seed=2)
    assert abs(times.mean() - mean) <= 4 * deviation / np.sqrt(times.size)


def test_it_grows_with_the_logarithm_of_the_noise() -> None:
    """A tenth of the noise takes log 10 / log(1 + 2 lr) steps more."""
    fast, slow = escape_times(1e-3, seed=3), escape_times(1e-4, seed=4)
    error = np.sqrt((fast.var() + slow.var()) / fast.size)
    assert abs(slow.mean() - fast.mean() - np.log(10) / np.log(GROWTH)) <= 4 * error


# ---------------------------------------------------------------------- Kramers
TEMPERATURE, STEP, LEFT, RIGHT = 0.25, 0.01, -2.5, 0.5
BARRIERS = (0.75, 1.25)


def mean_steps(barrier: float) -> float:
    """From -1 to beyond RIGHT: the mean number of steps m of the discrete chain, which satisfies m = 1 + P m."""
    edges = np.linspace(LEFT, RIGHT, 1501)
    x, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    deviation = np.sqrt(2 * STEP * TEMPERATURE)
    mean = x - STEP * barrier * 4 * x * (x**2 - 1)
    transition = np.exp(-0.5 * ((x - mean[:, np.newaxis]) / deviation) ** 2) * width / (deviation * np.sqrt(2 * np.pi))
    steps = np.linalg.solve(np.eye(len(x)) - transition, np.ones(len(x)))
    return float(np.interp(-1.0, x, steps))


def kramers(barrier: float) -> float:
    """The mean time in continuous time, for barriers that are high: 2 pi / sqrt(f''(-1) |f''(0)|) exp(barrier / T)."""
    return 2 * np.pi / np.sqrt(8 * barrier * 4 * barrier) * np.exp(barrier / TEMPERATURE)


def simulated(barrier: float) -> Any:
    s = fd.surface("h*(x**2 - 1)**2", h=barrier)
    run = fd.descend(s, np.full((4000, 1), -1.0), fd.Langevin(lr=STEP, temperature=TEMPERATURE), gtol=None, seed=5,
                     escape_radius=None, bounds=(-9.0, RIGHT), boundary="stop", max_steps=1_000_000)  # fmt: skip
    assert np.all(run.status == fd.Status.LEFT_BOX)
    return run.nit


def test_kramers() -> None:
    """Times over two barriers are those of the chain, and their ratio is about Kramers'."""
    low, high = (simulated(barrier) for barrier in BARRIERS)
    theory = [mean_steps(barrier) for barrier in BARRIERS]
    for times, mean in zip((low, high), theory, strict=True):
        assert abs(times.mean() - mean) <= 4 * times.std() / np.sqrt(times.size)
    error = np.sqrt(low.var() / low.mean() ** 2 + high.var() / high.mean() ** 2) / np.sqrt(low.size)
    ratio, asymptotic = high.mean() / low.mean(), kramers(BARRIERS[1]) / kramers(BARRIERS[0])
    assert abs(ratio / (theory[1] / theory[0]) - 1) <= 4 * error
    assert abs(theory[1] / theory[0] / asymptotic - 1) <= 0.05  # these barriers are 3 and 5 T high
    assert abs(ratio / asymptotic - 1) <= 4 * error + 0.05


def test_times_over_a_barrier_are_exponential() -> None:
    """The deviation of an exponential time is its mean; that of its estimate is the mean times sqrt(2 / n)."""
    times = simulated(BARRIERS[1])
    assert abs(times.std() / times.mean() - 1) <= 4 * np.sqrt(2 / times.size) + 0.02  # the way down the well
