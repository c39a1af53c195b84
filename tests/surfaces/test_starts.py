"""Starts: random ones know that they are, and lose it where they no longer are; windows that floats can hold."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastdescent as fd

STARTS = fd.uniform(((-1.0, 1.0), (0.0, 2.0)), 12, seed=3)


def begun_at(starts: Any) -> fd.Descent:
    return fd.descend(fd.surfaces.sphere(), starts, fd.GD(lr=0.1), max_steps=0)


def doubled_in_place() -> Any:
    starts = STARTS.copy()
    starts *= 2
    return starts


@pytest.mark.parametrize(
    "chosen",
    [
        lambda: STARTS,
        lambda: STARTS[:5],
        lambda: STARTS[[3, 1]],
        lambda: STARTS[STARTS[:, 0] > 0],
        lambda: STARTS.reshape(3, 4, 2),
        lambda: np.reshape(STARTS, (2, 6, 2)),
        lambda: np.split(STARTS, 3)[1],
        lambda: STARTS.astype(np.float32),
        lambda: STARTS.copy(),
        lambda: pickle.loads(pickle.dumps(STARTS)),
    ],
)
def test_what_is_chosen_of_random_starts_is_random(chosen: Callable[[], Any]) -> None:
    assert begun_at(chosen()).random_starts


@pytest.mark.parametrize(
    "made",
    [
        lambda: STARTS * 2,
        lambda: 1.0 + STARTS,
        lambda: -STARTS,
        doubled_in_place,
        lambda: STARTS @ np.eye(2),
        lambda: STARTS.dot(np.eye(2)),
        lambda: np.abs(STARTS),
        lambda: STARTS.round(1),
        lambda: STARTS.clip(0, 1),
        lambda: np.sort(STARTS, axis=0),
        lambda: np.concatenate([STARTS, np.zeros((3, 2))]),
        lambda: fd.repeat(STARTS, 2),
        lambda: np.array(STARTS),
    ],
)
def test_what_is_made_of_random_starts_is_a_plain_array(made: Callable[[], Any]) -> None:
    assert type(made()) is np.ndarray
    assert not begun_at(made()).random_starts


def test_values_are_those_of_plain_arrays() -> None:
    plain = np.array(STARTS)
    np.testing.assert_array_equal(STARTS * 2 + 1, plain * 2 + 1)
    np.testing.assert_array_equal(STARTS @ np.ones(2), plain @ np.ones(2))
    assert type(STARTS.sum()) is np.float64
    assert STARTS.sum() == plain.sum()
    assert STARTS.mean(axis=0).tolist() == plain.mean(axis=0).tolist()


def test_intervals_follow() -> None:
    s = fd.surface("x**4 - x**2 + y**2", window=(-1, 1))
    for starts, known in ((STARTS[:10], True), (0.5 * STARTS, False)):
        points = fd.descend(s, starts, fd.LineSearch()).classify().points
        assert np.isfinite(points.share_low).all() == known


def test_windows_as_wide_as_floats_allow() -> None:
    wide = ((-8e307, 8e307), (1.0e308, 1.7e308))
    for points in (fd.uniform(wide, 100), fd.grid(wide, (5, 4)).reshape(-1, 2)):
        assert np.isfinite(points).all()
        for k, (lo, hi) in enumerate(wide):
            assert points[:, k].min() >= lo
            assert points[:, k].max() <= hi
    assert fd.basin_map(fd.surface("sin(x) + cos(y)", window=wide), shape=(3, 3), max_steps=9).label.shape == (3, 3)
