"""`fd.fori`: with numbers it is the loop; traced it is one loop of instructions; what it refuses, it says."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.available import ENGINES

import fastdescent as fd

DATA = np.arange(12.0).reshape(6, 2)


TABLES = {"rates": DATA[:, 0] + 1.0, "title": "two"}
PAIR = ("one", DATA[:, 1] - 2.0)


class Pair(NamedTuple):
    a: Any
    b: Any


def value(f: Callable[..., Any], *x: float) -> float:
    return float(fd.surface(f, dim=len(x))(x))


def n_loops(f: Callable[..., Any], dim: int) -> int:
    return len(fd.surface(f, dim=dim)._formula.program("fun").main.strips)


# ---------------------------------------------------------------------- meaning
def test_with_numbers_it_is_the_loop() -> None:
    assert fd.fori(4, lambda i, x: x * 2 + i, 1) == 27
    assert fd.fori(0, lambda i, x: x * 2, 5.0) == 5.0
    assert fd.fori(3, lambda i, x: {"n": x["n"] + DATA[i]}, {"n": 0.0})["n"].tolist() == [6.0, 9.0]
    assert fd.fori(np.int32(2), lambda i, x: [x[1], x[0]], [1, 2]) == [1, 2]


@pytest.mark.parametrize(
    "body",
    [
        lambda i, u, x: u * x[0] + DATA[i, 1],
        lambda i, u, x: u + DATA[i] @ x,
        lambda i, u, x: u + DATA[5 - i] @ x,
        lambda i, u, x: u + np.sum(DATA[i, ::-1] * x) * i,
        lambda i, u, x: u + DATA[i // 2 + i % 3, 0] * x[i // 3],
        lambda i, u, x: u + DATA[(2 * i) % 6, -1] - DATA[-i, 0] + (x * DATA)[i, 1],
        lambda i, u, x: u + DATA.T[1][i + 0 * i] * np.where(i < 2, x[0], x[1]),
        lambda i, u, x: u * 0.5 + (i + 1) ** 2 / (3 - 0.5 * i) + x[0],
        lambda i, u, x: DATA[i, 0] * x[1] + TABLES["rates"][i] * PAIR[1][-i],
        lambda i, u, x: u,
        lambda i, u, x: fd.fori(3, lambda j, v: 0.5 * v + DATA[j, 1] * i, u) + x[0],
    ],
)
def test_traced_it_is_the_same(body: Callable[..., Any]) -> None:
    def f(x: Any) -> Any:
        return fd.fori(6, lambda i, u: body(i, u, x), 0.5) + np.sum(x)

    for x in ([0.3, -0.7], [1.5, 0.25]):
        assert value(f, *x) == pytest.approx(float(f(np.array(x))), rel=1e-13)


def test_bodies_may_change_what_they_are_given() -> None:
    start = np.array([1.0, 2.0])

    def f(x: Any) -> Any:
        def step(i: Any, u: Any) -> Any:
            u[0] = u[0] * 2.0 + i
            u[1] += u[0] * x[0]
            return u

        return np.sum(fd.fori(3, step, start) * x[1])

    assert value(f, 0.5, 2.0) == float(f(np.array([0.5, 2.0]))) == 2.0 * (12.0 + 2.0 + 0.5 * (2.0 + 5.0 + 12.0))
    assert start.tolist() == [1.0, 2.0]


def test_structures_come_back_as_they_are() -> None:
    def f(x: Any) -> Any:
        end = fd.fori(3, lambda i, c: Pair({"u": [c.b, c.a["u"][0]]}, c.b * x[0]), Pair({"u": [x[1], x]}, x[1]))
        return end.a["u"][0] + end.b

    with pytest.raises(fd.TraceError, match=r"shape \(\) where x\[0\]\['u'\]\[1\] has \(2,\)"):
        fd.surface(f, dim=2)

    def g(x: Any) -> Any:
        end = fd.fori(3, lambda i, c: Pair({"u": [c.b, c.a["u"][0]]}, c.b * x[0]), Pair({"u": [x[1], 1]}, x[1]))
        assert isinstance(end, Pair)
        return end.a["u"][0] + end.b

    assert value(g, 2.0, 3.0) == g([2.0, 3.0]) == 36.0


def test_a_body_may_be_any_function() -> None:
    class Model:
        rate = 0.5

        def step(self, i: Any, u: Any, p: Any, data: Any = DATA) -> Any:
            return u * self.rate + p * data[i, 0] + helper(i)

    def helper(i: Any) -> Any:
        return DATA[i, 1]

    def f(x: Any) -> Any:
        return fd.fori(6, functools.partial(Model().step, p=x[0]), 1.0)

    assert value(f, 0.75) == pytest.approx(f([0.75]))


def test_numbers_become_traced_where_the_body_makes_them() -> None:
    """Three steps with numbers alone, then a loop of the others."""

    def f(x: Any) -> Any:
        return fd.fori(7, lambda i, u: u + 1.0 if isinstance(i, int) and i < 3 else u * x[0] + i, 0.0)

    assert value(f, 0.5) == pytest.approx(f([0.5]))
    assert n_loops(f, 1) == 1


def test_what_does_not_depend_on_the_step_is_computed_once() -> None:
    def f(x: Any) -> Any:
        return fd.fori(50, lambda i, u: u * np.exp(np.sin(x[0])) * 0.1 + 1.0, 0.0)

    main = fd.surface(f, dim=1)._formula.program("fun").main
    (strips,) = main.strips
    assert strips.stop - strips.first == 2


def test_decisions_outside_of_the_loop_are_decisions() -> None:
    def f(p: Any) -> Any:
        r = p[0] if p[0] > 0 else -2 * p[0]
        return fd.fori(10, lambda i, u: u * 0.5 + (r if p[1] > 0 else r * r), 1.0) + np.sum(p**2)

    for p in ([1.0, 2.0], [-1.0, 2.0], [1.5, -2.0], [-1.5, -2.0]):
        assert value(f, *p) == pytest.approx(f(np.array(p)), rel=1e-14)


def test_samples_of_data_go_through_loops() -> None:
    """A recurrent network: all samples at once, and minibatches in every engine."""
    X = np.random.default_rng(0).normal(size=(40, 5))

    def loss(w: Any, X: Any, y: Any) -> Any:
        h = fd.fori(5, lambda i, h: np.tanh(w[0] * h + w[1] * X[:, i] + w[2]), np.zeros(len(y)))
        return np.mean((w[3] * h - y) ** 2)

    y, w = np.sin(X.sum(axis=1)), np.array([[0.3, 0.5, -0.2, 0.7], [1.0, 1.0, 1.0, 1.0]])
    s = fd.finite_sum(loss, data=(X, y), dim=4)
    np.testing.assert_allclose(s(w), [loss(each, X, y) for each in w], rtol=1e-14)
    options: dict[str, Any] = {"batch_size": 8, "max_steps": 20, "seed": 3}
    runs = [fd.descend(s, w, fd.SGD(lr=0.05), engine=engine, **options).x for engine in ENGINES]
    assert all(np.array_equal(x, runs[0]) for x in runs)


def test_own_optimizers_may_loop() -> None:
    @fd.optimizer
    def newton_root(x: Any, grad: Any, state: Any, t: Any, *, lr: float = 0.1) -> Any:
        scale = fd.fori(30, lambda i, s: 0.5 * (s + 2.0 / s), 1.0)
        return x - lr * grad(x) * fd.fori(8, lambda i, s: 0.5 * (s + scale / s), x[0] * x[0] + 1.0), {}

    s = fd.surface("x**2 + y**2")
    run = fd.descend(s, [[1.0, 2.0]], newton_root(lr=0.1), max_steps=1, gtol=None)
    np.testing.assert_allclose(run.x, [[1 - 0.2 * 2**0.25, 2 - 0.4 * 2**0.25]], rtol=1e-12)


# ---------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("n", "body", "error", "message"),
    [
        (2.5, lambda i, u: u, TypeError, "n must be a whole number of steps; got 2.5"),
        (-1, lambda i, u: u, ValueError, "n must be a number of steps, 0 or more; got -1"),
        (3, "body", TypeError, "body must be a function of the step and x"),
    ],
)
def test_bad_arguments_are_named(n: Any, body: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fd.fori(n, body, 0.0)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda i, u, x: None, "the body of fori returned None"),
        (lambda i, u, x: (u, x[0]), r"returned \(array, array\), where x is array"),
        (lambda i, u, x: u * x, r"returned shape \(2,\) where x has \(\)"),
        (lambda i, u, x: u + [1.0, 2.0][i] * x[0], "indexes a list, or an array that the loop does not know"),
        (lambda i, u, x: u + (u * x)[i], "cannot be indexed by the number of the step"),
        (lambda i, u, x: u + DATA[i, i] * x[0], "write data"),
        (lambda i, u, x: fd.fori(100, lambda j, v: v * x[0], u), "100 steps are more than 64"),
        (lambda i, u, x: fd.fori(i, lambda j, v: v * x[0], u), "the number of steps of fori is a traced value"),
        (lambda i, u, x: u * x[0] if u > 0 else u, "."),
    ],
)
def test_bodies_that_are_refused_say_why(body: Callable[..., Any], message: str) -> None:
    with pytest.raises(fd.TraceError, match=message):
        fd.surface(lambda x: fd.fori(2, lambda i, u: body(i, u, x), x[1]), dim=2)


def test_indices_out_of_range_say_at_which_step() -> None:
    with pytest.raises(IndexError, match="index 6 at step 6 of the loop"):
        fd.surface(lambda x: fd.fori(8, lambda i, u: u + DATA[i, 0] * x[0], 0.0), dim=1)


def test_values_of_a_step_stay_inside() -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        end = fd.fori(4, lambda i, u: seen.append(u) or u * x[0], x[0])
        return end + seen[-1]

    with pytest.raises(fd.TraceError, match="a value of a step of fori is used after the loop"):
        fd.surface(f, dim=1)


def test_values_of_another_function_are_refused() -> None:
    kept = np.empty(1, dtype=object)

    def keeping(x: Any) -> Any:
        kept[0] = x[0]
        return x[0]

    fd.surface(keeping, dim=1)
    with pytest.raises(fd.TraceError, match="another function"):
        fd.surface(lambda x: fd.fori(4, lambda i, u: u * kept[0], x[0]), dim=1)
