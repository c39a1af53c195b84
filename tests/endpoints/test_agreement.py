"""How many starts end at the same point in two runs, and who goes where."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (21, 20))
RUN, OTHER = (fd.descend(S, X0, rule) for rule in (fd.GD(0.01), fd.Momentum(0.01)))


def compared(a: fd.Endpoints, b: fd.Endpoints) -> tuple[float, np.ndarray]:
    """Share and counts for tables with the same rows, start by start."""
    k = len(a.points)
    counts = np.zeros((k + 1, k + 1), int)
    for i, j in zip(a.label.flat, b.label.flat, strict=True):
        counts[i, j] += 1  # label -1 is the last one
    return float(np.mean((a.label == b.label) & (a.label >= 0))), counts


def test_runs_endpoints_and_maps_agree_alike() -> None:
    share, table = fd.agreement(RUN, OTHER)
    wanted, counts = compared(RUN.classify(), OTHER.classify())
    assert share == table.share == wanted
    np.testing.assert_array_equal(table.counts, counts)
    assert table.counts.sum() == X0.size // 2
    assert table.points.n_total == X0.size
    by_ends = fd.agreement(RUN.classify(), OTHER.classify())
    maps = [fd.basin_map(S, rule, shape=(21, 20)) for rule in (fd.GD(0.01), fd.Momentum(0.01))]
    for found, other in (by_ends, fd.agreement(*maps), fd.agreement(RUN, maps[1])):
        assert found == share
        np.testing.assert_array_equal(other.counts, table.counts)


def test_a_run_agrees_with_itself() -> None:
    share, table = fd.agreement(RUN, RUN)
    assert share == 1.0
    np.testing.assert_array_equal(table.counts, np.diag(np.append(RUN.classify().points.n_starts, 0)))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), lr=st.floats(0.005, 0.03), max_steps=st.integers(1, 100))
def test_counts_of_tables_with_different_rows(seed: int, lr: float, max_steps: int) -> None:
    x0 = fd.uniform(S.window, 30, seed=seed)
    a = fd.descend(S, x0, fd.GD(lr), max_steps=max_steps).classify()
    b = fd.descend(S, x0, fd.GD(0.01)).classify()
    share, table = fd.agreement(a, b)
    assert table.counts.shape == (len(a.points) + 1, len(b.points) + 1)
    np.testing.assert_array_equal(table.counts[:-1].sum(axis=1), a.points.n_starts)
    np.testing.assert_array_equal(table.counts[:, :-1].sum(axis=0), b.points.n_starts)
    both = [fd.classify(run, points=table.points).label
            for run in (fd.descend(S, x0, fd.GD(lr), max_steps=max_steps), fd.descend(S, x0, fd.GD(0.01)))]  # fmt: skip
    assert share == np.mean((both[0] == both[1]) & (both[0] >= 0))
    turned, other = fd.agreement(b, a)
    assert turned == share
    np.testing.assert_array_equal(other.counts, table.counts.T)


def test_rows_have_the_letters_of_the_merged_table() -> None:
    a = fd.descend(S, [[3.1, 2.1], [-3.0, 3.0], [3.5, -2.0]], fd.GD(0.01))
    b = fd.descend(S, [[-3.6, -3.3], [-3.0, 3.0], [3.1, 2.2]], fd.GD(0.01))
    share, table = fd.agreement(a, b)
    assert share == pytest.approx(1 / 3)
    assert (table.rows_a.tolist(), table.rows_b.tolist()) == ([1, 2, 3], [0, 1, 2])
    assert repr(table).splitlines() == [
        "3 starts, 4 critical points; 33.33 % end at the same point",
        "a \\ b  A  B  C  none",
        "B      0  1  0     0",
        "C      1  0  0     0",
        "D      0  0  1     0",
        "none   0  0  0     0",
    ]
    assert "<td>B</td><td>0</td><td>1</td>" in table._repr_html_()


def test_long_tables_are_summed_up() -> None:
    r = fd.surfaces.rastrigin()
    _, table = fd.agreement(fd.basin_map(r, shape=50), fd.basin_map(r, fd.GD(0.001), shape=50))
    lines = repr(table).splitlines()
    assert len(lines) == 2 + 12 + 2
    assert "109 more" in repr(table)
    assert sum(int(v) for line in lines[2:] for v in line.replace("109 more", "rest").split()[1:]) == 2500


def test_pickle_and_pandas() -> None:
    _, table = fd.agreement(RUN, OTHER)
    again = pickle.loads(pickle.dumps(table))
    assert repr(again) == repr(table)
    pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert list(frame.index) == list(frame.columns) == ["A", "B", "C", "D", "none"]
    np.testing.assert_array_equal(frame, table.counts)


def test_no_starts() -> None:
    none = fd.descend(S, np.zeros((0, 2)), fd.GD(0.01))
    share, table = fd.agreement(none, none)
    assert np.isnan(share)
    assert table.counts.tolist() == [[0]]
    assert repr(table).startswith("0 starts, 0 critical points\n")


LINE = fd.surface("x**2")
MAP = fd.basin_map(S, shape=(20, 21))


@pytest.mark.parametrize(
    ("a", "b", "error", "words"),
    [
        (RUN, fd.descend(S, X0[:3], fd.GD(0.01)), ValueError, "same starts; got 420 and 60 of them"),
        (RUN, fd.descend(LINE, np.ones((420, 1)), fd.GD(0.1)), ValueError, "number of coordinates; got 2 and 1"),
        (MAP, fd.basin_map(S, shape=(20, 21), window=(-1, 1)), ValueError, "maps of the same window; got"),
        (MAP, fd.basin_map(S, shape=(21, 20)), ValueError, r"maps of the same shape; got \(20, 21\) and \(21, 20\)"),
        (RUN, 3, TypeError, "b must be a run, its endpoints or a basin map; got 3"),
        (RUN.x, RUN, TypeError, "a must be a run"),
        (RUN.classify().points, RUN, TypeError, "a must be a run"),
    ],
)  # fmt: skip
def test_arguments_are_checked(a: Any, b: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fd.agreement(a, b)
