"""Functions that decide: `if`, `while`, `and`, max() of traced values; each way is differentiated alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.tracing import check

import fastdescent as fd
from fastdescent.program.trace import decisions

Function = Callable[[Any], Any]
POINTS = np.random.default_rng(3).uniform(-2, 2, (200, 3))


def branch(x: Any) -> Any:
    return x[0] ** 2 + x[1] if x[0] > 0.5 else np.sin(x[1]) * x[2]


def branch_in_a_loop(x: Any) -> Any:
    total = 0.0
    for v in x:
        if v > 1.0:
            total += v**3
        elif v < -1.0:
            total -= 2 * v
    return total


def early_return(x: Any) -> Any:
    for k in range(3):
        if x[k] < -1.5:
            return k * x[0]
    return x @ x


def chained(x: Any) -> Any:
    return x[0] if -0.5 < x[0] <= 0.5 and (x[1] > 0 or not x[2] > 0) else x[1]


def bounded_while(x: Any) -> Any:
    y, n = x[0], 0
    while abs(y) > 0.5 and n < 4:
        y, n = y / 2, n + 1
    return y + n * x[1]


def truths(x: Any) -> Any:
    return (x[0] if any(v > 1.8 for v in x) else x[1]) + (x[2] if all(x > -1.5) else 1.0)


def extremes(x: Any) -> Any:
    return max(x) - 2 * min(x[0], x[1], 0.3) + max(abs(x)) + max(x, key=lambda v: v * v)


def is_in(x: Any) -> Any:
    return 1.0 if 0.0 in np.floor(x) else x[0]


def raises_outside(x: Any) -> Any:
    if not (x >= -1.0).all():
        raise ValueError("outside")
    assert x[0] < 1.5
    return np.sum(x**2)


@pytest.mark.parametrize(
    "f", [branch, branch_in_a_loop, early_return, chained, bounded_while, truths, extremes, is_in]
)  # fmt: skip
def test_values_and_gradients(f: Function) -> None:
    s = fd.surface(f, dim=3)
    np.testing.assert_allclose(s(POINTS), [f(p) for p in POINTS], rtol=1e-13)
    slopes = [[(f(p + 1e-6 * e) - f(p - 1e-6 * e)) / 2e-6 for e in np.eye(3)] for p in POINTS]
    np.testing.assert_allclose(s.gradient(POINTS), slopes, rtol=1e-6, atol=1e-6)


def test_a_way_that_raises_is_nan() -> None:
    s = fd.surface(raises_outside, dim=3)
    inside = (POINTS >= -1.0).all(axis=1) & (POINTS[:, 0] < 1.5)
    np.testing.assert_array_equal(np.isnan(s(POINTS)), ~inside)
    np.testing.assert_array_equal(np.isnan(s.gradient(POINTS)).all(axis=1), ~inside)
    np.testing.assert_array_equal(s(POINTS[inside]), fd.surface(lambda x: np.sum(x**2), dim=3)(POINTS[inside]))


def test_each_way_has_the_bits_of_a_function_without_the_decision() -> None:
    def first(x: Any) -> Any:
        return np.exp(x[0] * x[1]) * np.sin(x[2]) + x[0] * x[1] + x[2] ** 3

    def second(x: Any) -> Any:
        return np.cos(x[0] * x[1]) / (1.0 + x[2] ** 2) + x[0] * x[1]

    def either(x: Any) -> Any:
        return first(x) if x[0] * x[1] > x[2] else second(x)

    takes_first = POINTS[:, 0] * POINTS[:, 1] > POINTS[:, 2]
    s, v = fd.surface(either, dim=3), np.array([0.3, -1.0, 0.7])
    for f, here in ((first, takes_first), (second, ~takes_first)):
        alone = fd.surface(f, dim=3)
        at = POINTS[here]
        np.testing.assert_array_equal(s(at), alone(at))
        np.testing.assert_array_equal(s.gradient(at), alone.gradient(at))
        np.testing.assert_array_equal(s.hvp(at, v), alone.hvp(at, v))


def test_engines_agree() -> None:
    s = fd.surface(branch_in_a_loop, dim=3)
    runs = [fd.descend(s, POINTS, fd.Adam(lr=0.05), max_steps=50, engine=engine) for engine in ENGINES]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.x, runs[0].x)


def test_a_decision_keeps_its_ties() -> None:
    """relu'(0) = 0 in any spelling."""
    spellings: list[Function] = [
        lambda x: max(x[0], 0.0), lambda x: max(0, x[0]), lambda x: x[0] if x[0] > 0 else 0.0,
        lambda x: x[0] if x[0] >= 0 else 0.0, lambda x: 0.0 if x[0] <= 0 else x[0],
    ]  # fmt: skip
    for f in spellings:
        assert fd.surface(f, dim=1).gradient([0.0]) == 0.0


def test_ways_are_limited() -> None:
    def many(x: Any) -> Any:
        return sum(v if v > 0.5 else v**2 for v in x)

    check(many, 6)
    with pytest.raises(fd.TraceError, match=r"takes more than 64 ways.*asks most often, \d+ times, is .*v if v > 0.5"):
        fd.surface(many, dim=7)


def test_operations_of_all_ways_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "_MOST_NODES", 300)

    def long(x: Any) -> Any:
        return sum(np.sin(k * x[0]) if x[0] > k else np.cos(k * x[0]) for k in range(6))

    with pytest.raises(fd.TraceError, match=r"has more than 300 operations on \d+ ways.*asks most often, .*x\[0\] > k"):
        fd.surface(lambda x: long(x) + sum(np.sin(j * x[0]) for j in range(100)), dim=1)


def test_an_error_that_only_traced_values_meet_is_no_way() -> None:
    def wrong(x: Any) -> Any:
        return x[0] if x[0] > 0 else np.nextafter(x[0], 1.0)

    with pytest.raises(fd.TraceError, match="nextafter"):
        fd.surface(wrong, dim=1)
    with pytest.raises(ValueError, match="nothing"):

        @fd.surface(dim=1)
        def nothing(x: Any) -> Any:
            if x[0] > 0:
                raise ValueError("nothing here")
            raise ValueError("nothing there")


def test_decisions_of_samples_in_finite_sums() -> None:
    data = np.array([1.0, 2.0, 5.0, 9.0])

    @fd.finite_sum(data=(data,), dim=1)
    def loss(w: Any, y: Any) -> Any:
        scale = 2.0 if w[0] > 3 else 1.0
        return scale * np.mean((w[0] - y) ** 2)

    assert loss([1.0]) == np.mean((1.0 - data) ** 2)
    assert loss([4.0]) == 2 * np.mean((4.0 - data) ** 2)
    run = fd.descend(loss, [[2.0]], fd.SGD(0.01), batch_size=2, max_steps=5)
    assert np.isfinite(run.x).all()


def test_errors_of_math_within_try() -> None:
    def guarded(x: Any) -> Any:
        try:
            return math.log(x[0]) + math.sqrt(x[1])
        except ValueError:
            return 7.0 * x[2]

    def waits_for_another(x: Any) -> Any:
        try:
            return math.acos(x[0])
        except KeyError:
            return 1.0

    s = fd.surface(guarded, dim=3)
    np.testing.assert_allclose(s(POINTS), [guarded(p) for p in POINTS], rtol=1e-14)
    outside = np.abs(POINTS[:, 0]) > 1
    np.testing.assert_array_equal(np.isnan(fd.surface(waits_for_another, dim=3)(POINTS)), outside)
    assert np.isnan(fd.surface(lambda x: math.sqrt(x[0]), dim=1)([-1.0]))
