"""Reductions beyond fields: predicates, periods, exponents; the same bits however a run is made."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import ENGINES

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = np.asarray(fd.uniform(S.window, 40, seed=3))


def kept() -> list[Any]:
    """Every kind, with lambdas that are new each time."""
    return [
        fd.reduce.first(lambda fun: fun < 1.0),
        fd.reduce.first(lambda x, x_previous, t: (t > 3) & (x[0] < x_previous[0]), name="first_left"),
        fd.reduce.first(lambda: False, name="never"),
        fd.reduce.count(lambda grad: np.sum(grad**2) < 1.0),
        fd.reduce.count(lambda state: np.max(np.abs(state.v)) > 30.0, name="fast"),
        fd.reduce.argmin("fun"),
        fd.reduce.argmin("x"),
        fd.reduce.period(4),
        fd.reduce.lyapunov(after=5),
        fd.reduce.sharpness(every=10),
        fd.reduce.sharpness(every=3, take="max", name="sharpest"),
        fd.reduce.sharpness(every=7, take="mean", name="mean_sharpness"),
        fd.reduce.index(every=10),
        fd.reduce.index(every=4, take="min", name="least_index"),
    ]


OPTIONS: list[dict[str, Any]] = [
    {},
    {"gtol": None, "dtype": "float32"},
    {"bounds": (-3, 3), "boundary": "clip", "xtol": 1e-5},
    {"bounds": (-3, 3), "boundary": "reflect", "stop_when": lambda fun: fun < 1e-2},
    {"noise": 0.5, "gtol": 1.0, "check_every": 6},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_engines_threads_splits_and_parts_agree(options: dict[str, Any]) -> None:
    def run(x0: Any, **more: Any) -> fd.Descent:
        return fd.descend(S, x0, fd.Momentum(lr=0.003), reduce=kept(), **{"max_steps": 45, **options, **more})

    whole = run(X0)
    assert list(whole.reduced) == [r.name for r in kept()]
    for more in (*({"engine": e} for e in ENGINES), {"n_threads": 1}, {"n_threads": 3}):
        assert parity.same_bits(whole, run(X0, **more))
    parts = [run(X0[:7]), run(X0[7:], first_index=7)]
    for name, values in whole.reduced.items():
        assert values.tobytes() == b"".join(p.reduced[name].tobytes() for p in parts), name
    for stops in ((0, 45), (7, 45), (10, 20, 45)):
        part = run(X0, max_steps=stops[0], keep_state=True)
        for max_steps in stops[1:]:
            part = fd.resume(pickle.loads(pickle.dumps(part)), max_steps=max_steps)
        assert parity.same_bits(part, whole), stops
    swarm = fd.Swarm(S, X0, fd.Momentum(lr=0.003), reduce=kept(), **{"max_steps": 45, **options})
    for n in (4, 6, 1, 34):
        swarm.step(n)
        assert set(swarm.reduced) == set(whole.reduced)
    assert all(swarm.reduced[name].tobytes() == values.tobytes() for name, values in whole.reduced.items())


@pytest.mark.parametrize("options", OPTIONS[:4])
def test_the_run_itself_stays_as_it_is(options: dict[str, Any]) -> None:
    for rule in (fd.Momentum(lr=0.003), fd.GD(lr=0.01)):
        some = [r for r in kept() if r.name != "fast"]
        run = fd.descend(S, X0, rule, max_steps=45, reduce=some, **options)
        plain = fd.descend(S, X0, rule, max_steps=45, **options)
        for name in ("x", "fun", "grad_norm", "nit", "status"):
            assert getattr(run, name).tobytes() == getattr(plain, name).tobytes()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_steps_and_counts_are_those_of_recorded_paths(dtype: str) -> None:
    fields = fd.Record(every=1, fields=("x", "fun", "grad_norm"))
    run = fd.descend(S, X0, fd.Momentum(lr=0.003), max_steps=45, record=fields, reduce=kept(), dtype=dtype)
    for i, n in enumerate(run.path.lengths.tolist()):
        x, fun = run.path.x[i, :n], run.path.fun[i, :n]
        left = np.flatnonzero((np.arange(n) > 3) & (x[:, 0] < np.roll(x[:, 0], 1)))
        below = np.flatnonzero(fun < 1.0)
        assert run.reduced["first"][i] == (below[0] if len(below) else -1)
        assert run.reduced["first_left"][i] == (left[0] if len(left) else -1)
        assert run.reduced["argmin_fun"][i] == np.argmin(fun)
        np.testing.assert_array_equal(run.reduced["argmin_x"][i], np.argmin(x, axis=0))
    assert np.all(run.reduced["never"] == -1)
    slope = np.sum(S.gradient(run.path.x.astype(np.float64)) ** 2, axis=-1) < 1.0
    np.testing.assert_array_equal(run.reduced["count"], slope.sum(axis=1))
    assert {run.reduced[name].dtype.name for name in ("first", "count", "argmin_fun", "period")} == {"int32"}


def test_float32_counts_further_than_it_can() -> None:
    n = 2**24 + 4099
    flat = fd.surface("0*x")
    reduce = [fd.reduce.count(lambda x: x[0] == 0.0), fd.reduce.first(lambda x: x[0] > 0.0)]
    run = fd.descend(flat, np.zeros(1, np.float32), fd.GD(lr=0.1), max_steps=n, gtol=None, reduce=reduce)
    assert run.reduced["count"] == n + 1
    assert run.reduced["first"] == -1


def test_the_first_nan_is_the_least() -> None:
    s = fd.surface("log(x)")
    run = fd.descend(s, [[0.5], [2.0]], fd.GD(lr=[0.2, 0.1]), max_steps=4, reduce=[fd.reduce.argmin("fun")], record=1)
    fun = [s(run.path.x[i, : run.path.lengths[i]]) for i in range(2)]
    np.testing.assert_array_equal(run.reduced["argmin_fun"], [np.argmin(f) for f in fun])
    assert np.isnan(fun[0]).any()


def test_predicates_written_anew_compile_nothing() -> None:
    """A step is built where its rule is traced."""
    traced = []

    @fd.optimizer
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any) -> Any:
        traced.append(t)
        return x - lr * grad(x), {}

    s, n_traced = fd.surface("x**2 + y**4"), []
    for limit in (0.1, 0.1, 0.2, 0.1, 0.2):
        fd.descend(s, X0, rule(lr=0.1), reduce=[fd.reduce.first(lambda fun, limit=limit: fun < limit)], max_steps=9)
        n_traced.append(len(traced))
    first, again, other, *rest = n_traced
    assert 0 < first == again < other
    assert rest == [other, other]


def test_minibatches_and_noise() -> None:
    data = np.random.default_rng(0).random(64)
    s = fd.finite_sum(lambda x, a: np.mean((x[0] - a) ** 2 + 0.1 * x[1] ** 2), 2, data=(data,))
    reduce = [fd.reduce.count(lambda fun: fun < 0.5), fd.reduce.lyapunov(), fd.reduce.sharpness(every=5)]
    options = {"max_steps": 30, "batch_size": 4, "reduce": reduce}
    run = fd.descend(s, X0, fd.GD(lr=0.1), record=1, **options)
    np.testing.assert_array_equal(run.reduced["count"], (s(run.path.x) < 0.5).sum(axis=1))
    np.testing.assert_allclose(run.reduced["sharpness"], 2.0, rtol=1e-14)
    assert np.all(run.reduced["lyapunov"] < 0)
    again = [fd.descend(s, X0, fd.GD(lr=0.1), engine=e, **options) for e in ENGINES]
    for name, values in run.reduced.items():
        assert {other.reduced[name].tobytes() for other in again} == {values.tobytes()}


def test_exponents_of_linear_maps_have_closed_forms() -> None:
    s = fd.surface("0.5*(a*x**2 + y**2)", a=4.0)
    for rule in (fd.GD(lr=0.3), fd.Momentum(lr=0.3, momentum=0.5), fd.Momentum(lr=0.8, momentum=0.5)):
        reduce = [fd.reduce.lyapunov(after=200)]
        run = fd.descend(s, [1.0, 1.0], rule, max_steps=1000, gtol=None, escape_radius=None, reduce=reduce)
        beta = getattr(rule, "momentum", 0.0)
        roots = [np.roots([1.0, -(1.0 + beta - rule.lr * h), beta]) for h in (4.0, 1.0)]
        assert run.reduced["lyapunov"] == pytest.approx(np.log(np.max(np.abs(roots))), abs=2e-3)


def test_exponents_without_steps_and_of_superstable_points() -> None:
    s, reduce = fd.surface("x**2"), [fd.reduce.lyapunov(after=3)]
    assert np.isnan(fd.descend(s, [1.0], fd.GD(lr=0.25), max_steps=3, gtol=None, reduce=reduce).reduced["lyapunov"])
    found = fd.descend(s, [1.0], fd.GD(lr=0.5), max_steps=9, gtol=None, reduce=reduce).reduced["lyapunov"]
    assert found == -np.inf


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: fd.reduce.first(3), TypeError, "the predicate of reduce.first must be a function of any of x, fun"),
        (lambda: fd.reduce.count(lambda fum: fum < 1), TypeError, "reduce.count has an argument 'fum'"),
        (lambda: fd.reduce.first(lambda x: x), fd.TraceError, "the predicate of reduce.first must return a truth"),
        (lambda: fd.reduce.first(lambda x: x > 0), fd.TraceError, r"first returned shape \(2,\), not one truth"),
        (lambda: fd.reduce.count(lambda state: state.w > 0), fd.TraceError, "reduce.count reads state.w"),
        (lambda: fd.reduce.argmin("f"), ValueError, 'field must be "fun", "grad_norm" or "x"; got \'f\''),
        (lambda: fd.reduce.period(0), ValueError, "most must be 1 or greater; got 0"),
        (lambda: fd.reduce.period(8, rtol=0.0), ValueError, "rtol must be greater than 0"),
        (lambda: fd.reduce.lyapunov(after=-1), ValueError, "after must be 0 or greater; got -1"),
        (lambda: fd.reduce.sharpness(every=0), ValueError, "every must be 1 or greater; got 0"),
        (lambda: fd.reduce.sharpness(every=5, take="first"), ValueError, "take must be .*; got 'first'"),
        (lambda: fd.reduce.index(every=5, take=3), TypeError, 'take must be "last", "max", "min" or "mean"; got 3'),
        (lambda: [fd.reduce.first(lambda: True)] * 2, ValueError, "reduce must name each result once; 'first'"),
    ],
)
def test_bad_arguments(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.descend(S, X0, fd.Momentum(lr=0.01), reduce=make(), max_steps=3)


def test_the_index_is_for_few_coordinates() -> None:
    s = fd.surfaces.rosenbrock(dim=65)
    with pytest.raises(ValueError, match="index is for at most 64 coordinates; this surface has 65"):
        fd.descend(s, np.zeros(65), fd.GD(lr=1e-4), reduce=[fd.reduce.index(every=5)])
