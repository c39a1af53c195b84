"""Tables that were stored, merged: connected sets are followed all the same."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fastdescent as fd


def ring_tables(first_angle: float = 0.0) -> list[fd.CriticalPoints]:
    """Tables of one point each of a ring of minima, whose function no pickle can hold."""
    s = fd.surface(lambda x: (np.sum(x * x) - 1) ** 2, dim=2, window=(-2, 2))
    angles = first_angle + np.arange(12) * np.pi / 6
    starts = 1.1 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return [fd.descend(s, start[np.newaxis], fd.GradientFlow()).classify().points for start in starts]


def test_tables_of_a_ring_merge_after_pickling() -> None:
    tables = ring_tables()
    stored = [pickle.loads(pickle.dumps(t)) for t in tables]
    for some in (tables, stored, [*stored[:6], *tables[6:]], stored[::-1]):
        both = fd.merge(*some)
        assert (len(both), both.set_dim.tolist(), both.n_starts.tolist()) == (1, [1], [12])
        assert len(fd.merge(pickle.loads(pickle.dumps(both)), stored[3])) == 1


def test_a_table_without_sets_merges_with_those_of_a_ring() -> None:
    s = fd.surface("(x**2 + y**2 - 1)**2", window=(-2, 2))
    top = fd.descend(s, [[0.0, 0.0]], fd.GradientFlow()).classify().points
    stored = [pickle.loads(pickle.dumps(t)) for t in (top, *ring_tables(0.1))]
    assert stored[0]._surface is None  # it may hold much data
    both = fd.merge(*stored)
    assert both.kind.tolist() == [fd.Outcome.GLOBAL_MINIMUM, fd.Outcome.MAXIMUM]


def test_pickled_tables_on_walls_keep_their_walls() -> None:
    s = fd.surface("(x - 3)**2 + 0*y", window=(-2, 2))
    tables = [fd.descend(s, [[0.0, y]], fd.GradientFlow(), bounds=(-2, 2)).classify().points for y in (-1.0, 1.5)]
    both = fd.merge(*(pickle.loads(pickle.dumps(t)) for t in tables))
    assert (len(both), both.active.tolist()) == (1, [[1, 0]])


def test_no_row_is_called_global_where_the_least_value_is_not_known() -> None:
    s = fd.surface("(x**2 + y**2 - 1)**2", window=(-2, 2))
    run = fd.descend(s, fd.grid(s.window, (8, 8)), fd.GradientFlow())
    m = fd.basin_map(s, shape=(8, 8))
    for ends in (run.classify(), fd.classify(run, fmin=-1.0), fd.merge(run.classify().points), m):
        for text in (repr(ends), ends._repr_html_(), str(ends)):
            assert "lob" not in text.replace("global: f = -1", "")
    assert "lowest found (valley, dim 1)" in repr(run.classify())
    assert "lowest found" in m.report()
    given = run.classify(fmin=0.0)
    assert "64 global minimum" in repr(given)
    assert "global minimum (valley, dim 1)" in repr(given.points)


def test_pandas_kinds_are_those_of_the_text() -> None:
    pytest.importorskip("pandas")
    run = fd.descend(fd.surface("x**2", window=(-1, 1)), [[0.5]], fd.GradientFlow())
    assert run.classify().points.to_pandas()["kind"].tolist() == ["lowest found"]
    assert run.classify(fmin=0.0).points.to_pandas()["kind"].tolist() == ["global minimum"]
