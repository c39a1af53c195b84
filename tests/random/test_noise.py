"""The options noise= and average=: what they mean, what results say of them, pickles."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support import parity, reference
from support.available import ENGINES
from support.programs.exact_engine import descend_exactly

import fastdescent as fd

LINEAR = fd.surface("x + 2*y")
SLOPE = np.array([1.0, 2.0])
N = 5
X0 = np.random.default_rng(0).uniform(-1, 1, (N, 2))
INDEX = np.arange(N)


def cooling(t: Any) -> Any:
    return 0.3 / (1 + t)


def push(x: Any, g: Any, t: Any, rng: Any) -> Any:
    """Noise of one's own: of all its arguments."""
    return 0.1 * x + 0.5 * g + 0.01 * t + rng.uniform(size=2)


def run(noise: Any, **options: Any) -> fd.Descent:
    return fd.descend(LINEAR, X0, fd.GD(lr=0.1), noise=noise, **{"seed": 3, "max_steps": 4, "gtol": None} | options)


def expected(sigma: Any, steps: int = 4) -> Any:
    """Gradient descent with normal numbers of deviation sigma(t)."""
    x = X0
    for t in range(steps):
        xi = reference.normals(3, INDEX, t, reference.NOISE, 2)
        x = x - 0.1 * (SLOPE + (sigma(t) if callable(sigma) else sigma) * xi)
    return x


PER_TRAJECTORY, PER_COORDINATE = np.linspace(0, 1, N), np.array([[0.5, 2.0]])


@pytest.mark.parametrize(
    ("noise", "sigma"),
    [
        (0.3, 0.3),
        (np.float32(0.25), 0.25),
        (np.array(0.3), 0.3),
        (PER_TRAJECTORY, PER_TRAJECTORY[:, np.newaxis]),
        (PER_TRAJECTORY.tolist(), PER_TRAJECTORY[:, np.newaxis]),
        (PER_COORDINATE, PER_COORDINATE),
        (np.outer(PER_TRAJECTORY, [1.0, 3.0]), np.outer(PER_TRAJECTORY, [1.0, 3.0])),
        (cooling, cooling),
        (fd.noise.gaussian(0.3), 0.3),
        (fd.noise.gaussian(PER_COORDINATE), PER_COORDINATE),
        (fd.noise.multiplicative(0.5), 0.5 * SLOPE),
        (lambda x, g, t, rng: 0.3 * rng.standard_normal(g.shape), 0.3),
        (lambda x, g, t, rng: rng.normal(0.0, 0.3, size=2), 0.3),
    ],
)
def test_deviations(noise: Any, sigma: Any) -> None:
    np.testing.assert_allclose(run(noise).x, expected(sigma), rtol=1e-13)


def test_one_number_is_added_to_all_components() -> None:
    x = X0
    for t in range(4):
        x = x - 0.1 * (SLOPE + reference.normals(3, INDEX, t, reference.NOISE, 1))
    np.testing.assert_allclose(run(lambda x, g, t, rng: rng.standard_normal()).x, x, rtol=1e-13)


def test_noise_of_ones_own() -> None:
    x = X0
    for t in range(4):
        u = reference.uniforms(3, INDEX, t, reference.NOISE, 2)
        x = x - 0.1 * (SLOPE + 0.1 * x + 0.5 * SLOPE + 0.01 * t + u)
    np.testing.assert_allclose(run(push).x, x, rtol=1e-13)


@pytest.mark.parametrize("nothing", [None, 0, 0.0, np.float64(0)])
def test_no_noise_is_an_exact_gradient(nothing: Any) -> None:
    found = run(nothing)
    assert found.gradient == "exact"
    assert parity.same_bits(found, run(None))


def test_fun_and_stops_are_noiseless() -> None:
    """f and the gradient's norm at the ends have none; gtol tests the noiseless gradient, if it is asked for."""
    s = fd.surfaces.sphere(dim=2)
    found = fd.descend(s, X0, fd.GD(lr=0.1), noise=0.3, max_steps=50)
    assert np.array_equal(found.fun, s(found.x))
    assert np.all(found.status == fd.Status.MAX_STEPS)
    stops = fd.descend(s, X0, fd.GD(lr=0.1), noise=0.3, max_steps=5000, gtol=0.05)
    assert np.all(stops.status == fd.Status.CONVERGED)
    assert np.all(stops.grad_norm <= 0.05)


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        (0.1, "noise 0.1"),
        (np.float32(0.5), "noise 0.5"),
        (fd.noise.gaussian(2), "noise 2"),
        (cooling, "noise gaussian(sigma=<schedule cooling>)"),
        (PER_TRAJECTORY, "noise gaussian(sigma=array([0.  , 0.25, 0.5 , 0.75, 1.  ]))"),
        (fd.noise.student(0.1, df=3), "noise student(sigma=0.1, df=3)"),
        (fd.noise.multiplicative(0.2), "noise multiplicative(sigma=0.2)"),
        (push, "noise push"),
    ],
)
def test_words(noise: Any, words: str) -> None:
    found = run(noise)
    assert found.gradient == words
    assert f"(gradient: {words})" in repr(found)
    assert found.seed == 3


# ---------------------------------------------------------------------- averages
def test_averages() -> None:
    path = np.stack([expected(0.3, k) for k in range(5)])
    np.testing.assert_allclose(run(0.3, average="polyak").average, path.mean(axis=0), rtol=1e-12)
    mean = path[0]
    for x in path[1:]:
        mean = 0.75 * mean + 0.25 * x
    found = run(0.3, average=0.75, reduce=fd.reduce.min("fun"))
    np.testing.assert_allclose(found.average, mean, rtol=1e-12)
    assert list(found.reduced) == ["min_fun"]
    assert run(0.3).average is None
    assert found.x.tobytes() == run(0.3).x.tobytes()


@pytest.mark.parametrize("average", ["polyak", 0.9])
def test_averages_go_on(average: Any) -> None:
    whole = run(0.3, average=average, max_steps=20)
    begun = run(0.3, average=average, max_steps=7, keep_state=True)
    again = fd.resume(pickle.loads(pickle.dumps(begun)), max_steps=20)
    assert again.average is not None
    assert whole.average is not None
    assert again.average.tobytes() == whole.average.tobytes()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("start", [0, 1, 5, 13, 14, 30])
@pytest.mark.parametrize("kind", ["polyak", 0.75])
def test_averages_that_begin_at_a_step(kind: Any, start: int, dtype: str) -> None:
    s, x0 = fd.surfaces.himmelblau(), fd.uniform(((-4, 4), (-4, 4)), 6, seed=1).astype(dtype)
    options: dict[str, Any] = {"noise": 0.3, "max_steps": 13, "average": (kind, start)}
    wanted = descend_exactly(s, x0, fd.GD(0.01), keep_state=True, **options)
    assert all(parity.same_bits(fd.descend(s, x0, fd.GD(0.01), engine=e, **options), wanted) for e in ENGINES)
    x = fd.descend(s, x0, fd.GD(0.01), record=1, **options).path.x[:, min(start, 13) :].astype(np.float64)
    mean = x[:, 0]
    for k in range(1, x.shape[1]):
        mean = mean + (x[:, k] - mean) / (k + 1) if kind == "polyak" else 0.75 * mean + 0.25 * x[:, k]
    np.testing.assert_allclose(wanted.average, mean, rtol=1e-5 if dtype == "float32" else 1e-12)
    if start == 0:
        assert parity.same_bits(fd.descend(s, x0, fd.GD(0.01), **options | {"average": kind}), wanted)
    for made in (0, 4, 5, 12):
        begun = fd.descend(s, x0, fd.GD(0.01), keep_state=True, **options | {"max_steps": made})
        assert parity.same_bits(fd.resume(pickle.loads(pickle.dumps(begun)), max_steps=13), wanted)


def test_averages_of_minibatches_in_pauses_begin_at_their_step() -> None:
    a = np.random.default_rng(0).normal(size=(9, 2))
    s = fd.finite_sum(lambda w, a: np.mean((a @ w - 1.0) ** 2), dim=2, data=(a,))
    options: dict[str, Any] = {"batch_size": 2, "max_steps": 20, "gtol": 1e-9, "ftol": 1e-12}
    run = fd.descend(s, [[1.0, 2.0]], fd.Momentum(0.02), average=("polyak", 6), record=1, **options)
    np.testing.assert_allclose(run.average[0], run.path.x[0, 6:].mean(axis=0), rtol=1e-12)


# ---------------------------------------------------------------------- pickles
@pytest.mark.parametrize("noise", [0.1, cooling, PER_COORDINATE, fd.noise.student(PER_TRAJECTORY, df=3.0), push])
def test_pickles_go_on(noise: Any) -> None:
    begun = run(noise, keep_state=True)
    again = pickle.loads(pickle.dumps(begun))
    assert parity.same_bits(again, begun)
    assert (again.gradient, again.seed) == (begun.gradient, 3)
    assert parity.same_bits(fd.resume(again, max_steps=9), run(noise, max_steps=9))


def test_schedules_that_cannot_be_pickled_become_their_values() -> None:
    begun = run(lambda t: cooling(t), keep_state=True)
    again = pickle.loads(pickle.dumps(begun))
    assert parity.same_bits(fd.resume(again, max_steps=4), begun)
    with pytest.raises(ValueError, match=r"its values at t = 0 \.\.\. 3"):
        fd.resume(again, max_steps=5)
