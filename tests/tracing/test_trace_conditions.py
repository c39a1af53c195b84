"""Conditions, integers and booleans that are not known yet: indices by them, and NumPy's arithmetic of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.tracing import A, W, check

import fastdescent as fd

POINTS = np.array([[1.0, 2.0, -1.0, 0.5], [1.0, 1.0, 1.0, 1.0], [-1.0, -2.0, -0.5, -3.0], [0.0, -0.0, 3.0, 2.0]])
C = np.array([[0.0, 0.5], [1.0, 2.0], [3.0, 1.0]])
V = np.array([1.0, 10.0, 100.0, 1000.0])


def cut_off(x: Any) -> Any:
    y = x.copy()
    y[y < 0] = 0
    y[y > 1] **= 2
    y[y < 0.7] = y[y < 0.7] * 3
    return y @ V


def rows_by_a_condition(x: Any) -> Any:
    rows = np.stack([x, x**2, x**3])
    rows[rows.sum(1) > 3] = x
    return (rows**2).sum() + np.sum(rows[rows.sum(1) > 1], axis=0) @ V


def the_largest_is_set(x: Any) -> Any:
    y = x.copy()
    y[np.argmax(y)] = 7 * x[0]
    y[[1, 2]] **= 2
    y[np.where(y > 3)] = 3.0
    y[np.argsort(y)[:2]] = [0.25, x[3]]
    return (y * y) @ V


def added_at(x: Any) -> Any:
    y = np.zeros(3)
    np.add.at(y, [0, 0, 1], x[:3] ** 2)
    np.maximum.at(y, [2, 2], x[:2])
    return y @ V[:3]


def nearest_centre(x: Any) -> Any:
    return np.sum((x[:2] - C[np.argmin(((C - x[:2]) ** 2).sum(1))]) ** 2)


def nearest_centre_by_take(x: Any) -> Any:
    points = x.reshape(2, 2)
    return np.sum((points - np.take(C, np.argmin(((C - points[:, None]) ** 2).sum(-1), axis=1), axis=0)) ** 2)


def filled_where(x: Any) -> Any:
    y = np.zeros(4)
    y[x > 0] = np.sqrt(x[x > 0])
    return np.divide(1.0, 1.0 + y, out=np.zeros_like(x), where=y > 0.85) @ V + y.sum()


def until_negative(x: Any) -> Any:
    i = 0
    while i < 3 and x[i] > 0:
        i += 1
    return x[i] ** 2


CASES: dict[str, Callable[[Any], Any]] = {
    "cut_off": cut_off,
    "rows": rows_by_a_condition,
    "set": the_largest_is_set,
    "at": added_at,
    "nearest": nearest_centre,
    "nearest by take": nearest_centre_by_take,
    "filled": filled_where,
    "while": until_negative,
    "sums": lambda x: np.sum(x[x > 0]) + np.sum(np.log(x[x > 0.1]) * 2 + 1) + x[x > 0] @ x[x > 0],
    "moments": lambda x: np.mean(x[x > -5] ** 2) + np.std(x[x > -5]) + np.var(x[x < 5], ddof=1) + np.ptp(x[x < 9]),
    "extremes": lambda x: x[x > -5].max() - x[x < 5].min() + np.linalg.norm(x[x > 0]) + np.max(x[x > 0], initial=0.25),
    "counts": lambda x: x[x > 0].size + len(x[x > 1]) * x[0] + np.count_nonzero(x[x > 0] > 1) + np.size(x[x < 0]),
    "elements": lambda x: x[x > -5][0] + 10 * x[x < 5][-1] + np.sum([v * v for v in x[x > 0]]),
    "any of": lambda x: 1.0 * np.any(x[x > 0] > 1) + np.all(x[x > 0] > 1) * x[0],
    "a list": lambda x: x[0] * [1.0, 2.0, 3.0][np.argmin(((C - x[:2]) ** 2).sum(1))],
    "matrices": lambda x: np.outer(x, V)[np.argsort(x)][:, 1] @ V + np.outer(x, V)[np.arange(4), np.argsort(x)] @ V,
    "negative": lambda x: x[np.argmin(x) - 4] + x[-1 - np.argmax(x)] * x[0],
    "whole numbers": lambda x: np.sum(int(x[0]) + 0.5 * x.astype(int)) + x.astype(int)[1] // 2 + x.astype(bool).sum(),
    "where=": lambda x: np.sum(x, where=x > 0) + np.prod(x, where=[True, False, True, True]) + np.mean(x, where=x < 9),
    "two results": lambda x: np.modf(x)[0] @ V + np.modf(x)[1] @ V + divmod(x, 0.75)[0] @ V + divmod(x, 0.75)[1] @ V,
    # booleans
    "a sum counts": lambda x: np.sum([x[0] > 0, x[1] > 0]) + np.sum(x > 0) + np.sum(np.asarray(x) > 0),
    "running sums count": lambda x: np.cumsum(x > 0) @ V + np.add.accumulate(x > 0) @ V,
    "those of lists, too": lambda x: np.cumsum([x[0] > 0, True])[1] + np.cumsum(np.array([x[1] > 0, x[0] > 0]))[1],
    "maxima are booleans": lambda x: 1.0 * (np.max(x > 0) + np.max(x > -1)) + np.sum(np.min(x > 0) + np.max(x > -1)),
    "products are booleans": lambda x: 1.0 * np.dot(x > 0, x > -1) + np.inner(x > 0, x > 0) + np.vdot(x < 0, x < 9),
    "matrices of booleans": lambda x: np.sum(np.outer(x > 0, x > 1) @ (x > 0)) + np.einsum("i,i->", x > 0, x > 1).sum(),
    "sums are booleans": lambda x: 1.0 * ((x[0] > 0) + (x[1] > 0)) + ((x > 0) * (x < 2)).sum(),
    "differences": lambda x: np.sum(np.diff(x > 0)) + np.sum((x > 0) ^ (x > 1)) + np.sum(~(x > 0)),
    "mixed": lambda x: np.sum((x > 0) + 1) + np.sum((x > 0) * 2) + np.sum((x > 0) / 2) + np.sum((x > 0) ** 2),
    "a mean": lambda x: np.mean(x > 0) + np.mean([x[0] > 0, x[1] > 0]) + (x > 0).std() + np.prod(x > -9),
    "a trace": lambda x: np.trace(np.outer(x > 0, x > -9)) + np.sum(np.sqrt(x > 0)) + (x > 0).astype(float) @ V,
    "lists": lambda x: np.max([x[0], x[1]]) + max(abs(x)) + np.exp(np.array([0.0, x[0]]))[0],
}


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_numpy(name: str) -> None:
    f = CASES[name]
    s = fd.surface(f, dim=4)
    for point in POINTS:
        assert float(s(point)) == pytest.approx(float(np.asarray(f(point.copy())).item()), rel=1e-15, abs=0.0), point


@pytest.mark.parametrize("name", ["cut_off", "set", "sums", "moments", "nearest", "matrices", "filled", "extremes"])
def test_derivatives_follow_the_elements(name: str) -> None:
    check(CASES[name], 4, 0.3, 0.65)


@pytest.mark.parametrize("name", ["set", "elements", "matrices", "two results", "whole numbers", "nearest"])
def test_engines_agree(name: str) -> None:
    s = fd.surface(CASES[name], dim=4)
    ends = [fd.descend(s, POINTS, fd.GD(lr=1e-5), max_steps=3, engine=engine).x for engine in ENGINES]
    for end in ends[1:]:
        np.testing.assert_array_equal(end, ends[0])


def test_where_nothing_is_selected() -> None:
    s = fd.surface(lambda x: np.max(x[x > 0]), dim=2)
    assert np.isnan(s([-1.0, -2.0]))  # NumPy raises an error
    assert float(fd.surface(lambda x: np.sum(x[x > 0]), dim=2)([-1.0, -2.0])) == 0.0


def test_an_index_out_of_bounds_is_nan() -> None:
    s = fd.surface(lambda x: x[np.floor(x[0]).astype(int)], dim=2)
    values = s([[0.5, 7.0], [1.5, 7.0], [-1.0, 7.0], [2.0, 7.0], [-3.0, 7.0]])
    np.testing.assert_array_equal(values, [0.5, 7.0, 7.0, np.nan, np.nan])


def test_the_first_of_equal_values() -> None:
    s = fd.surface(lambda x: np.argmin(x) + 10 * np.argmax(x) + 100 * np.argsort(x)[0], dim=3)
    assert float(s([1.0, 1.0, 1.0])) == 0.0
    assert float(s([2.0, 1.0, 1.0])) == 101.0


def test_sorting_sorts_any_number_of_values() -> None:
    rng = np.random.default_rng(0)
    for n in range(1, 18):
        points = rng.integers(-3, 4, (20, n)).astype(float)
        weights = rng.normal(size=n)
        values = fd.surface(lambda x, w=weights: np.sum(np.sort(x) * w) + np.argsort(x) @ w, dim=n)(points)
        own = [np.sum(np.sort(p) * weights) + np.argsort(p, kind="stable") @ weights for p in points]
        np.testing.assert_allclose(values, own, rtol=1e-13, atol=1e-13)


def test_no_derivative_of_what_is_not_selected() -> None:
    s = fd.surface(lambda x: np.sum(np.sqrt(x[x > 0])) + np.nansum(np.log(np.where(x > 0, x, np.nan))), dim=3)
    assert np.isfinite(s.gradient([4.0, 0.0, -1.0])).all()
    assert s.gradient([4.0, 0.0, -1.0]).tolist() == [0.5, 0.0, 0.0]


def test_integers_and_booleans_stay_what_they_are() -> None:
    kinds = np.empty(1, dtype=object)

    def f(x: Any) -> Any:
        whole, truth = np.argsort(x), x > 0
        arrays = (whole, truth, whole + 1, whole / 2, truth + truth, truth + 1, np.sum(truth)[None])
        kinds[0] = [v.dtype for v in arrays]
        return x @ (A[:2, :2] @ W[:2])

    fd.surface(f, dim=2)
    assert kinds[0] == [np.int64, np.bool_, np.int64, np.float64, np.bool_, np.int64, np.int64]
    with pytest.raises(fd.TraceError, match="assignment of numbers to an array of integers"):
        fd.surface(lambda x: np.argsort(x).__setitem__(0, 0.5), dim=2)
    with pytest.raises(fd.TraceError, match="an update in place of integers by numbers"):
        fd.surface(lambda x: np.argsort(x).__iadd__(0.5)[0], dim=2)
