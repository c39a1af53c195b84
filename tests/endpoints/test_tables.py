"""The table of critical points: its columns, rows and words, what is global, and tables that are merged."""

from __future__ import annotations

import builtins
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdescent as fd
from fastdescent import Form, Outcome, Reason
from fastdescent._endpoints.search.cells import Frame
from fastdescent._endpoints.search.verdict import Polished
from fastdescent._endpoints.table.counts import medians
from fastdescent._endpoints.table.global_minimum import judge
from fastdescent._endpoints.table.names import form_words, kind_words, reason_counts, reason_words
from fastdescent._endpoints.table.rows import table_of
from fastdescent._endpoints.table.stability import stability
from fastdescent._endpoints.table.tabulate import merged

HIMMELBLAU = fd.surfaces.himmelblau()
RUN = fd.descend(HIMMELBLAU, fd.uniform(HIMMELBLAU.window, 500, seed=3), fd.GD(0.01))
TABLE = RUN.classify().points
ROW_COLUMNS = tuple(TABLE.to_dict())


def points(fun: Any, kind: Any = Outcome.LOCAL_MINIMUM, eigenvalues: Any = None, **columns: Any) -> Polished:
    """Points at x = (0, 0), (1, 0), (2, 0) ... with these columns."""
    k = len(fun)
    zeros = np.zeros(k, np.int8)
    made = {
        "x": np.stack([np.arange(k, dtype=float), np.zeros(k)], axis=1), "fun": np.array(fun, float),
        "grad_norm": np.zeros(k), "eigenvalues": np.tile([1.0, 2.0], (k, 1)) if eigenvalues is None else eigenvalues,
        "nullity": zeros, "kind": np.full(k, kind, np.int8), "form": zeros, "active": np.zeros((k, 2), np.int8),
        "set_dim": zeros, "reason": zeros,
    }  # fmt: skip
    return Polished(**(made | columns))


def table(fun: Any, *, given: float | None = None, known: float | None = None, **columns: Any) -> fd.CriticalPoints:
    lowest = {name: columns.pop(name) for name in ("lowest", "n_lower") if name in columns}
    return table_of(points(fun, **columns), ((-5, 5), (-5, 5)), given, known, 1e-6, **lowest)


# ---------------------------------------------------------------------- columns
def test_every_column_has_an_entry_per_row() -> None:
    for name, column in TABLE.to_dict().items():
        assert column.shape == ((4, 2) if name in ("x", "eigenvalues", "active") else (4,)), name
    assert (TABLE.kind.dtype, TABLE.form.dtype, TABLE.active.dtype) == (np.int8, np.int8, np.int8)
    np.testing.assert_array_equal(TABLE.arrived, 1.0)


def test_medians_of_steps() -> None:
    ends = RUN.classify()
    wanted = [np.median(RUN.nit[ends.label == row]) for row in range(4)]
    np.testing.assert_array_equal(TABLE.nit_median, wanted)


@settings(max_examples=50, deadline=None)
@given(data=st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 40)), max_size=60), cut=st.integers(0, 60))
def test_medians_are_numpys_however_they_are_found(data: Any, cut: int) -> None:
    label, nit = np.array(data, np.int32).reshape(-1, 2).T
    parts = [(label[:cut], nit[:cut]), (label[cut:], nit[cut:])]
    wanted = [np.median(nit[label == row]) if np.any(label == row) else np.nan for row in range(4)]
    np.testing.assert_array_equal(medians(parts, 4, 40), wanted)
    np.testing.assert_array_equal(medians(parts, 4, 2**24), wanted)  # too many bins for a histogram


def test_unseen_counts_rows_with_one_start() -> None:
    n_starts = np.array([5, 1, 1, 0])
    assert replace(TABLE, n_starts=n_starts, n_total=10).unseen == 0.2
    assert np.isnan(replace(TABLE, n_total=0).unseen)


def test_unseen_estimates_what_is_missing() -> None:
    """1,000 minima; 500 starts in 1-D see some of them. The chance of a new one is known: the share not yet seen."""
    s = fd.surface("1 - cos(2*pi*x)", window=(0, 1000))
    found = fd.descend(s, fd.uniform(s.window, 500, seed=1), fd.GD(0.01)).classify().points
    assert found.unseen == pytest.approx(1 - len(found) / 1000, abs=0.06)


def test_eigenvalues_that_walls_left_out_are_not_counted() -> None:
    eigenvalues = np.array([[1.0, 2.0], [3.0, np.nan], [np.nan, np.nan], [-1.0, np.nan]])
    active = np.array([[0, 0], [1, 0], [-1, -1], [0, 1]], np.int8)
    form = np.where(active.any(axis=1), Form.CONSTRAINED, Form.REGULAR).astype(np.int8)
    kind = np.array([11, 11, 11, 12], np.int8)
    made = table([0.0, 1.0, 2.0, 3.0], eigenvalues=eigenvalues, active=active, form=form, kind=kind)
    assert made.morse_index.tolist() == [0, 0, 0, 1]
    assert "local minimum (on a wall)" in repr(made)
    assert "saddle (on a wall)" in repr(made)
    np.testing.assert_allclose(stability(fd.GD(0.5), eigenvalues, form, active), [0.5, 0.75, 0.0, -0.25])
    assert len(fd.merge(made, made)) == 4


def test_the_nullity_says_which_eigenvalues_are_zero() -> None:
    eigenvalues, nullity = np.array([[-1e-9, 2.0], [-1e-9, 2.0]]), np.array([1, 0])
    assert table([0.0, 1.0], eigenvalues=eigenvalues, nullity=nullity).morse_index.tolist() == [0, 1]


# ---------------------------------------------------------------------- stability
@pytest.mark.parametrize(
    ("optimizer", "limit"),
    [
        (fd.GD(0.1), 2.0),
        (fd.GD(np.array(0.1)), 2.0),
        (fd.Momentum(0.1, 0.9), 3.8),
        (fd.SGD(0.1), 2.0),
        (fd.SGD(0.1, dampening=0.5), 2.0),
        (fd.SGD(0.1, momentum=0.5, dampening=0.5), 6.0),
        (fd.SGD(0.1, momentum=0.5, nesterov=True), 1.5),
    ],
    ids=repr,
)
def test_one_is_the_threshold_of_stability(optimizer: Any, limit: float) -> None:
    assert optimizer.sharpness_limit == pytest.approx(limit / 0.1)
    for factor, settles in ((0.98, True), (1.02, False)):
        bowl = fd.surface("a*x**2/2 + y**2/2", a=factor * limit / 0.1)
        run = fd.descend(bowl, [1e-3, 1.0], optimizer, max_steps=3000, gtol=None)
        assert bool(abs(run.x[0]) < 1e-3) is settles
        eigenvalues = np.array([[1.0, factor * limit / 0.1]])
        found = stability(optimizer, eigenvalues, np.zeros(1, np.int8), np.zeros((1, 2), np.int8))
        np.testing.assert_allclose(found, factor)


def test_l2_decay_adds_to_the_eigenvalue() -> None:
    where = np.array([[1.0, 3.0]]), np.zeros(1, np.int8), np.zeros((1, 2), np.int8)
    np.testing.assert_allclose(stability(fd.SGD(0.1, weight_decay=2.0), *where), 0.25)


@pytest.mark.parametrize(
    "optimizer",
    [fd.Adam(0.1), fd.LineSearch(), fd.GradientFlow(), fd.GD(lambda t: 0.1), fd.GD(np.full(500, 0.1)),
     fd.Momentum(0.1, 1.0), fd.SGD(0.1, weight_decay=lambda t: 0.1)],
    ids=lambda o: type(o).__name__,
)  # fmt: skip
def test_no_stability_without_a_known_limit(optimizer: Any) -> None:
    where = np.array([[1.0, 3.0]]), np.zeros(1, np.int8), np.zeros((1, 2), np.int8)
    assert np.isnan(stability(optimizer, *where)).all()


def test_no_stability_at_kinks() -> None:
    kink = np.full(1, Form.NONSMOOTH, np.int8)
    assert np.isnan(stability(fd.GD(0.1), np.array([[1.0, 3.0]]), kink, np.zeros((1, 2), np.int8))).all()


# ---------------------------------------------------------------------- rows
def test_rows_are_tables() -> None:
    assert len(TABLE) == 4
    for index, rows in ((2, [2]), (-1, [3]), (np.int64(0), [0]), (slice(1, 3), [1, 2]), ([3, 0], [3, 0]), ([], []),
                        (np.array([True, False, True, False]), [0, 2])):  # fmt: skip
        some = TABLE[index]
        assert isinstance(some, fd.CriticalPoints)
        for name in ROW_COLUMNS:
            np.testing.assert_array_equal(getattr(some, name), getattr(TABLE, name)[rows])
        assert (some.n_total, some.fmin, some.window) == (TABLE.n_total, TABLE.fmin, TABLE.window)
        assert repr(some)
    rows = list(TABLE)
    assert [len(row) for row in rows] == [1] * 4
    np.testing.assert_array_equal(np.concatenate([row.x for row in rows]), TABLE.x)


@pytest.mark.parametrize(
    ("index", "error", "words"),
    [
        (4, IndexError, "row 4 is out of range: the table has 4 rows"),
        (-5, IndexError, "row -5 is out of range"),
        ([True, False], IndexError, r"a mask of rows must have shape \(4,\); got \(2,\)"),
        ([[0, 1]], IndexError, r"one dimension; got an array of shape \(1, 2\)"),
        ("x", TypeError, "a table is indexed by a row's number"),
        (1.0, TypeError, r"got 1\.0"),
        (True, TypeError, "got True"),
        ((0, 1), TypeError, "a table is indexed by"),
        (None, TypeError, "got None"),
    ],
)
def test_what_is_no_row(index: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        TABLE[index]


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = TABLE.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.index) == ["A", "B", "C", "D"]
    np.testing.assert_array_equal(frame[["x1", "x2"]], TABLE.x)
    assert set(frame["kind"]) == {"global minimum"}
    np.testing.assert_array_equal(frame["n_starts"], TABLE.n_starts)


def test_a_missing_pandas_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "pandas":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install pandas"):
        TABLE.to_pandas()


def test_pickles_of_earlier_tables_get_the_columns_that_they_lack() -> None:
    earlier = {name: value for name, value in TABLE.__dict__.items()
               if name not in ("set_dim", "form", "active", "arrived", "nit_median", "lowest", "n_lower")}  # fmt: skip
    found = object.__new__(fd.CriticalPoints)
    found.__setstate__(earlier)
    assert repr(found) == repr(TABLE)
    assert found.active.shape == (4, 2)
    assert np.isnan(found.nit_median).all()
    assert len(fd.merge(found, TABLE)) == 4
    again = pickle.loads(pickle.dumps(TABLE))
    for name in ROW_COLUMNS:
        np.testing.assert_array_equal(getattr(again, name), getattr(TABLE, name))


# ---------------------------------------------------------------------- what is global
@settings(max_examples=200, deadline=None)
@given(
    fun=st.lists(st.floats(-10, 10), max_size=5), lowest=st.floats(-20, 10) | st.just(np.nan),
    given_fmin=st.none() | st.floats(-20, 20), known=st.none() | st.floats(-20, 20), data=st.data(),
)  # fmt: skip
def test_nothing_lies_lower_than_a_global_row(
    fun: list[float], lowest: float, given_fmin: float | None, known: float | None, data: Any
) -> None:
    is_minimum = np.array(data.draw(st.lists(st.booleans(), min_size=len(fun), max_size=len(fun))), bool)
    values, tol = np.array(fun), np.full(len(fun), 1e-9)
    found = judge(values, is_minimum, tol, given=given_fmin, known=known, lowest=lowest)
    seen = [v for v in [lowest, *values[is_minimum]] if not np.isnan(v)]
    for f in values[found.is_global]:
        assert f <= min(seen) + 1e-6
        assert f <= found.fmin + 1e-6
    assert not np.any(found.is_global & ~is_minimum)
    if seen:
        claims = [c for c in (given_fmin, known) if c is not None and not min(seen) < c - 1e-6]
        assert found.fmin in [*claims, *seen]
        if found.source == "given":
            assert found.fmin == given_fmin
    assert np.isnan(found.fmin) == (not seen and given_fmin is None and known is None)


def test_where_nothing_is_known_the_title_says_lowest_found() -> None:
    assert "lowest found: f = 0" in repr(table([0.0, 1.0])).splitlines()[0]
    assert "global: f = 0 (known)" in repr(table([0.0, 1.0], known=0.0))
    assert "global: f = -1 (given)" in repr(table([0.0, 1.0], given=-1.0))


def test_what_was_reached_and_has_no_name_is_said() -> None:
    some = table([-900.0, 1.0], lowest=-959.6, n_lower=682)
    assert Outcome.GLOBAL_MINIMUM not in some.kind
    assert (some.fmin, some.lowest, some.n_lower) == (-959.6, -959.6, 682)
    said = "f = -959.6 was reached by 682 endpoints that have no name"
    assert said in repr(some)
    assert said in some._repr_html_()
    assert "by 1 endpoint that has no name" in repr(replace(some, n_lower=1))
    start = table([0.0], lowest=-2.2043)
    assert "f = -2.2043 was seen, and no minimum as low" in repr(start)
    assert "was seen" not in repr(table([0.0], lowest=0.0))
    assert "was seen" not in repr(table([0.0], lowest=3.0, known=0.0))


# ---------------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("kind", "form", "set_dim", "words"),
    [
        (10, 0, 0, "global minimum"),
        (10, Form.DEGENERATE, 1, "global minimum (valley, dim 1)"),
        (11, Form.CONSTRAINED, 0, "local minimum (on a wall)"),
        (11, Form.NONSMOOTH, 0, "local minimum (kink)"),
        (10, Form.DEGENERATE, 0, "global minimum (degenerate)"),
        (10, Form.DEGENERATE | Form.CONSTRAINED | Form.NONSMOOTH, 2, "global minimum (valley, dim 2, on a wall, kink)"),
        (12, Form.CONSTRAINED, 0, "saddle (on a wall)"),
        (14, Form.DEGENERATE, 0, "degenerate"),
    ],
)
def test_words(kind: int, form: int, set_dim: int, words: str) -> None:
    assert kind_words(kind, form, set_dim) == words


def test_forms_are_in_the_table() -> None:
    some = table([0.0, 1.0], form=np.array([1, 2], np.int8), set_dim=np.array([1, 0], np.int8), known=0.0)
    for words in ("global minimum (valley, dim 1)", "local minimum (on a wall)"):
        assert words in repr(some)
        assert words in some._repr_html_()
    assert form_words(0) == ""


def test_every_reason_has_words() -> None:
    for reason in Reason:
        words = reason_words(reason_counts(np.array([reason, 0])))
        assert words.startswith("1 not settled: 1 ") is (reason != Reason.NONE)


# ---------------------------------------------------------------------- merging
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), n_parts=st.integers(1, 4))
def test_parts_merge_to_the_whole(seed: int, n_parts: int) -> None:
    x0 = fd.uniform(HIMMELBLAU.window, 60, seed=seed)
    whole = fd.descend(HIMMELBLAU, x0, fd.GD(0.01)).classify().points
    parts = [fd.descend(HIMMELBLAU, x0[k::n_parts], fd.GD(0.01)).classify().points for k in range(n_parts)]
    both = fd.merge(*parts)
    np.testing.assert_allclose(both.x, whole.x, atol=1e-9)
    for name in ("n_starts", "share", "share_low", "share_high", "arrived", "kind", "form", "n_total"):
        np.testing.assert_array_equal(getattr(both, name), getattr(whole, name), err_msg=name)
    for name in ("nit_mean", "stability", "eigenvalues"):
        np.testing.assert_allclose(getattr(both, name), getattr(whole, name), err_msg=name, rtol=1e-6)


def test_merging_keeps_forms_and_what_lies_lower() -> None:
    a = table([0.0, 1.0], lowest=-3.0, n_lower=4, form=np.array([1, 2], np.int8), set_dim=np.array([1, 0], np.int8))
    b = table([0.0, 1.0], lowest=-2.0, n_lower=5, form=np.array([1, 2], np.int8), set_dim=np.array([1, 0], np.int8))
    both = fd.merge(a, b)
    assert (both.lowest, both.n_lower, both.fmin) == (-3.0, 9, -3.0)
    assert both.form.tolist() == [1, 2]
    assert both.set_dim.tolist() == [1, 0]
    assert Outcome.GLOBAL_MINIMUM not in both.kind
    deeper = fd.merge(a, table([-7.0], x=np.array([[4.0, 4.0]])))
    assert (deeper.lowest, deeper.n_lower) == (-3.0, 0)
    assert deeper.kind.tolist() == [Outcome.GLOBAL_MINIMUM, Outcome.LOCAL_MINIMUM, Outcome.LOCAL_MINIMUM]


def test_medians_survive_a_merge_where_rows_stay_alone() -> None:
    left, right = (fd.descend(HIMMELBLAU, x0, fd.GD(0.01)).classify().points
                   for x0 in ([[3.1, 2.1], [3.5, -1.0]], [[3.1, 2.2], [-3.0, 3.0]]))  # fmt: skip
    both = fd.merge(left, right)
    counted = np.bincount(merged_rows(both, left, right), minlength=len(both))
    np.testing.assert_array_equal(np.isnan(both.nit_median), counted > 1)


def merged_rows(both: fd.CriticalPoints, *parts: fd.CriticalPoints) -> Any:
    """The row of the merged table that is nearest to each row of the parts."""
    x = np.concatenate([part.x for part in parts])
    return np.linalg.norm(x[:, np.newaxis] - both.x, axis=-1).argmin(axis=1)


def test_arrived_is_weighted_by_starts() -> None:
    a = replace(TABLE[0], n_starts=np.array([30]), arrived=np.array([1.0]), n_total=30)
    b = replace(TABLE[0], n_starts=np.array([10]), arrived=np.array([0.2]), n_total=10)
    assert fd.merge(a, b).arrived == pytest.approx(0.8)


def test_merging_one_table_changes_nothing() -> None:
    assert repr(fd.merge(TABLE)) == repr(TABLE)


@pytest.mark.parametrize(
    ("tables", "options", "error", "words"),
    [
        ((), {}, TypeError, "merge needs at least one table"),
        ((TABLE, 3), {}, TypeError, "argument 2 must be a CriticalPoints table; got 3"),
        ((TABLE, fd.descend(fd.surface("x**2"), [[1.0]], fd.GD(0.1)).classify().points), {}, ValueError,
         "same number of coordinates; got 2, 1"),
        ((TABLE,), {"tolerance": 0}, ValueError, "tolerance must be greater than 0; got 0"),
        ((TABLE,), {"tolerance": "x"}, TypeError, "tolerance must be a number"),
    ],
)  # fmt: skip
def test_arguments_of_merge(tables: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fd.merge(*tables, **options)


def test_points_merge_whatever_their_eigenvalues_lack() -> None:
    eigenvalues = np.array([[1.0, np.nan], [1.0, np.nan]])
    two = points([0.0, 0.0], eigenvalues=eigenvalues, x=np.array([[0.0, 0.0], [1e-7, 0.0]]))
    row, best = merged(two, Frame.of(((-5, 5), (-5, 5))), 1e-6)
    assert (row.tolist(), len(best)) == ([0, 0], 1)
