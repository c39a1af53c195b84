"""Functions as people have them: `math`, `float`, questions of types, arrays that are filled, classes, imports."""

from __future__ import annotations

import functools
import math
import numbers
import threading
import warnings
from collections.abc import Iterable, Sized
from math import exp as exponential
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from numpy import zeros as noughts
from support.tracing import POSITIVE, Function, check

import fastdescent as fd

SCALE = 1.5


def bump(v: float) -> float:
    return v * exponential(-v * v) if v > 0 else 0.0


def by_math(x: Any) -> Any:
    angles = math.sin(x[0]) + math.atan2(x[4], 2.0 + x[5] ** 2)
    total = angles * math.sqrt(x[1] ** 2 + 1) + math.hypot(x[2], x[3])
    return total + math.pow(abs(x[0]), 1.5) + math.log(x[1] ** 2 + 1, 2) + math.fsum(x) + math.dist(x[:2], [1.0, 3.0])


def by_names(x: Any) -> Any:
    return SCALE * exponential(x[0]) + sum(bump(v) for v in x[1:4])


def by_conversions(x: Any) -> Any:
    y = np.asarray(x, dtype=float)
    return float(x[0]) ** 2 + np.float64(x[1]) * y[2] + np.array(x, dtype=np.float64)[3] + float("2.5") * x.item(4)


def what_they_are(x: Any) -> Any:
    v = x[0]
    answers = [
        isinstance(x, np.ndarray), isinstance(v, float), isinstance(v, np.floating), isinstance(v, numbers.Number),
        isinstance(x, Iterable), not isinstance(v, Iterable), isinstance(x, Sized), not isinstance(v, Sized),
        np.isscalar(v), not np.isscalar(x), hasattr(x, "__len__"), not hasattr(v, "__len__"),
        not hasattr(v, "__iter__"), hasattr(v, "dtype"), type(x) is np.ndarray, type(v) is np.float64,
        type(SCALE) is float, type(x) in (list, np.ndarray), x.dtype == np.float64, x.dtype == float,
        v.dtype.kind == "f", np.ndim(x) == 1, isinstance(True, bool), isinstance(2, (int, float)),
        not isinstance("a", float), issubclass(np.float64, float), np.issubdtype(x.dtype, np.floating),
        callable(np.sin), isinstance(v > 0, np.bool_),
    ]  # fmt: skip
    wrong = [k for k, answer in enumerate(answers) if not answer]
    assert not wrong, wrong
    return x[0] ** 2


def filled(x: Any) -> Any:
    a, b, c = np.zeros(3), np.empty_like(x), np.array([0.0, 0.0])
    for k in range(3):
        a[k] = x[k] ** 2
    b[:] = 2 * x
    c[0], c[1] = x[0], a[2]
    d = noughts((2, 2))
    d[0] += x[:2]
    d[1, 1] = math.cos(x[5])
    listed = [0.0] * 3
    listed[1] = x[4]
    return a.sum() + b @ b + np.prod(c) + np.linalg.det(np.eye(2)) * d.sum() + sum(listed)


def listed(x: Any) -> Any:
    return (
        np.sum(np.exp(np.array([0.0, x[0]])))
        + np.max([x[0], x[1]])
        + np.dot([x[2], 1.0], [x[3], x[4]])
        + np.mean([v * v for v in x])
    )


def imported_inside(x: Any) -> Any:
    import math as m
    from math import cos
    from operator import mul

    import numpy

    return m.sin(x[0]) * cos(x[1]) + numpy.array([x[2], 1.0]).sum() + functools.reduce(mul, x)


def conventions(x: Any) -> Any:
    points = [x] if np.isscalar(x[0]) else x
    try:
        first = x[:, 0]
    except IndexError:
        first = points[0][0]
    x *= 2
    x[0] = first
    return np.sum(np.atleast_2d(x)[0] ** 2) + x[1]


def each(x: Any) -> Any:
    return np.sum(np.vectorize(bump)(x)) + sum(map(bump, x)) + max(x.tolist()) + np.asarray(list(x)).mean()


def recursive(x: Any) -> Any:
    def horner(k: int) -> Any:
        return x[k] if k == 5 else x[k] + 0.5 * math.tanh(x[k]) * horner(k + 1)

    return horner(0)


def in_order(x: Any) -> Any:
    return sorted([x[0], x[1], 0.1])[1] if x[5] > 9 else x[0] - x[1]


@pytest.mark.parametrize(
    "f",
    [by_math, by_names, by_conversions, what_they_are, filled, listed, imported_inside, conventions, each, recursive],
)
def test_functions(f: Function) -> None:
    def on_a_copy(x: Any) -> Any:
        return f(x.copy())

    check(f if f is not conventions else on_a_copy, 6, *POSITIVE)
    if f is conventions:
        assert fd.surface(f, dim=6)(np.arange(6.0)) == f(np.arange(6.0))


def test_functions_that_want_lists() -> None:
    def of_lists(x: Any) -> Any:
        if not isinstance(x, list | tuple):
            raise ValueError("lists only")
        return sum(v**2 for v in x)

    assert fd.surface(of_lists, dim=2)([3.0, 4.0]) == 25.0
    with pytest.raises(ValueError, match="nothing at all"):

        @fd.surface(dim=2)
        def of_nothing(x: Any) -> Any:
            raise ValueError("nothing at all")


def test_wrapped_functions() -> None:
    @functools.lru_cache
    def cached(v: Any) -> Any:
        return math.sin(v)

    def with_a_factor(a: float, x: Any) -> Any:
        return a * sum(cached(v) for v in x)

    check(functools.partial(with_a_factor, 2.0), 3)
    check(scipy.optimize.rosen, 4)


def test_nothing_is_patched() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append((math.sin, max))
        return math.sin(x[0])

    before = f.__globals__["math"], math.sin, f.__code__
    fd.surface(f, dim=1)
    assert (f.__globals__["math"], math.sin, f.__code__) == before
    assert math.sin(0.5) == f([0.5])


def test_what_a_function_sets_stays_in_its_copy() -> None:
    def counting(x: Any) -> Any:
        global SCALE
        SCALE = SCALE + 1.0
        return SCALE * x[0]

    with pytest.warns(UserWarning, match=r"computes something else each time it is called.*constants now"):
        assert fd.surface(counting, dim=1)([1.0]) == 2.5
    assert SCALE == 1.5


def test_what_is_frozen_is_warned_of() -> None:
    def drawing(x: Any) -> Any:
        return x[0] * np.random.default_rng().normal()

    def remembering(x: Any, kept: Any = []) -> Any:  # noqa: B006
        kept.append(1)
        return x[0] * len(kept)

    for f in (drawing, remembering):
        with pytest.warns(UserWarning, match="computes something else"):
            fd.surface(f, dim=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fd.surface(lambda x: x[0] * np.random.default_rng(3).normal(), dim=1)


def test_errors_that_the_function_swallows_are_raised() -> None:
    def swallowing(x: Any) -> Any:
        try:
            return np.nextafter(x[0], 1.0)
        except Exception:
            return 1e9

    def of_another_kind(x: Any) -> Any:
        try:
            return np.nextafter(x[0], 1.0)
        except TypeError:
            raise ValueError("bad input") from None

    for f in (swallowing, of_another_kind):
        with pytest.raises(fd.TraceError, match="nextafter cannot be traced"):
            fd.surface(f, dim=1)

    def by_try(x: Any) -> Any:
        try:
            return math.sqrt(x[0] ** 2 + x[1] ** 2)
        except Exception:
            return 1e9

    assert fd.surface(by_try, dim=2)([3.0, 4.0]) == 5.0


def test_returning_more_than_the_value() -> None:
    with pytest.raises(fd.TraceError, match=r"returned a tuple of 2.*return the value alone"):
        fd.surface(lambda x: (x @ x, 2 * x), dim=2)
    assert fd.surface(lambda x: (x @ x,), dim=2)([3.0, 4.0]) == 25.0


def test_many_threads_trace_while_others_compute() -> None:
    stop, wrong = threading.Event(), []

    def other() -> None:
        while not stop.is_set():
            if math.sin(0.5) != 0.479425538604203 or np.sum([True, True]) != 2 or max(1, 2) != 2:
                wrong.append("plain")

    def trace(k: int) -> None:
        for j in range(25):
            a = k + j / 100

            def f(x: Any, a: float = a) -> Any:
                return a * math.sin(x[0]) + max(x[0], x[1]) if x[1] > 0 else float(x[0]) ** 2

            for p in ([0.5, 0.25], [0.5, -1.0]):
                if not np.isclose(fd.surface(f, dim=2)(p), f(np.array(p)), rtol=1e-15, atol=0.0):
                    wrong.append((k, j, p))

    threads = [threading.Thread(target=trace, args=(k,)) for k in range(8)]
    watcher = threading.Thread(target=other)
    for t in (watcher, *threads):
        t.start()
    for t in threads:
        t.join()
    stop.set()
    watcher.join()
    assert wrong == []


def test_what_a_function_puts_into_its_defaults_stays_in_copies() -> None:
    def remembering(x: Any, seen: Any = []) -> Any:  # noqa: B006
        seen.append(x[0])
        return seen[-1] ** 2

    fd.surface(remembering, dim=1)
    assert remembering.__defaults__ == ([],)


def test_other_precisions_are_refused() -> None:
    with pytest.raises(fd.TraceError, match="stays float64"):
        fd.surface(lambda x: np.asarray(x, dtype=np.float32).sum(), dim=2)


def test_labels_of_minibatches_are_indices() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 2)), np.arange(12) % 3

    def loss(w: Any, X: Any, y: Any) -> Any:
        scores = X @ w.reshape(2, 3)
        return np.mean(np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(y)), y])

    s, w = fd.finite_sum(loss, dim=6, data=(X, y)), np.linspace(-1, 1, 6)
    np.testing.assert_allclose(s(w), loss(w, X, y), rtol=1e-13)
    assert fd.descend(s, w, fd.SGD(lr=0.1), max_steps=5, batch_size=4).fun < s(w)
