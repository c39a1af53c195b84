"""The passes over endpoints, and random starts, against slow and obvious NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.philox import uniform_slowly

import fastdescent as fd
from fastdescent._endpoints.search.cells import (
    Candidates,
    Cells,
    EndpointSet,
    Frame,
    assign,
    counted,
    gather,
    label,
    looked_up,
)
from fastdescent.engines.host import core

FRAME = Frame.of(((-1.0, 1.0), (-2.0, 2.0)))
EVERY = range(8)


def points(n: int, seed: int = 0, dim: int = 2, spots: int = 7, dtype: Any = np.float64) -> npt.NDArray[Any]:
    """Endpoints near a few spots."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (spots, dim))[rng.integers(spots, size=n)] + 1e-5 * rng.standard_normal((n, dim))
    return x.astype(dtype)


def ends_of(x: npt.NDArray[Any], kept: Any = EVERY, seed: int = 1) -> EndpointSet:
    rng = np.random.default_rng(seed)
    grad_norm = rng.integers(5, size=len(x)).astype(np.float64)  # with ties
    return EndpointSet.of(x, grad_norm, rng.integers(7, size=len(x)).astype(np.int8), kept)


def gathered_slowly(ends: EndpointSet, frame: Frame, size: float) -> Cells:
    """The same by a dictionary."""
    seen: dict[tuple[float, ...], int] = {}
    cell, count, best = [], [], []
    for i, x in enumerate(ends.x.astype(np.float64)):
        at = (x - (frame.low - 0.381966 * size * frame.width)) * (1.0 / (size * frame.width))
        if not (ends.eligible >> int(ends.status[i])) & 1 or not np.all(np.abs(at) < 2**31 - 1):
            cell.append(-1)
            continue
        k = seen.setdefault(tuple(np.floor(at)), len(seen))
        if k == len(count):
            count.append(0)
            best.append(i)
        cell.append(k)
        count[k] += 1
        best[k] = i if ends.grad_norm[i] < ends.grad_norm[best[k]] else best[k]
    return Cells(np.array(cell, np.int32), np.array(count, np.int64), np.array(best, np.int64))


def assert_same(a: Cells, b: Cells) -> None:
    np.testing.assert_array_equal(a.cell, b.cell)
    np.testing.assert_array_equal(a.count, b.count)
    np.testing.assert_array_equal(a.representative, b.representative)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", [1e-4, 1e-5, 1e-6])
def test_gather_agrees_with_a_dictionary(dtype: Any, size: float) -> None:
    ends = ends_of(points(2000, dtype=dtype), kept=(0, 4, 5))
    assert_same(gather(ends, FRAME, size), gathered_slowly(ends, FRAME, size))


@given(seed=st.integers(0, 100), dim=st.integers(1, 5), n=st.integers(0, 60), spots=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_gather_in_any_dimension(seed: int, dim: int, n: int, spots: int) -> None:
    frame = Frame.of(((-1.0, 1.0),) * dim)
    ends = ends_of(points(n, seed, dim, spots), seed=seed)
    assert_same(gather(ends, frame, 1e-5), gathered_slowly(ends, frame, 1e-5))


def test_gather_numbers_every_scattered_point() -> None:
    x = np.random.default_rng(3).uniform(-1, 1, (100_000, 2))
    cells = gather(ends_of(x), FRAME, 1e-6)
    keys = np.floor((x - (FRAME.low - 0.381966e-6 * FRAME.width)) * (1.0 / (1e-6 * FRAME.width)))
    assert len(cells.count) == len(np.unique(keys, axis=0))
    first = np.unique(cells.cell, return_index=True)[1]
    assert np.all(np.diff(first) > 0), "cells are numbered by first occurrence"


def test_gather_leaves_out_what_is_not_finite_or_absurdly_far() -> None:
    x = np.array([[0, 0], [np.nan, 0], [0, np.inf], [1e300, 0], [-1e9, 0], [0, 0]], np.float64)
    np.testing.assert_array_equal(gather(ends_of(x), FRAME, 1e-4).cell, [0, -1, -1, -1, -1, 0])


@pytest.mark.parametrize("n", [0, 1, 50_000, 100_003])
def test_gather_does_not_depend_on_threads(n: int) -> None:
    ends = ends_of(points(n, spots=40))
    one = gather(ends, FRAME, 1e-5, n_threads=1)
    for n_threads in (2, 3, 5):
        assert_same(one, gather(ends, FRAME, 1e-5, n_threads=n_threads))


def test_gather_of_permuted_points_gives_the_same_partition() -> None:
    ends = ends_of(points(5000))
    order = np.random.default_rng(5).permutation(5000)
    a, b = gather(ends, FRAME, 1e-5).cell[order], gather(ends[order], FRAME, 1e-5).cell
    pairs = np.unique(np.stack([a, b]), axis=1)
    assert pairs.shape[1] == len(np.unique(a)) == len(np.unique(b))


@pytest.mark.parametrize("n", [300, 60_000])
def test_assign_keeps_members_that_their_gradient_puts_near(n: int) -> None:
    rng = np.random.default_rng(7)
    x = np.repeat([[0.25, 0.5]], n, axis=0) + rng.uniform(-1e-5, 1e-5, (n, 2))
    ends = EndpointSet.of(x, rng.uniform(0, 2e-5, n), np.zeros(n, np.int8), EVERY)
    centre, per_gradient, radius = np.array([[0.25, 0.5]]), 0.5, 4e-6
    cells = gather(ends, FRAME, 1e-4)
    of_cell = np.zeros(len(cells.count), np.int32)
    candidates = Candidates(
        centre, np.zeros(1), np.array([per_gradient]), np.array([radius]), np.array([1e-6]), np.zeros(1)
    )
    distance, scaled = np.linalg.norm(x - centre, axis=1), FRAME.distance(x, centre)
    near = (scaled <= 1e-6) | ((scaled <= radius) & (distance <= per_gradient * ends.grad_norm))
    members = assign(ends, FRAME, cells, of_cell, candidates)
    assert 0 < near.sum() < n
    np.testing.assert_array_equal(members.candidate, np.where(near, 0, -1))
    np.testing.assert_array_equal(members.undecided, np.flatnonzero(~near))
    np.testing.assert_array_equal(members.count, [near.sum()])


def test_assign_returns_those_of_cells_without_candidates() -> None:
    x = np.array([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]])
    ends = EndpointSet.of(x, np.zeros(3), np.zeros(3, np.int8), EVERY)
    candidates = Candidates(x[:2], np.zeros(2), np.ones(2), np.ones(2), np.ones(2), np.zeros(2))
    members = assign(ends, FRAME, gather(ends, FRAME, 1e-4), np.array([0, 1, -1], np.int32), candidates)
    assert members.candidate.tolist() == [0, 1, -1]
    assert members.undecided.tolist() == [2]


@pytest.mark.parametrize("n", [300, 60_000])
@pytest.mark.parametrize("slack", [2.0, np.inf])
def test_assign_keeps_members_of_sets_that_their_slope_lets_rest(n: int, slack: float) -> None:
    rng = np.random.default_rng(7)
    x = np.repeat([[0.25, 0.5]], n, axis=0) + rng.uniform(-1e-5, 1e-5, (n, 2))
    fun = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(1.0, 1.0 + 1e-10, n))
    ends = EndpointSet.of(x, rng.uniform(0, 2e-5, n), np.zeros(n, np.int8), EVERY, fun)
    centre, radius, nothing = np.array([[0.25, 0.5]]), 4e-6, np.zeros(1)
    cells = gather(ends, FRAME, 1e-4)
    of_cell = np.zeros(len(cells.count), np.int32)
    candidates = Candidates(centre, np.ones(1), nothing, nothing, nothing, np.array([radius]), slack)
    distance = np.linalg.norm(x - centre, axis=1)
    near = FRAME.distance(x, centre) <= radius
    near &= np.isinf(slack) | (fun - 1.0 <= slack * ends.grad_norm * distance)
    members = assign(ends, FRAME, cells, of_cell, candidates)
    assert 0 < near.sum() < n
    np.testing.assert_array_equal(members.candidate, np.where(near, 0, -1))
    np.testing.assert_array_equal(members.undecided, np.flatnonzero(~near))


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [0, 1, 40_000])
def test_label_writes_rows_and_totals(n: int, dim: int) -> None:
    rng = np.random.default_rng(9)
    ends = ends_of(points(n, dim=dim), kept=(0, 5))
    candidate = np.where(np.isin(ends.status, (0, 5)), rng.integers(-1, 4, n), -1).astype(np.int32)
    nit, rows = rng.integers(100, size=n).astype(np.int32), np.array([1, -1, 0, 1], np.int32)
    x = rng.uniform(-1, 1, (2, dim))
    got = label(ends, candidate, nit, rows, x, 100)

    expected = np.where(candidate >= 0, rows[candidate], -1)
    np.testing.assert_array_equal(got.label, expected)
    moved = np.where(expected >= 0, np.linalg.norm(ends.x - x[expected], axis=1), np.nan)
    np.testing.assert_allclose(got.moved, moved, rtol=1e-15)
    np.testing.assert_array_equal(got.count, [np.sum(expected == k) for k in (0, 1)])
    np.testing.assert_array_equal(got.nit, [nit[expected == k].sum() for k in (0, 1)])
    np.testing.assert_array_equal(got.histogram, [np.bincount(nit[expected == k], minlength=100) for k in (0, 1)])
    assert label(ends, candidate, nit, rows, x).histogram.shape == (2, 0)


@given(st.lists(st.integers(-1, 3), max_size=20))
def test_look_up_and_count_part_by_part(index: list[int]) -> None:
    values, many = np.array([5, 7, 6, 9, -3], np.int8), np.tile(np.array(index, np.int32), 10_000)
    np.testing.assert_array_equal(looked_up(values, many), values[many])
    np.testing.assert_array_equal(counted(many, 4), np.bincount(many + 1, minlength=5)[1:])


# ---------------------------------------------------------------------------------------------- random starts
@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_known_answers(counter: str, key: str, words: str) -> None:
    """The vectors for philox4x32-10 of Random123's kat_vectors."""

    def numbers(text: str) -> list[int]:
        return [int(word, 16) for word in text.split()]

    assert list(core.philox(numbers(counter), numbers(key))) == numbers(words)


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 5, 2**64 - 1])
@pytest.mark.parametrize("dim", [1, 2, 3, 7])
def test_uniform_is_the_documented_function_of_seed_and_index(seed: int, dim: int) -> None:
    window = np.array([(-1.5 - k, 0.1 + k) for k in range(dim)])
    np.testing.assert_array_equal(fd.uniform(window, 100, seed), uniform_slowly(window, 100, seed))


def test_uniform_does_not_depend_on_threads_or_count() -> None:
    window = np.array([[-6.0, 6.0], [0.0, 1.0], [2.0, 3.0]])
    one = core.uniform(window, 70_000, 3, n_threads=1)
    np.testing.assert_array_equal(one, core.uniform(window, 70_000, 3, n_threads=3))
    np.testing.assert_array_equal(one[:10], fd.uniform(window, 10, 3))
    np.testing.assert_array_equal(one[60:80], core.uniform(window, 20, 3, first=60))
    assert fd.uniform(window, 0).shape == (0, 3)


def test_uniform_fills_the_window_evenly() -> None:
    x = fd.uniform(((0, 1), (0, 1)), 40_000)
    counts = np.histogram2d(x[:, 0], x[:, 1], bins=8, range=((0, 1), (0, 1)))[0]
    assert x.min() > 0
    assert x.max() <= 1
    assert np.sum((counts - 625) ** 2 / 625) < 120, "chi-squared of 63 degrees of freedom"
