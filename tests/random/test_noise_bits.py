"""Noise has the same bits whatever runs it; kinds of noise have the distributions that they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
from support import parity, reference
from support.available import ENGINES, ISAS, USUAL
from support.programs.floats import DTYPES

import fastdescent as fd

HIMMELBLAU = fd.surfaces.himmelblau()
KINDS: dict[str, Any] = {
    "number": 3.0,
    "lanes": np.linspace(0.0, 5.0, 101),
    "coordinates": np.array([[0.5, 4.0]]),
    "schedule": lambda t: 5.0 / (1 + 0.1 * t),
    "uniform": fd.noise.uniform(2.0),
    "rademacher": fd.noise.rademacher(2.0),
    "student": fd.noise.student(0.5, df=3.0),
    "multiplicative": fd.noise.multiplicative(0.5),
    "own": lambda x, g, t, rng: rng.integers(3, size=2) - 1.0 + 0.1 * x * rng.uniform(-1.0, 1.0),
}


def run(noise: Any, dtype: str = "float64", part: slice = slice(None), **options: Any) -> fd.Descent:
    x0 = parity.starts(HIMMELBLAU, 101, dtype)[part]
    given = {"seed": 2**63 + 7, "max_steps": 60, "gtol": None, "escape_radius": 9.0} | options
    return fd.descend(HIMMELBLAU, x0, fd.Momentum(lr=0.002), noise=noise, **given)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_engines_instruction_sets_threads_and_lanes(kind: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = run(KINDS[kind], dtype, engine=USUAL, n_threads=1)
    assert not np.array_equal(wanted.x, run(None, dtype).x)
    for isa in ISAS:
        monkeypatch.setenv("FASTDESCENT_ISA", isa)
        for engine in ENGINES:
            assert parity.same_bits(run(KINDS[kind], dtype, engine=engine, n_threads=2), wanted), (isa, engine)
    monkeypatch.setenv("FASTDESCENT_LANES", "3")
    assert parity.same_bits(run(KINDS[kind], dtype, engine=USUAL, n_threads=3), wanted)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "lanes"])
def test_parts(kind: str) -> None:
    whole, noise = run(KINDS[kind], keep_state=True), KINDS[kind]
    for cut in (0, 1, 64, 101):
        first, rest = run(noise, part=slice(cut)), run(noise, part=slice(cut, None), first_index=cut)
        assert whole.x.tobytes() == first.x.tobytes() + rest.x.tobytes()
    for steps in (0, 1, 31):
        assert parity.same_bits(fd.resume(run(noise, max_steps=steps, keep_state=True), max_steps=60), whole)
    swarm = fd.Swarm(HIMMELBLAU, parity.starts(HIMMELBLAU, 101, "float64"), fd.Momentum(lr=0.002), noise=noise,
                     seed=2**63 + 7, max_steps=60, gtol=None, escape_radius=9.0)  # fmt: skip
    for n in (1, 0, 13, 46):
        swarm.step(n)
    assert swarm.x.tobytes() == whole.x.tobytes()


def test_recorded_runs_and_those_beyond_a_known_region() -> None:
    """Trajectories whose steps are made again with f keep their indices."""
    s, x0 = fd.surface("x**4 + y**4 - x*y"), fd.grid(((-9, 9), (-9, 9)), (12, 12))
    given: dict[str, Any] = {"noise": 0.5, "gtol": None, "escape_radius": None, "max_steps": 30, "seed": 1}
    wanted = fd.descend(s, x0, fd.GD(lr=0.02), engine=USUAL, ftol=0.0, **given)
    assert len(set(wanted.status.ravel().tolist())) > 1
    for engine in ENGINES:
        found = fd.descend(s, x0, fd.GD(lr=0.02), engine=engine, record=1, **given)
        assert found.x.tobytes() == wanted.x.tobytes()


def test_all_calls_of_a_step_have_one_noise_unless_they_ask_for_another() -> None:
    @fd.optimizer
    def sampled(x: Any, grad: Any, state: Any, t: Any) -> Any:
        a, b, c = grad(x), grad(2 * x), grad(x, sample=255)
        return np.stack([(a - b)[0], c[0]]), {}

    s = fd.surface("x + 2*y")
    found = fd.descend(s, np.ones((7, 2)), sampled(), noise=0.5, seed=6, max_steps=3, gtol=None).x
    xi = reference.normals(6, np.arange(7), 2, reference.NOISE, 2, first=255 << 16)
    np.testing.assert_allclose(found, np.stack([np.zeros(7), 1 + 0.5 * xi[:, 0]], axis=1), atol=1e-13)


# ---------------------------------------------------------------------- distributions
N_RUNS = 40_000


def draws(noise: Any) -> Any:
    """What is added to one gradient of (1, 2), by its components."""

    @fd.optimizer
    def gradient(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return grad(x), {}

    s = fd.surface("x + 2*y")
    return fd.descend(s, np.zeros((N_RUNS, 2)), gradient(), noise=noise, max_steps=1, gtol=None, seed=8).x - [1.0, 2.0]


@pytest.mark.parametrize(
    ("kind", "distribution", "kurtosis"),
    [
        (fd.noise.gaussian, scipy.stats.norm(scale=0.3), 3.0),
        (fd.noise.uniform, scipy.stats.uniform(-0.3 * 3**0.5, 2 * 0.3 * 3**0.5), 1.8),
        (lambda sigma: fd.noise.student(sigma, df=9.0), scipy.stats.t(9, scale=0.3), 4.2),
    ],
)
def test_distributions(kind: Any, distribution: Any, kurtosis: float) -> None:
    """Kolmogorov and Smirnov; the variance within 4 deviations of its own; components that are not correlated."""
    found, variance = draws(kind(0.3)), distribution.var()
    for component in found.T:
        assert scipy.stats.kstest(component, distribution.cdf).pvalue > 1e-4
        assert abs(component.mean()) <= 4 * np.sqrt(variance / N_RUNS)
        assert abs(np.mean(component**2) - variance) <= 4 * variance * np.sqrt((kurtosis - 1) / N_RUNS)
    assert abs(np.mean(found[:, 0] * found[:, 1])) <= 4 * variance / np.sqrt(N_RUNS)


def test_signs() -> None:
    found = draws(fd.noise.rademacher(0.25))
    assert set(found.ravel().tolist()) == {-0.25, 0.25}
    for signs in (found[:, 0], found[:, 1], found[:, 0] * found[:, 1] * 4):
        assert abs(signs.mean()) <= 4 * 0.25 / np.sqrt(N_RUNS)


def test_multiplicative_noise_is_proportional_to_the_gradient() -> None:
    found = draws(fd.noise.multiplicative(0.3)) / [1.0, 2.0]
    for component in found.T:
        assert abs(np.mean(component**2) - 0.09) <= 4 * 0.09 * np.sqrt(2 / N_RUNS)


@pytest.mark.parametrize("df", [1.0, 2.0, 3.5, 30.0])
def test_students_t(df: float) -> None:
    for component in draws(fd.noise.student(2.0, df=df)).T:
        assert scipy.stats.kstest(component / 2, scipy.stats.t(df).cdf).pvalue > 1e-4
