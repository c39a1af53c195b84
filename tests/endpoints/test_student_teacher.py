"""Student networks that learn from a teacher: how often descent misses it, against published shares and eigenvalues.

Shares of 500 runs each are those of the data of arXiv 2006.01005.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.student_teacher import loss, naive_loss, orders, starts

import fastdescent as fd
from fastdescent import Outcome

GLOBAL = 0.0908450569  #: the smallest eigenvalue at the teacher
SMALLEST = {7: 0.0140590132, 8: 0.0213465892}
PUBLISHED = {6: 0.0, 7: 0.054, 8: 0.114, 10: 0.320}
N_RUNS = 500


def students(k: int, n: int = N_RUNS) -> fd.Descent:
    return fd.descend(loss(k), starts(k, n, seed=0), fd.GD(lr=5 / k), max_steps=50_000)


@pytest.mark.parametrize("k", [6, 7, *(pytest.param(k, marks=pytest.mark.exhaustive) for k in (8, 10))])
def test_shares_of_spurious_minima(k: int) -> None:
    ends = fd.classify(students(k), canonical=orders)
    table = ends.points
    assert ends.arrived.all()
    assert set(ends.outcome.tolist()) <= {Outcome.GLOBAL_MINIMUM, Outcome.LOCAL_MINIMUM}
    share = 1 - table.share[table.kind == Outcome.GLOBAL_MINIMUM].sum()
    both = (share + PUBLISHED[k]) / 2
    assert abs(share - PUBLISHED[k]) <= 3 * np.sqrt(2 * both * (1 - both) / N_RUNS)
    np.testing.assert_allclose(table.eigenvalues[0, 0], GLOBAL, atol=1e-9)
    assert table.fun[0] == pytest.approx(0.0, abs=1e-12)
    if k in SMALLEST:
        assert len(table) == 2
        np.testing.assert_allclose(table.eigenvalues[1, 0], SMALLEST[k], atol=1e-9)


def test_rows_modulo_the_order_of_units() -> None:
    """Of the teacher one row; of another minimum, one at most for each way to choose a unit and an input."""
    run = students(7)
    by_units = fd.classify(run, canonical=fd.symmetry.permute_units(units=7))
    by_both = fd.classify(run, canonical=orders)
    assert (by_units.points.kind == Outcome.GLOBAL_MINIMUM).sum() == 1
    assert len(by_both.points) == 2 < len(by_units.points) <= 1 + 7
    np.testing.assert_array_equal(by_units.outcome, by_both.outcome)


@pytest.mark.parametrize("k", [2, 6])
def test_the_loss(k: int) -> None:
    """Against the mean over random inputs, and the formula as it is printed."""
    x = starts(k, 5, seed=1)
    robust, naive = loss(k), naive_loss(k)
    np.testing.assert_allclose(robust(x), naive(x), rtol=1e-12)
    np.testing.assert_allclose(robust.gradient(x), naive.gradient(x), rtol=1e-10, atol=1e-14)
    inputs = np.random.default_rng(2).normal(size=(400_000, k))
    for w, value in zip(x.reshape(-1, k, k), robust(x), strict=True):
        errors = (np.maximum(inputs @ w.T, 0).sum(axis=1) - np.maximum(inputs, 0).sum(axis=1)) ** 2 / 2
        assert abs(errors.mean() - value) < 5 * errors.std() / np.sqrt(len(errors))


def test_the_teacher_is_defined_for_the_loss() -> None:
    teacher = np.eye(6)[[2, 0, 1, 5, 4, 3]].ravel()
    s = loss(6)
    assert s(teacher) == pytest.approx(0.0, abs=1e-14)
    assert np.abs(s.gradient(teacher)).max() < 1e-12
    assert np.isfinite(s.hessian(teacher)).all()
