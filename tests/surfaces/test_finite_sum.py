"""Means over rows of data: what they are, what they keep, what they refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.available import ENGINES
from support.parity import same_bits

import fastdescent as fd

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.random.default_rng(1).normal(size=12)


def ridge(w: Any, X: Any, y: Any, *, l2: float = 0.0) -> Any:
    return np.mean((X @ w - y) ** 2) + l2 * np.sum(w**2)


def test_call_and_decorator_make_the_surface_of_all_rows() -> None:
    """Of least squares everything is known in closed form."""

    @fd.finite_sum(data=(X, Y), dim=3, window=(-2, 2))
    def squares(w: Any, X: Any, y: Any) -> Any:
        """The mean square."""
        return np.mean((X @ w - y) ** 2)

    called = fd.finite_sum(ridge, 3, data=[X, Y], name="mine", bounds=(-9, 9), variables="a b c", l2=0.5)
    assert isinstance(squares, fd.Surface)
    assert (squares.name, squares.dim, squares.window, squares.about) == (
        "squares",
        3,
        ((-2, 2),) * 3,
        "The mean square.",
    )
    assert (called.name, called.variables, dict(called.params)) == ("mine", ("a", "b", "c"), {"l2": 0.5})
    assert called.bounds == ((-9, 9),) * 3
    w = np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(squares(w), np.mean((X @ w - Y) ** 2), rtol=1e-14)
    np.testing.assert_allclose(squares.gradient(w), 2 / 12 * X.T @ (X @ w - Y), rtol=1e-13)
    np.testing.assert_allclose(squares.hessian(w), 2 / 12 * X.T @ X, rtol=1e-13)
    np.testing.assert_allclose(called.hessian(w), 2 / 12 * X.T @ X + np.eye(3), rtol=1e-13)
    assert called.with_params(l2=0.0)(w) == squares(w)
    end = fd.descend(squares, np.zeros(3), fd.GD(lr=0.3), gtol=1e-12)
    np.testing.assert_allclose(end.x, np.linalg.lstsq(X, Y, rcond=None)[0], rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 7), seed=st.integers(0, 9), n_arrays=st.integers(1, 3))
def test_any_number_of_arrays_of_any_shape(n: int, seed: int, n_arrays: int) -> None:
    random = np.random.default_rng(seed)
    arrays = [random.normal(size=(n, 2, 2)), random.integers(0, 5, n), random.normal(size=(n, 1)).astype(np.float32)]

    def f(w: Any, *batch: Any) -> Any:
        return sum(np.mean(np.sum(np.cos(w[0] * a + w[1]).reshape(len(a), -1), axis=1)) for a in batch)

    s = fd.finite_sum(f, dim=2, data=arrays[:n_arrays])
    w = random.normal(size=2)
    np.testing.assert_allclose(s(w), f(w, *(a.astype(float) for a in arrays[:n_arrays])), rtol=1e-13, atol=1e-13)


def test_the_function_gets_plain_arrays_that_nobody_can_change() -> None:
    given_x, labels, seen = X.copy(), np.arange(12) % 3, []

    def f(w: Any, X: Any, y: Any) -> Any:
        seen.extend([X, y])
        return np.mean((X @ w)[:, np.newaxis] * np.eye(3)[y])

    s = fd.finite_sum(f, dim=3, data=(given_x, labels))
    before = s([1.0, 2.0, 3.0])
    given_x[:] = 0.0
    assert s([1.0, 2.0, 3.0]) == s.with_params()([1.0, 2.0, 3.0]) == before
    assert [type(a) for a in seen[:2]] == [np.ndarray, np.ndarray]
    assert [a.dtype for a in seen[:2]] == [np.float64, np.int64]
    for a in seen:
        with pytest.raises(ValueError, match="read-only"):
            a[0] = 0


def test_the_data_stand_in_the_program_once() -> None:
    """Among the numbers that all lanes share; forward and backward passes, and other shapes, read the same ones."""
    s = fd.finite_sum(ridge, dim=3, data=(X, Y))
    program = s._formula.program("fun", "gradient")
    constants = program.constants.tolist()
    assert all(constants.count(v) == 1 for v in (*X.ravel().tolist(), *Y.tolist()))
    assert program.main.n_rows < 12 * 3


def test_the_rows_and_the_function_are_kept() -> None:
    """So that a program of some rows can be made of them."""
    s = fd.finite_sum(ridge, dim=3, data=(X, Y))
    rows = s._formula.rows
    assert rows is not None
    assert rows.n == 12
    assert rows.function is ridge
    np.testing.assert_array_equal(rows.arrays[0], X)
    w = np.ones(3)
    assert np.mean([rows.function(w, *(a[k : k + 1] for a in rows.arrays)) for k in range(12)]) == pytest.approx(s(w))
    assert s.with_params(l2=2.0)._formula.rows is rows
    assert fd.surface("x**2")._formula.rows is None
    assert (s + s)._formula.rows is None


def test_static_parameters_trace_anew() -> None:
    @fd.finite_sum(data=(X, Y), dim=3, static=("power",))
    def f(w: Any, X: Any, y: Any, *, power: int = 2, scale: float = 1.0) -> Any:
        return scale * np.mean(sum((X @ w - y) ** k for k in range(1, power + 1)))

    w = np.array([0.1, 0.2, 0.3])
    r = X @ w - Y
    np.testing.assert_allclose(f(w), np.mean(r + r**2), rtol=1e-13)
    changed = f.with_params(power=3, scale=2.0)
    np.testing.assert_allclose(changed(w), 2 * np.mean(r + r**2 + r**3), rtol=1e-13)
    rows = changed._formula.rows
    assert rows is not None
    assert rows.function is not None
    np.testing.assert_allclose(rows.function(w, X, Y, scale=2.0), changed(w), rtol=1e-13)


def test_pickles_hold_data_and_bits_and_functions_that_have_a_name() -> None:
    named = fd.finite_sum(ridge, dim=3, data=(X, Y), l2=0.5)
    nameless = fd.finite_sum(lambda w, X: np.mean(X @ w), dim=3, data=(X,))
    W = np.random.default_rng(2).normal(size=(20, 3))
    for s, keeps in ((named, True), (nameless, False)):
        for again in (pickle.loads(pickle.dumps(s)), copy.deepcopy(s)):
            assert repr(again) == repr(s)
            for method in ("__call__", "gradient"):
                assert getattr(again, method)(W).tobytes() == getattr(s, method)(W).tobytes()
            assert again.hvp(W, W).tobytes() == s.hvp(W, W).tobytes()
            assert (again._formula.rows.function is not None) == keeps
            np.testing.assert_array_equal(again._formula.rows.arrays[0], X)
            assert not again._formula.rows.arrays[0].flags.writeable
    run = fd.descend(named, W, fd.GD(lr=0.1), max_steps=30)
    assert same_bits(pickle.loads(pickle.dumps(run)), run)
    assert same_bits(fd.descend(pickle.loads(pickle.dumps(named)), W, fd.GD(lr=0.1), max_steps=30), run)


@pytest.mark.exhaustive
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_engines_agree(dtype: str) -> None:
    s = fd.finite_sum(lambda w, X, y: np.mean(np.logaddexp(0, -y * np.tanh(X @ w))), dim=3, data=(X, Y))
    W = np.random.default_rng(2).normal(size=(33, 3)).astype(dtype)
    runs = [fd.descend(s, W, fd.Adam(lr=0.1), max_steps=20, gtol=None, engine=e) for e in ENGINES]
    assert len(runs) >= 1
    assert all(same_bits(runs[0], run) for run in runs)


def f2(w: Any, X: Any, y: Any) -> Any:
    return np.mean(X @ w - y)


def test_booleans_are_0_and_1() -> None:
    s = fd.finite_sum(ridge, dim=3, data=(X, Y > 0))
    assert s([0.5, -1.0, 2.0]) == fd.finite_sum(ridge, dim=3, data=(X, (Y > 0).astype(float)))([0.5, -1.0, 2.0])
    run = fd.descend(s, np.zeros(3), fd.SGD(lr=0.01), max_steps=3, batch_size=4)
    assert np.isfinite(run.fun)


def test_masked_arrays_pass_where_nothing_is_masked() -> None:
    with_mask = np.ma.masked_array(Y, np.zeros(12, bool))
    assert fd.finite_sum(ridge, dim=3, data=(X, with_mask))(np.ones(3)) == fd.finite_sum(ridge, dim=3, data=(X, Y))(
        np.ones(3)
    )
    assert fd.surface(lambda x: x @ with_mask, dim=12)(np.ones(12)) == fd.surface(lambda x: x @ Y, dim=12)(np.ones(12))


@pytest.mark.parametrize(
    ("options", "error", "what"),
    [
        ({}, TypeError, r"data must be a tuple of arrays, such as \(X, y\); got None"),
        ({"data": X}, TypeError, "data must be a tuple of arrays.*; got an array of float64, shape"),
        ({"data": ()}, TypeError, "data must be a tuple of arrays"),
        ({"data": (X, Y[:5])}, ValueError, r"the same number of rows; got \[12, 5\]"),
        ({"data": (X[:0], Y[:0])}, ValueError, "data must have rows; got 0"),
        ({"data": (X, 1.0)}, ValueError, r"data\[1\] must have rows, shape \(n, ...\); got the number 1.0"),
        ({"data": (X, ["a"] * 12)}, TypeError, r"data\[1\] must be an array of floats, integers or booleans; got <U1"),
        (
            {"data": (X, Y + 1j)},
            TypeError,
            r"data\[1\] must be an array of floats, .*; got complex128",
        ),
        ({"data": (X, np.ma.masked_greater(Y, 0))}, ValueError, r"data\[1\] must not be masked; got \d+ masked"),
        ({"data": (X, [[1], [2, 3]])}, ValueError, r"data\[1\] must be an array of numbers; got a ragged"),
        ({"data": (X, np.where(Y > 0, np.nan, Y))}, ValueError, r"data\[1\] must be finite; got nan at \(\d+,\)"),
        ({"data": (X, np.full(12, 2**64 - 1, np.uint64))}, ValueError, r"data\[1\] must fit into int64"),
        ({"data": (X,)}, TypeError, "f2 must take the point and the 1 array of data; it takes 3 positional"),
        ({"data": (X, Y, Y)}, TypeError, "f2 must take the point and the 3 arrays of data; it takes 3 positional"),
        ({"data": (X, Y), "dim": None}, TypeError, "dim must be given"),
        ({"data": (X, Y), "dim": 0}, ValueError, "dim must be 1 or greater; got 0"),
        ({"data": (X, Y), "a": 1.0}, TypeError, "f2 has no keyword-only argument 'a'"),
        ({"data": (X, Y), "variables": "a b"}, ValueError, "variables must be 3 names"),
        ({"data": (X, Y), "window": (1, 0)}, ValueError, "window must have finite lo < hi"),
    ],
)
def test_messages(options: dict[str, Any], error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        fd.finite_sum(f2, **{"dim": 3, **options})


def test_messages_about_the_function() -> None:
    for wrong in (3, "x**2", fd.surfaces.mlp()):
        with pytest.raises(TypeError, match=r"finite_sum must be given a function f\(w, X, ...\); got"):
            fd.finite_sum(wrong, dim=3, data=(X, Y))  # type: ignore[call-overload]
    with pytest.raises(fd.TraceError, match="the function returned shape"):
        fd.finite_sum(lambda w, X, y: X @ w - y, dim=3, data=(X, Y))
    with pytest.raises(fd.TraceError, match="which do not fit"):
        fd.finite_sum(f2, dim=4, data=(X, Y))


def squares_of(reduce: Any, l2: float = 0.0) -> Any:
    def squares(w: Any, X: Any, y: Any) -> Any:
        return reduce((X @ w - y) ** 2) + l2 * np.sum(w**2)

    return squares


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (squares_of(np.sum), "squares must be the mean .* the sum over its rows, of all 12 rows 12 times the mean"),
        (squares_of(lambda r: np.sum(r) / 12), "it returns the sum over its rows, of all 12 rows 12 times the mean"),
        (squares_of(lambda r: 1e9 * np.sum(r)), "it returns the sum over its rows, of all 12"),
        (squares_of(np.sum, l2=0.5), "the sum over its rows, and a term beside it, of all 12 rows 12 times the mean"),
        (squares_of(np.max), "of all 12 rows it is not the mean of what it is for the first 4 and for the other 8"),
        (squares_of(lambda r: np.sqrt(np.mean(r))), "it is not the mean"),
        (squares_of(lambda r: r[0]), "it is not the mean"),
        (lambda w, X, y: np.mean(X @ w) ** 2, "<lambda> must be the mean.*it is not the mean"),
        (lambda w, X, y: np.mean(X @ w * Y), "for 4 of the 12 rows it raised ValueError: operands could not be"),
    ],
)  # fmt: skip
def test_what_is_no_mean_is_refused(f: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        fd.finite_sum(f, dim=3, data=(X, Y))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 12])
def test_a_sum_of_few_rows_is_found_too(n: int) -> None:
    with pytest.raises(ValueError, match=f"of all {n} rows {n} times the mean"):
        fd.finite_sum(squares_of(np.sum), dim=3, data=(X[:n], Y[:n]))
    with pytest.raises(ValueError, match="must be the mean over the rows"):
        fd.finite_sum(squares_of(np.sum, l2=1.0), dim=3, data=(X[:n], Y[:n]))


@pytest.mark.parametrize("n", [1, 2, 3, 12])
@pytest.mark.parametrize(
    "f",
    [
        squares_of(np.mean, l2=0.5),
        squares_of(lambda r: 1e9 * np.sum(r) / len(r)),
        squares_of(lambda r: 1e-9 * np.average(r)),
        lambda w, X, y: np.mean(np.exp(np.exp(20 * w[0] * X[:, 0]))),  # infinite at most points
        lambda w, X, y: np.mean(X @ w - X @ w),
        lambda w, X, y: np.mean(np.sin(X @ w) ** 2 + np.cos(X @ w) ** 2 - 1.0),
        lambda w, X, y: np.mean(np.log(X @ w)),
    ],
)
def test_means_pass(f: Any, n: int) -> None:
    fd.finite_sum(f, dim=3, data=(X[:n], Y[:n]))


def test_a_function_of_tracers_alone_is_checked_by_programs() -> None:
    def traced_alone(reduce: Any) -> Any:
        def f(w: Any, X: Any, *, scale: float = 2.0, power: int = 2) -> Any:
            assert type(w) is not np.ndarray
            return scale * reduce((X @ w) ** power)

        return f

    assert fd.finite_sum(traced_alone(np.mean), dim=3, data=(X,), static=("power",), power=3, scale=3.0).dim == 3
    with pytest.raises(ValueError, match="of all 12 rows 12 times the mean"):
        fd.finite_sum(traced_alone(np.sum), dim=3, data=(X,), static=("power",))
