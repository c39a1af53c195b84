"""Trajectories with noise and minibatches against plain NumPy, which the page on randomness publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import examples
import numpy as np
import pytest
from support import reference
from support.programs.floats import DTYPES

import fastdescent as fd

PAGE = Path(__file__).resolve().parents[2] / "docs" / "concepts" / "randomness.md"
SEEDS = (0, 42, 2**64 - 1)
FIRST = (0, 12345, 2**64 - 5)
N, STEPS = 5, 30

RNG = np.random.default_rng(1)
A, B = RNG.normal(size=(11, 3)), RNG.normal(size=11)


@fd.finite_sum(data=(A, B), dim=3)
def squares(w: Any, a: Any, b: Any) -> Any:
    return np.mean((a @ w - b) ** 2)


def gradient_of_rows(w: Any, rows: Any) -> Any:
    a, b = A[rows], B[rows]
    return 2 * np.mean((np.einsum("nkj,nj->nk", a, w) - b)[..., np.newaxis] * a, axis=1)


def indices(first: int) -> Any:
    return np.uint64(first) + np.arange(N, dtype=np.uint64)


def starts(dim: int) -> Any:
    return np.random.default_rng(2).uniform(-1, 1, (N, dim))


def assert_close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_the_page_has_the_oracles_code() -> None:
    source = Path(reference.__file__).read_text()
    functions = [f for block in examples.examples(PAGE) if block.language == "python"
                 for f in ("\n" + block.text).split("\n\n\n")]  # fmt: skip
    published = [f.strip() for f in functions if f.strip().startswith("def ")]
    assert len(published) > 5
    for function in published:
        assert function in source, function


def test_known_words() -> None:
    words = [f"{int(w):08x}" for w in reference.philox((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
                                                       0x299F31D0A4093822)]  # fmt: skip
    assert words == ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_a_noisy_trajectory(dim: int, first: int, seed: int) -> None:
    s, x = fd.surfaces.quadratic(np.diag([1.0, 3.0, 0.5, 2.0, 1.5][:dim])), starts(dim)
    run = fd.descend(s, x, fd.GD(lr=0.1), noise=0.3, seed=seed, first_index=first, max_steps=STEPS, gtol=None)
    for t in range(STEPS):
        noise = reference.normals(seed, indices(first), t, reference.NOISE, dim)
        x = x - 0.1 * (s.gradient(x) + 0.3 * noise)
    assert_close(run.x, x)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("size", "sampling"), [(1, "replacement"), (4, "replacement"), (13, "replacement"),
                                                (1, "shuffle"), (4, "shuffle"), (11, "shuffle"),
                                                (4, "shuffle_once"), (11, "shuffle_once"), (4, "cyclic")])  # fmt: skip
def test_a_minibatch_trajectory(size: int, sampling: str, shared: bool, seed: int) -> None:
    x = starts(3)
    run = fd.descend(squares, x, fd.Momentum(lr=0.02), batch_size=size, sampling=sampling, shared_batches=shared,
                     seed=seed, first_index=2**40, max_steps=STEPS)  # fmt: skip
    index, v = np.zeros(N, np.uint64) if shared else indices(2**40), 0
    for t in range(STEPS):
        rows = reference.batch(seed, index, t, len(A), size, sampling)
        v = 0.9 * v + gradient_of_rows(x, rows)
        x = x - 0.02 * v
    assert_close(run.x, x)


def test_both_at_once() -> None:
    x = starts(3)
    run = fd.descend(squares, x, fd.GD(lr=0.02), batch_size=4, noise=0.5, seed=7, max_steps=STEPS)
    for t in range(STEPS):
        g = gradient_of_rows(x, reference.batch(7, indices(0), t, len(A), 4))
        x = x - 0.02 * (g + 0.5 * reference.normals(7, indices(0), t, reference.NOISE, 3))
    assert_close(run.x, x)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_generator_of_rules(seed: int) -> None:
    """Calls take blocks one after the other: 2, 2 and 1 of them here."""

    @fd.optimizer
    def wandering(x: Any, grad: Any, state: Any, t: Any, *, rng: Any) -> Any:
        xi, u, k = rng.standard_normal(3), rng.uniform(size=3), rng.integers(10, size=3)
        return 0.5 * x + xi + 2 * u + 3 * k, {}

    x = starts(3)
    run = fd.descend(squares, x, wandering(), seed=seed, max_steps=STEPS, gtol=None, escape_radius=None)
    for t in range(STEPS):
        where = seed, indices(0), t, reference.USER
        xi, u = reference.normals(*where, 3), reference.uniforms(*where, 3, first=2)
        x = 0.5 * x + xi + 2 * u + 3 * reference.integers(*where, 3, 10, first=4)
    assert_close(run.x, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform_and_whole_numbers_have_the_same_bits(dtype: str) -> None:
    """They are made by integer arithmetic; float32 rounds them."""

    @fd.optimizer
    def drawn(x: Any, grad: Any, state: Any, t: Any, *, rng: Any) -> Any:
        return np.concatenate([rng.uniform(size=3), rng.integers(1000, size=2)]), {}

    run = fd.descend(fd.surfaces.sphere(dim=5), np.zeros((N, 5), dtype), drawn(), seed=3, max_steps=4, gtol=None,
                     escape_radius=None)  # fmt: skip
    where = 3, indices(0), 3, reference.USER
    wanted = np.concatenate([reference.uniforms(*where, 3), reference.integers(*where, 2, 1000, first=2)], axis=1)
    assert run.x.tobytes() == wanted.astype(dtype).tobytes()
