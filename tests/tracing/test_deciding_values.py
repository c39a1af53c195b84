"""Traced values as keys, as truths of Python's, and in errors that a function waits for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.tracing import Function

import fastdescent as fd


def counts_signs(x: Any) -> Any:
    return x[0] * len({v > 0 for v in x})


def keyed(x: Any) -> Any:
    found = {0: 5.0, 1: 7.0}.get(int(x[0] > 0), 9.0)
    total = {True: 0.0, False: 0.0}
    for v in x:
        total[v > 0] += v
    return found * x[1] + total[True] - 2 * total[False]


def named(x: Any) -> Any:
    return sum({f"{v}": v for v in x}.values()) + (x[1] if int(x[0] > 0) in {1, 2} else -x[1])


def python_truths(x: Any) -> Any:
    return (any(v > 0 for v in x) + all(v > 0 for v in x)) * x[0]


def singular(x: Any) -> Any:
    try:
        return np.sum(np.linalg.cholesky(np.array([[x[0], 0.1], [0.1, x[1]]])))
    except np.linalg.LinAlgError:
        return 9.0 + x[0]


def out_of_domain(x: Any) -> Any:
    try:
        return math.pow(x[0], 0.5) + math.sinh(900 * x[1])
    except (ValueError, OverflowError):
        return 3.0 * x[1]


@pytest.mark.parametrize("f", [counts_signs, keyed, named, python_truths, singular, out_of_domain])
def test_values_that_decide_as_keys_truths_and_errors(f: Function) -> None:
    s = fd.surface(f, dim=2)
    for p in np.random.default_rng(6).uniform(-1.0, 1.5, (30, 2)):
        np.testing.assert_allclose(s(p), f(p), rtol=1e-13)


def test_keys_that_are_not_known_are_refused() -> None:
    with pytest.raises(fd.TraceError, match="a traced number as a key of a dictionary or an element of a set"):
        fd.surface(lambda x: len({v * v for v in x}), dim=2)
