"""Which arguments of a function are coordinates, which one is the point, and what follows it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import fastdescent as fd

P = np.array([1.0, 2.0])


def more(x: Any, *args: Any) -> Any:
    return np.sum(x**2) + sum(args)


def scaled(x: Any, a: Any = 3.0) -> Any:
    return a * np.sum(x**2)


def needs(x: Any, a: Any) -> Any:
    return a * np.sum(x**2)


def fit(w: Any, X: Any, y: Any) -> Any:
    return np.sum((X @ w - y) ** 2)


class Suite:
    """As suites of test functions are written."""

    def fun(self, x: Any, *args: Any) -> Any:
        return np.sum(x**2)

    def __call__(self, x: Any, power: int = 2) -> Any:
        return np.sum(x**power)


@pytest.mark.parametrize(
    ("f", "options", "value"),
    [
        (more, {}, 5.0),
        (more, {"args": (1, 2)}, 8.0),
        (scaled, {}, 15.0),
        (scaled, {"args": (1.0,)}, 5.0),
        (needs, {"args": (2.0,)}, 10.0),
        (needs, {"args": 2.0}, 10.0),
        (fit, {"args": (np.eye(2), np.array([1.0, 0.0]))}, 4.0),
        (Suite().fun, {}, 5.0),
        (Suite(), {}, 5.0),
        (functools.partial(needs, a=2.0), {}, 10.0),
        (functools.partial(scaled, a=2.0), {}, 10.0),
    ],
)
def test_the_first_argument_is_the_point(f: Any, options: dict[str, Any], value: float) -> None:
    s = fd.surface(f, dim=2, **options)
    assert s(P) == value
    assert s.gradient(P).shape == (2,)


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (lambda x, y: x - y, ("x", "y")),
        (lambda a, b, c: a - b * c, ("a", "b", "c")),
        (lambda x1, x2, x3: x1 - x2 * x3, ("x1", "x2", "x3")),
        (lambda x, y, slope=2.0: x - slope * y, ("x", "y")),
    ],
)
def test_consecutive_names_are_coordinates(f: Any, names: tuple[str, ...]) -> None:
    s = fd.surface(f)
    assert s.variables == names
    assert s(np.arange(1.0, s.dim + 1)) == f(*np.arange(1.0, s.dim + 1))


def test_variables_say_that_all_are_coordinates() -> None:
    s = fd.surface(lambda lat, lon: lat - 2 * lon, variables=("lat", "lon"))
    assert (s.variables, s(P)) == (("lat", "lon"), -3.0)


def test_keyword_only_arguments_are_parameters_beside_args() -> None:
    @fd.surface(dim=2, args=(2.0,))
    def s(x: Any, a: Any, *, b: Any = 1.0) -> Any:
        return a * b * np.sum(x)

    assert (s(P), s.with_params(b=3.0)(P)) == (6.0, 18.0)


@pytest.mark.parametrize(
    ("f", "options", "text"),
    [
        (needs, {"dim": 2}, r"needs\(x, a\) may take a point or coordinates.*args=\(a,\).*variables=\('x', 'a'\)"),
        (lambda lat, lon: lat, {}, r"If lat is the point, give dim= and args=\(lon,\)"),
        (scaled, {"dim": 2, "args": (1, 2)}, "scaled takes 1 argument after the point; args= has 2"),
        (fit, {"dim": 2, "args": (1,)}, "fit needs X, y after the point; args= has 1"),
        (more, {}, "more takes the whole point as one argument, so dim= is needed"),
        ("x**2", {"args": (1,)}, "args= is for functions"),
        (lambda *x: x, {"dim": 2}, "takes no point"),
    ],
)
def test_what_may_mean_either_is_refused(f: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        fd.surface(f, **options)
