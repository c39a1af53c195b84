"""Random numbers as engines draw them have the distributions that they should, and nothing to do with each other.

Seeds are fixed, so that nothing here fails by chance: what passes once passes always.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.stats

import fastdescent as fd

LEAST_P = 1e-4
N, STEPS, DIM = 4000, 50, 10


def drawn(draw: Any, dim: int = DIM, n: int = N, steps: int = STEPS, seed: int = 0, dtype: str = "float64") -> Any:
    """(trajectories, steps, components) of what `draw(rng)` returns."""

    @fd.optimizer
    def rule(x: Any, grad: Any, state: Any, t: Any, *, rng: Any) -> Any:
        return draw(rng) + 0 * x, {}

    run = fd.descend(fd.surfaces.sphere(dim=dim), np.zeros((n, dim), dtype), rule(), max_steps=steps, record=1,
                     gtol=None, escape_radius=None, seed=seed)  # fmt: skip
    assert run.path is not None
    return run.path.x[:, 1:]


@pytest.fixture(scope="module")
def normals() -> Any:
    return drawn(lambda rng: rng.standard_normal(DIM))


def even(counts: Any, expected: Any = None) -> bool:
    """Pearson's chi-square."""
    return bool(scipy.stats.chisquare(counts, expected).pvalue > LEAST_P)


# ---------------------------------------------------------------------- normal numbers
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_normal_numbers_pass_kolmogorov_and_smirnov(dtype: str) -> None:
    z = drawn(lambda rng: rng.standard_normal(DIM), n=1000, dtype=dtype)
    assert scipy.stats.kstest(z.ravel(), "norm").pvalue > LEAST_P
    for component in range(DIM):
        assert scipy.stats.kstest(z[..., component].ravel(), "norm").pvalue > LEAST_P


def test_tails(normals: Any) -> None:
    """Counts on either side of up to 5 standard deviations, within 5 deviations of a binomial count."""
    for k in (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0):
        for side in (normals, -normals):
            p = scipy.stats.norm.sf(k)
            n, count = normals.size, np.count_nonzero(side > k)
            assert abs(count - n * p) <= 5 * np.sqrt(n * p * (1 - p)), k


def test_moments(normals: Any) -> None:
    """Of order 1 to 6, within 4 deviations."""
    n = normals.size
    for order in range(1, 7):
        moments = [0.0 if k % 2 else float(np.prod(np.arange(1, k, 2))) for k in (order, 2 * order)]
        assert abs(np.mean(normals**order) - moments[0]) <= 4 * np.sqrt((moments[1] - moments[0] ** 2) / n), order


def assert_independent(a: Any, b: Any) -> None:
    """Neither numbers nor their squares are correlated: the deviations are 1 and 2 over the root of n."""
    n = a.size
    assert abs(np.mean(a * b)) <= 4 / np.sqrt(n)
    assert abs(np.mean((a**2 - 1) * (b**2 - 1))) <= 4 * 2 / np.sqrt(n)


def test_no_correlation_across_lanes_steps_and_components(normals: Any) -> None:
    for lag in (1, 2, 3, 4, 7, 8, 16, 64, 1000):
        assert_independent(normals[:-lag], normals[lag:])
    for lag in (1, 2, 3, 10, 32):
        assert_independent(normals[:, :-lag], normals[:, lag:])
    for i, j in itertools.combinations(range(DIM), 2):
        assert_independent(normals[..., i], normals[..., j])
    assert_independent(normals[:-1, :-1], normals[1:, 1:])
    assert_independent(normals[:-1, 1:], normals[1:, :-1])


@pytest.mark.parametrize("seed", [1, 2, 2**32, 2**63, 2**64 - 1])
def test_no_correlation_across_seeds(normals: Any, seed: int) -> None:
    assert_independent(normals[:1000], drawn(lambda rng: rng.standard_normal(DIM), n=1000, seed=seed))


def test_no_correlation_across_streams_and_calls() -> None:
    """Noise of the gradient, and two calls of the rule's own generator."""

    @fd.optimizer
    def rule(x: Any, grad: Any, state: Any, t: Any, *, rng: Any) -> Any:
        return np.concatenate([grad(x)[:2] - x[:2], rng.standard_normal(2), rng.standard_normal(2)]), {}

    run = fd.descend(fd.surface(lambda x: 0.5 * np.sum(x * x), dim=6), np.zeros((100_000, 6)), rule(), noise=1.0,
                     max_steps=1, gtol=None, escape_radius=None)  # fmt: skip
    for i, j in itertools.combinations(range(6), 2):
        assert_independent(run.x[:, i], run.x[:, j])


# ---------------------------------------------------------------------- uniform and whole numbers
def test_uniform_numbers() -> None:
    u = drawn(lambda rng: rng.uniform(size=DIM))
    assert u.min() > 0
    assert u.max() <= 1
    assert even(np.bincount((u.ravel() * 256).astype(int).clip(max=255), minlength=256))
    last = (u.ravel() * 2.0**53).astype(np.int64)  # the last bits, too
    assert even(np.bincount(last & 255, minlength=256))
    pairs = (u * 16).astype(int).clip(max=15)
    for a, b in ((pairs[:-1], pairs[1:]), (pairs[:, :-1], pairs[:, 1:]), (pairs[..., :-1], pairs[..., 1:])):
        assert even(np.bincount((16 * a + b).ravel(), minlength=256))


@pytest.mark.parametrize("n", [2, 3, 7, 10, 1000])
def test_whole_numbers(n: int) -> None:
    k = drawn(lambda rng: rng.integers(n, size=DIM), n=1000).astype(int)
    assert even(np.bincount(k.ravel(), minlength=n))
    if n <= 10:
        for a, b in ((k[:-1], k[1:]), (k[:, :-1], k[:, 1:]), (k[..., :-1], k[..., 1:])):
            assert even(np.bincount((n * a + b).ravel(), minlength=n * n))


def test_signs() -> None:
    s = drawn(lambda rng: rng.rademacher(DIM), n=1000)
    assert even([np.count_nonzero(s == v) for v in (-1.0, 1.0)])


# ---------------------------------------------------------------------- shuffles
def orders(n: int, n_runs: int, epochs: int = 1) -> Any:
    """(trajectories, epochs, places): the rows of epochs, one by one."""

    @fd.optimizer
    def seen(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return grad(np.zeros(1)), {}

    rows = fd.finite_sum(lambda w, k: np.mean(k) * w[0], dim=1, data=(np.arange(n),))
    run = fd.descend(rows, np.zeros((n_runs, 1)), seen(), batch_size=1, sampling="shuffle", max_steps=n * epochs,
                     record=1, gtol=None, escape_radius=None, seed=3)  # fmt: skip
    assert run.path is not None
    return run.path.x[:, 1:, 0].astype(int).reshape(n_runs, epochs, n)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_every_order_is_equally_likely(n: int) -> None:
    order = orders(n, 20_000)[:, 0]
    code = order @ n ** np.arange(n)
    _, counts = np.unique(code, return_counts=True)
    n_orders = int(np.prod(np.arange(1, n + 1)))
    assert len(counts) == n_orders
    assert even(counts)


@pytest.mark.parametrize("n", [6, 16, 37])
def test_rows_and_pairs_of_rows_have_uniform_places(n: int) -> None:
    order = orders(n, 20_000)[:, 0]
    for place in range(n):
        assert even(np.bincount(order[:, place], minlength=n))
    expected = np.full((n, n), len(order) / (n * (n - 1)))
    apart = ~np.eye(n, dtype=bool)
    for p, q in ((0, 1), (1, 0), (0, n - 1), (n // 2, n // 2 + 1), (1, n - 2)):
        counts = np.bincount(n * order[:, p] + order[:, q], minlength=n * n).reshape(n, n)
        assert even(counts[apart], expected[apart])


def test_epochs_have_nothing_to_do_with_each_other() -> None:
    n = 6
    order = orders(n, 10_000, epochs=3)
    for (a, b), place in itertools.product(((0, 1), (1, 2), (0, 2)), range(n)):
        assert even(np.bincount(n * order[:, a, place] + order[:, b, place], minlength=n * n))
        assert even(np.bincount(n * order[:, a, place] + order[:, b, n - 1 - place], minlength=n * n))
