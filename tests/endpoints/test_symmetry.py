"""Symmetries: what canonical points and invariants keep and tell apart, and what `classify` makes of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastdescent as fd
from fastdescent.symmetry import isometries, permute_units

WELLS = fd.surface("(x**2 - 1)**2 + (y**2 - 4)**2 + (x*y - 2)**2 / 9", window=(-3, 3))


def swapped(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.sort(x)


# ------------------------------------------------------------------------------------------------- permute_units
def image(w: npt.NDArray[Any], widths: tuple[int, ...], signs: bool, rng: np.random.Generator) -> npt.NDArray[Any]:
    """The same network with its hidden units in another order, and with other signs."""
    found = w.copy()
    parts = fd.surfaces.layers(found, widths)
    for (matrix, shifts), (after, _) in pairwise(parts):
        order = rng.permutation(matrix.shape[1])
        sign = rng.choice([-1.0, 1.0], len(order)) if signs else np.ones(len(order))
        matrix[:], shifts[:], after[:] = matrix[:, order] * sign, shifts[order] * sign, after[order] * sign[:, None]
    return found


@pytest.mark.parametrize("widths", [(2, 3, 1), (3, 5, 4, 2), (1, 2, 2, 2, 1), (2, 3)])
@pytest.mark.parametrize("signs", [False, True])
@given(seed=st.integers(0, 2**32 - 1))
def test_images_of_a_network_are_one_network(widths: tuple[int, ...], signs: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    canonical = permute_units(widths, signs=signs)
    w = rng.normal(size=fd.surfaces.he(widths, 1).shape[1])
    found = canonical(image(w, widths, signs, rng))
    np.testing.assert_allclose(found, canonical(w), rtol=1e-12)
    np.testing.assert_allclose(np.sort(np.abs(found)), np.sort(np.abs(w)), rtol=1e-15)


@pytest.mark.parametrize(("activation", "signs"), [("tanh", True), ("relu", False)])
def test_the_canonical_network_has_the_same_loss(activation: str, signs: bool) -> None:
    data = fd.data.two_moons(20)
    net = fd.surfaces.mlp((2, 4, 3, 1), activation, data=data, loss="logistic")
    w = np.random.default_rng(0).normal(size=(50, net.dim))
    found = permute_units((2, 4, 3, 1), signs=signs)(w)
    np.testing.assert_allclose(net(found), net(w), rtol=1e-13)
    assert not np.array_equal(found, w)


def test_without_biases() -> None:
    w, order = np.random.default_rng(0).normal(size=12), [1, 2, 0]
    first, second = w[:6].reshape(2, 3), w[6:].reshape(3, 2)
    other = np.concatenate([first[:, order].ravel(), second[order].ravel()])
    canonical = permute_units((2, 3, 2), bias=False)
    np.testing.assert_array_equal(canonical(w), canonical(other))


def test_many_points_at_once() -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 12))
    for canonical in (permute_units((2, 3, 1), signs=True), permute_units(units=4), isometries(), isometries(2, False)):
        points = np.concatenate([x, x[..., :1]], axis=-1) if "Network" in type(canonical).__name__ else x
        found = canonical(points)
        assert found.shape[:2] == (2, 5)
        np.testing.assert_allclose(found[1, 3], canonical(points[1, 3]), rtol=1e-13)


def test_rows_of_a_student_and_positions() -> None:
    x = np.arange(12.0)
    rows = permute_units(units=4)
    np.testing.assert_array_equal(rows(x.reshape(4, 3)[[2, 0, 3, 1]].ravel()), x)
    at = np.array([[0, 2], [4, 1]])
    np.testing.assert_array_equal(permute_units(units=at)([5.0, 1.0, 5.0, 7.0, 1.0]), [1.0, 5.0, 1.0, 7.0, 5.0])
    np.testing.assert_array_equal(permute_units(units=2, signs=True)([-1.0, -2.0, 3.0, 4.0]), [1.0, 2.0, 3.0, 4.0])


def test_units_that_share_weights_do_not_tie() -> None:
    """The first weights are equal but for rounding: the order must not hang on them."""
    canonical = permute_units(units=3)
    x = np.array([[1.0, 2.0], [1.0, -2.0], [1.0, 0.5]])
    y = x[[1, 2, 0]] + 1e-9 * np.array([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    np.testing.assert_allclose(canonical(x.ravel()), canonical(y.ravel()), atol=1e-8)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: permute_units(), TypeError, "either widths or units"),
        (lambda: permute_units((2, 3, 1), units=3), TypeError, "either widths or units"),
        (lambda: permute_units((2,)), ValueError, "two numbers or more"),
        (lambda: permute_units(units=0), ValueError, "units must be"),
        (lambda: permute_units(units=[1, 2]), TypeError, r"int array \(units, weights\); got \[1, 2\]"),
        (lambda: permute_units(units=[[0, 1], [1, 2]]), ValueError, "each once"),
        (lambda: permute_units(units=3)(np.zeros(4)), ValueError, "4 numbers cannot be divided among 3 units"),
        (lambda: permute_units(units=[[0], [4]])(np.zeros(4)), ValueError, "position 4, but points have 4 numbers"),
        (lambda: permute_units((2, 3, 1))(np.zeros(12)), ValueError, r"shape \(..., 13\); got shape \(12,\)"),
        (lambda: isometries(0), ValueError, "dim must be"),
        (lambda: isometries()(np.zeros(7)), ValueError, "7 numbers are no atoms of 3 coordinates"),
        (lambda: isometries()(1.0), ValueError, r"shape \(..., dim\); got shape \(\)"),
    ],
)
def test_errors(make: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


# ---------------------------------------------------------------------------------------------------- isometries
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8), dim=st.integers(1, 4))
def test_numbers_that_no_motion_changes(seed: int, n: int, dim: int) -> None:
    rng = np.random.default_rng(seed)
    atoms = rng.normal(size=(n, dim))
    turn = np.linalg.qr(rng.normal(size=(dim, dim)))[0]  # mirrors among them
    moved = atoms @ turn + rng.normal(size=dim)
    np.testing.assert_allclose(isometries(dim, False)(moved.ravel()), isometries(dim, False)(atoms.ravel()), atol=1e-12)
    exchanged = moved[rng.permutation(n)]
    np.testing.assert_allclose(isometries(dim)(exchanged.ravel()), isometries(dim)(atoms.ravel()), atol=1e-12)


def test_clusters_with_the_same_distances_differ() -> None:
    """Four points each, in a plane: the same six distances (Boutin and Kemper, section 1)."""
    a = np.array([[0.0, 0.0], [4.0, 0.0], [3.0, 1.0], [1.0, 1.0]])
    b = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0], [1.0, -3.0]])
    numbers = isometries(2)
    one, other = numbers(a.ravel()), numbers(b.ravel())
    np.testing.assert_allclose(one[:6], other[:6], rtol=1e-12)
    assert np.abs(one[6:] - other[6:]).max() > 0.05


def test_numbers_change_continuously() -> None:
    atoms = np.random.default_rng(0).normal(size=18)
    step = 1e-6 * np.random.default_rng(1).normal(size=18)
    assert np.abs(isometries()(atoms + step) - isometries()(atoms)).max() < 1e-4
    assert np.isfinite(isometries()(np.zeros(12))).all(), "all atoms in one place"


def test_they_can_be_pickled() -> None:
    x = np.random.default_rng(0).normal(size=12)
    for canonical in (permute_units(units=4), permute_units(units=[[0, 1], [2, 3]]), isometries()):
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(canonical))(x), canonical(x))


# ------------------------------------------------------------------------------------------------------ classify
def test_rows_of_one_class_are_one_row() -> None:
    run = fd.descend(WELLS, fd.uniform(WELLS.window, 300), fd.LineSearch())
    plain, ends = run.classify(), fd.classify(run, canonical=np.abs)
    assert (len(plain.points), len(ends.points)) == (4, 2)
    assert (ends.label >= 0).all()
    assert ends.arrived.all()
    np.testing.assert_allclose(ends.points.fun[ends.label], plain.points.fun[plain.label], atol=1e-12)
    np.testing.assert_array_equal(ends.outcome, plain.outcome)
    assert ends.points.n_starts.sum() == 300


def test_invariants_that_tell_too_little_do_not_join_what_differs_in_f() -> None:
    run = fd.descend(WELLS, fd.uniform(WELLS.window, 300), fd.LineSearch())
    plain, ends = run.classify(), fd.classify(run, canonical=lambda x: 1.0)
    assert len(ends.points) == len(np.unique(plain.points.fun.round(9)))
    np.testing.assert_allclose(ends.points.fun[ends.label], plain.points.fun[plain.label], atol=1e-12)


def test_what_is_cut_off_belongs_to_its_class() -> None:
    run = fd.descend(WELLS, fd.uniform(WELLS.window, 100), fd.GD(0.01), max_steps=20)
    plain, ends = run.classify(), fd.classify(run, canonical=np.abs)
    np.testing.assert_allclose(ends.points.fun[ends.label], plain.points.fun[plain.label], atol=1e-9)
    np.testing.assert_array_equal(ends.arrived, plain.arrived)


def test_a_table_that_is_given() -> None:
    run = fd.descend(WELLS, fd.uniform(WELLS.window, 300), fd.LineSearch())
    table = fd.classify(run, canonical=np.abs).points
    other = fd.descend(WELLS, fd.uniform(WELLS.window, 200, seed=5), fd.GD(0.01))
    ends = fd.classify(other, points=table, canonical=np.abs)
    assert len(ends.points) == len(table)
    assert (ends.label >= 0).all()
    np.testing.assert_allclose(other.fun, table.fun[ends.label], atol=1e-9)


def test_it_is_called_once_for_each_place() -> None:
    calls = []

    def canonical(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        calls.append(x.copy())
        return np.abs(x)

    run = fd.descend(WELLS, fd.grid(WELLS.window, (100, 100)), fd.LineSearch(), gtol=1e-9)
    fd.classify(run, canonical=canonical)
    assert len(calls) < 200
    assert {x.shape for x in calls} == {(2,)}


@pytest.mark.parametrize(
    ("canonical", "error", "text"),
    [
        (3, TypeError, "canonical must be a function of a point; got 3"),
        (lambda x: np.full(2, np.nan), ValueError, "canonical must return finite numbers; at the point"),
        (lambda x: x[x > 0], ValueError, "as many numbers at every point; got 0 at one"),
        (lambda x: [], ValueError, "at least one number"),
        (lambda x: "A", TypeError, "real numbers"),
        (lambda x: x + 1j, TypeError, "real numbers"),
    ],
)
def test_functions_that_are_wrong(canonical: Any, error: type[Exception], text: str) -> None:
    run = fd.descend(WELLS, fd.uniform(WELLS.window, 50), fd.LineSearch())
    with pytest.raises(error, match=text):
        fd.classify(run, canonical=canonical)


def test_no_endpoints() -> None:
    run = fd.descend(WELLS, np.zeros((0, 2)), fd.LineSearch())
    assert len(fd.classify(run, canonical=swapped).points) == 0
    assert len(fd.classify(fd.descend(fd.surface("-x**2"), [[1.0]], fd.GD(1.0)), canonical=swapped).points) == 0


def test_images_of_minima_of_a_network() -> None:
    net = fd.surfaces.mlp((2, 3, 1), l2=1e-3)
    run = fd.descend(net, fd.surfaces.xavier((2, 3, 1), 200), fd.LineSearch(), max_steps=20_000)
    ends = fd.classify(run, canonical=permute_units((2, 3, 1), signs=True))
    plain = run.classify()
    assert len(ends.points) == len(np.unique(plain.points.fun.round(8))) == 2
    np.testing.assert_array_equal(ends.label >= 0, plain.label >= 0)
    np.testing.assert_array_equal(ends.outcome, plain.outcome)
