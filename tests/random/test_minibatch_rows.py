"""Which rows a minibatch has: seen in gradients that count them, and in the moments of gradients."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import reference
from support.rows import surface_of_rows

import fastdescent as fd

SIGMA = 4.0
METHODS = ("replacement", "shuffle", "shuffle_once", "cyclic")
EPOCHS = METHODS[1:]


def counting(n: int) -> fd.Surface:
    """The gradient counts how often each of the rows is there, wherever it is taken."""
    return surface_of_rows(lambda w, e: np.sum(e @ w), dim=n, data=(np.eye(n),))


@fd.optimizer
def gradient_alone(x: Any, grad: Any, state: Any, t: Any) -> Any:
    """The new point is the gradient at the origin."""
    return grad(np.zeros(x.shape[0])), {}


def counts(n: int, size: int, steps: int, n_runs: int = 3, **options: Any) -> Any:
    """(trajectories, steps, n): how often a step's batch has each of the rows."""
    run = fd.descend(counting(n), np.zeros((n_runs, n)), gradient_alone(), batch_size=size, max_steps=steps, record=1,
                     gtol=None, escape_radius=None, **options)  # fmt: skip
    assert run.path is not None
    return run.path.x[:, 1:]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data(), n=st.integers(1, 12), seed=st.integers(0, 2**64 - 1), shared=st.booleans())
def test_an_epoch_has_each_row_once(data: Any, n: int, seed: int, shared: bool) -> None:
    size, sampling = data.draw(st.integers(1, n)), data.draw(st.sampled_from(EPOCHS))
    seen = counts(n, size, 3 * n + 1, sampling=sampling, shared_batches=shared, seed=seed)
    so_far = np.cumsum(seen, axis=1)
    whole = np.arange(1, 3 * n + 2) * size // n
    beyond = so_far - whole[:, np.newaxis]
    assert np.isin(beyond, (0.0, 1.0)).all()
    assert (seen[0] == seen).all() or not shared


@pytest.mark.parametrize(("n", "size", "sampling"), [(9, 4, "replacement"), (9, 4, "shuffle"), (5, 7, "replacement"),
                                                     (8, 8, "shuffle"), (1, 1, "shuffle"), (9, 4, "shuffle_once"),
                                                     (7, 7, "shuffle_once"), (9, 4, "cyclic"), (7, 7, "cyclic"),
                                                     (1, 1, "cyclic")])  # fmt: skip
def test_rows_are_those_of_the_oracle(n: int, size: int, sampling: str) -> None:
    seen = counts(n, size, 12, sampling=sampling, seed=77, first_index=5)
    for t in range(12):
        rows = reference.batch(77, np.arange(5, 8), t, n, size, sampling)
        assert np.array_equal(seen[:, t], np.array([np.bincount(r, minlength=n) for r in rows]))


def test_epochs_and_trajectories_have_orders_of_their_own() -> None:
    seen = counts(30, 1, 60, n_runs=20, sampling="shuffle").argmax(axis=-1).reshape(40, 30)
    assert len({tuple(order) for order in seen.tolist()}) == 40
    assert (np.sort(seen, axis=1) == np.arange(30)).all()


def test_an_order_that_is_kept_is_that_of_the_first_epoch() -> None:
    seen = counts(9, 1, 27, n_runs=20, sampling="shuffle_once", seed=3).argmax(axis=2).reshape(20, 3, 9)
    assert (seen == seen[:, :1]).all()
    fresh = counts(9, 1, 9, n_runs=20, sampling="shuffle", seed=3).argmax(axis=2)
    assert np.array_equal(seen[:, 0], fresh)
    assert len({tuple(order) for order in seen[:, 0].tolist()}) > 15
    shared = counts(9, 1, 9, n_runs=20, sampling="shuffle_once", seed=3, shared_batches=True).argmax(axis=2)
    assert len(np.unique(shared, axis=0)) == 1
    assert (counts(9, 1, 27, sampling="cyclic").argmax(axis=2) == np.tile(np.arange(9), 3)).all()


@pytest.mark.parametrize("sampling", METHODS)
def test_noise_leaves_the_rows_as_they_were(sampling: str) -> None:
    for noise in (0.01, fd.noise.rademacher(0.1), lambda x, g, t, rng: 0.2 * rng.uniform(size=3)[0] + 0 * g):
        noisy = counts(9, 4, 20, sampling=sampling, seed=3, noise=noise)
        plain = counts(9, 4, 20, sampling=sampling, seed=3)
        assert not np.array_equal(noisy, plain)
        assert np.array_equal(np.round(noisy), plain)


@pytest.mark.parametrize("sampling", METHODS)
def test_a_step_sees_one_batch(sampling: str) -> None:
    """grad, grad.fun and grad.hvp are those of the same rows, at any point; f is quadratic."""

    @fd.optimizer
    def differences(x: Any, grad: Any, state: Any, t: Any) -> Any:
        v = np.array([0.5, -1.0])
        a, b, hv = grad(x), grad(x + v), grad.hvp(x, v)
        rise = grad.fun(x + v) - grad.fun(x)
        return x - 0.1 * a, {"h": state.h + np.abs(b - a - hv), "f": state.f + np.abs(rise - np.sum((a + b) * v) / 2)}

    rng = np.random.default_rng(0)
    s = fd.finite_sum(lambda w, a, b: np.mean((a @ w - b) ** 2), dim=2, data=(rng.normal(size=(9, 2)), np.arange(9.0)))
    run = fd.descend(s, [[1.0, 2.0]], differences(), batch_size=2, sampling=sampling, max_steps=20, keep_state=True)
    assert run._kept is not None
    np.testing.assert_allclose(run._kept[1][0, 2:], 0, atol=1e-12)
    assert np.abs(run._kept[1][0, :2]).min() > 1e-3


def test_another_sample_of_the_same_step() -> None:
    @fd.optimizer
    def both(x: Any, grad: Any, state: Any, t: Any) -> Any:
        zero = np.zeros(9)
        return grad(zero) + 100 * grad(zero, sample=1) + 10000 * grad(zero, sample=255), {}

    options: dict[str, Any] = {"batch_size": 4, "gtol": None, "escape_radius": None, "max_steps": 1, "seed": 4}
    seen = fd.descend(counting(9), np.zeros((50, 9)), both(), **options).x
    batches = [seen % 100, seen // 100 % 100, seen // 10000]
    for k, sample in enumerate((0, 1, 255)):
        rows = reference.integers(4, np.arange(50), 0, reference.ROWS, 4, 9, first=sample << 16)
        assert np.array_equal(batches[k], [np.bincount(r, minlength=9) for r in rows])
    with pytest.raises(ValueError, match="sample must be at most 255; got 256"):
        fd.descend(counting(9), np.zeros((1, 9)), _sampling(256)(), **options)
    for sampling in EPOCHS:
        with pytest.raises(fd.TraceError, match="another sample of the same step needs sampling"):
            fd.descend(counting(9), np.zeros((1, 9)), _sampling(1)(), sampling=sampling, **options)


def _sampling(sample: int) -> Any:
    @fd.optimizer
    def rule(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return grad(x, sample=sample), {}

    return rule


# ---------------------------------------------------------------------- moments
N, N_RUNS = 12, 40_000
ROWS = np.random.default_rng(5).standard_gamma(1.0, (N, 3))
MEAN = ROWS.mean(axis=0)
LINEAR = fd.finite_sum(lambda w, a: np.mean(a @ w), dim=3, data=(ROWS,))


def gradients(size: int, sampling: str, t: int) -> Any:
    """Of one step, for many trajectories."""
    run = fd.descend(LINEAR, np.zeros((N_RUNS, 3)), gradient_alone(), batch_size=size, sampling=sampling,
                     max_steps=t + 1, gtol=None, seed=11)  # fmt: skip
    return run.x


@pytest.mark.parametrize("sampling", METHODS[:3])
@pytest.mark.parametrize("size", [1, 3, 6])
@pytest.mark.parametrize("t", [0, 1])
def test_gradients_are_unbiased_with_the_covariance_of_samples(size: int, sampling: str, t: int) -> None:
    """Of the population over the batch size, times (n - b) / (n - 1) without replacement."""
    away = gradients(size, sampling, t) - MEAN
    factor = (N - size) / (N - 1) if sampling != "replacement" else 1.0
    covariance = np.cov(ROWS.T, bias=True) / size * factor
    assert np.all(np.abs(away.mean(axis=0)) <= SIGMA * np.sqrt(np.diag(covariance) / N_RUNS))
    for i, j in itertools.combinations_with_replacement(range(3), 2):
        products = away[:, i] * away[:, j]
        assert abs(products.mean() - covariance[i, j]) <= SIGMA * products.std() / np.sqrt(N_RUNS), (i, j)


def test_a_batch_of_all_rows_in_a_fresh_order_has_no_noise() -> None:
    assert np.abs(gradients(N, "shuffle", 1) - MEAN).max() < 1e-15 * N


def test_steps_of_an_epoch_make_up_for_each_other() -> None:
    """The batches of an epoch have the full gradient as their mean; those drawn with replacement are independent."""
    for sampling, sizes in (("shuffle", 6), ("replacement", 6)):
        first, second = gradients(sizes, sampling, 0) - MEAN, gradients(sizes, sampling, 1) - MEAN
        if sampling == "shuffle":
            assert np.abs(first + second).max() < 1e-14
        else:
            products = first[:, 0] * second[:, 0]
            assert abs(products.mean()) <= SIGMA * products.std() / np.sqrt(N_RUNS)


def test_trajectories_have_rows_of_their_own_unless_they_are_shared() -> None:
    own, shared = (
        fd.descend(LINEAR, np.zeros((200, 3)), gradient_alone(), batch_size=2, shared_batches=k, max_steps=5,
                   gtol=None).x for k in (False, True)
    )  # fmt: skip
    assert len(np.unique(own, axis=0)) > 50
    assert len(np.unique(shared, axis=0)) == 1
