"""Starts that are computed where they are needed, and quasi-random ones."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support.philox import uniform_slowly

import fastdescent as fd

WINDOW = ((-5.0, 5.0), (-4.0, 6.0))
KINDS: dict[str, Any] = {
    "grid": lambda **how: fd.grid(WINDOW, (30, 70), **how),
    "uniform": lambda **how: fd.uniform(WINDOW, 2100, seed=5, **how),
    "sobol": lambda **how: fd.sobol(WINDOW, 2100, seed=5, **how),
}


@pytest.mark.parametrize("kind", KINDS)
def test_lazy_starts_are_the_same_points(kind: str) -> None:
    array, lazy = KINDS[kind](), KINDS[kind](lazy=True)
    assert isinstance(lazy, fd.LazyStarts)
    assert lazy.shape == array.shape
    assert len(lazy) == len(array)
    np.testing.assert_array_equal(np.asarray(lazy), array)
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(lazy))), array)
    assert np.asarray(lazy, dtype=np.float32).dtype == np.float32
    flat = array.reshape(-1, 2)
    for first, n in ((0, 0), (0, 1), (1, 5), (69, 3), (70, 200), (2099, 1)):
        np.testing.assert_array_equal(lazy.rule.points(first, n), flat[first : first + n])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": np.float32},
        {"escape_radius": None},
        {"max_steps": 0},
        {"bounds": ((-3, 3), (-3, 3)), "boundary": "clip"},
        {"record": 50},
        {"n_threads": 2, "reduce": [fd.reduce.min("fun")]},
    ],
)
def test_runs_from_lazy_starts_have_the_same_bits(kind: str, options: Any) -> None:
    s = fd.surfaces.himmelblau()
    array, lazy = (fd.descend(s, KINDS[kind](**how), fd.GD(0.01), **options) for how in ({}, {"lazy": True}))
    for name in ("x", "fun", "grad_norm", "nit", "status"):
        np.testing.assert_array_equal(getattr(lazy, name), getattr(array, name))
    assert lazy.x.dtype == array.x.dtype
    assert lazy.random_starts == array.random_starts
    if array.path is not None:
        assert lazy.path is not None
        np.testing.assert_array_equal(lazy.path.x, array.path.x)
    for name in array.reduced:
        np.testing.assert_array_equal(lazy.reduced[name], array.reduced[name])


def test_lazy_starts_where_f_overflows_are_run_again() -> None:
    s = fd.surface("x**4 + y**2", window=((-9, 9), (-1, 1)))
    array, lazy = (
        fd.descend(s, fd.grid(s.window, (3, 50), lazy=lazy), fd.GD(0.1), escape_radius=None, max_steps=50)
        for lazy in (False, True)
    )
    assert len(set(array.status.flat)) > 1
    np.testing.assert_array_equal(lazy.status, array.status)
    np.testing.assert_array_equal(lazy.x, array.x)


def test_cancelled_and_resumed_runs_from_lazy_starts() -> None:
    s, lazy = fd.surfaces.himmelblau(), KINDS["uniform"](lazy=True)
    stopped = fd.descend(s, lazy, fd.GD(0.01), progress=lambda done, total: False)
    begun = stopped.nit > 0
    np.testing.assert_array_equal(stopped.x[~begun], KINDS["uniform"]()[~begun])
    short = fd.descend(s, lazy, fd.Adam(0.01), max_steps=40, keep_state=True)
    long = fd.descend(s, lazy, fd.Adam(0.01), max_steps=400)
    np.testing.assert_array_equal(fd.resume(short, max_steps=400).x, long.x)


def test_sobol_points_follow_the_published_mapping() -> None:
    from scipy.stats import qmc

    x = fd.sobol(((0, 1), (2, 6), (-1, 0)), 1024, seed=9)
    unshifted = (qmc.Sobol(3, scramble=False, bits=32).random(1024) * 2.0**52).astype(np.uint64)
    shift = np.floor(uniform_slowly(np.array([[0.0, 1.0]] * 3), 1, 9, 2**64 - 1) * 2.0**52).astype(np.uint64)
    u = ((unshifted ^ shift) + 0.5) / 2.0**52
    np.testing.assert_array_equal(x, np.array([0, 2, -1]) + np.array([1, 4, 1]) * u)
    assert np.all(x != fd.sobol(((0, 1), (2, 6), (-1, 0)), 1024, seed=10))


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_sobol_points_are_more_even_than_random_ones(dim: int) -> None:
    from scipy.stats import qmc

    unit = ((0, 1),) * dim
    x = fd.sobol(unit, 1024)
    assert np.all((x > 0) & (x < 1))
    assert qmc.discrepancy(x) < 0.1 * qmc.discrepancy(np.asarray(fd.uniform(unit, 1024)))
    for k in range(dim):
        assert set(np.bincount((x[:, k] * 64).astype(int), minlength=64)) == {16}


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: fd.sobol(WINDOW, -1), ValueError, "n must be"),
        (lambda: fd.sobol(WINDOW, 2**32 + 1), ValueError, "n must be"),
        (lambda: fd.sobol(WINDOW, 5, seed=-1), ValueError, "seed must be"),
        (lambda: fd.sobol(5, 5), TypeError, "window must be"),
    ],
)
def test_bad_arguments(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


def test_bad_lazy_starts() -> None:
    s = fd.surface("x**2 + y**2 + z**2")
    with pytest.raises(ValueError, match=r"x0 must have shape \(\.\.\., 3\)"):
        fd.descend(s, KINDS["grid"](lazy=True), fd.GD(0.1))
    with pytest.raises(ValueError, match="dtype must be float64 or float32; got int64"):
        fd.descend(fd.surfaces.himmelblau(), KINDS["grid"](lazy=True), fd.GD(0.1), dtype=np.int64)
    with pytest.raises(MemoryError, match=r"a run of 10000000000 starts would take \d+\.\d GiB"):
        fd.descend(fd.surfaces.himmelblau(), fd.grid(WINDOW, (10**5, 10**5), lazy=True), fd.GD(0.1))
    far = ((-1e300, 1e300), (0, 1))
    for starts in (fd.uniform(far, 9, lazy=True), fd.sobol(far, 8, lazy=True), fd.grid(far, (2, 2), lazy=True)):
        with pytest.raises(ValueError, match=r"x0 must fit float32, whose largest number is 3.4e\+38"):
            fd.descend(fd.surfaces.himmelblau(), starts, fd.GD(0.1), dtype=np.float32)


def test_a_swarm_from_lazy_starts() -> None:
    s = fd.surfaces.himmelblau()
    swarm = fd.Swarm(s, KINDS["grid"](lazy=True), fd.Adam(0.01), max_steps=300)
    swarm.step(300)
    np.testing.assert_array_equal(swarm.x, fd.descend(s, KINDS["grid"](), fd.Adam(0.01), max_steps=300).x)
    swarm.reset()
    np.testing.assert_array_equal(swarm.x.reshape(-1, 2), KINDS["grid"]().reshape(-1, 2))
