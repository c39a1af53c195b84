"""Each cell of a sweep is a `descend` of its own, to the bit."""

from __future__ import annotations

import itertools
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES

import fastdescent as fd
from fastdescent._sweep import plan

FIELDS = ("x", "fun", "grad_norm", "nit", "status")
RIPPLES = fd.surface("x**2 + y**2 + a*sin(3*x)**2 + exp(b*y)/(1 + a*a)", a=0.5, b=0.2)
STARTS = np.array([[0.3, -0.2], [1.7, 1.1], [-4.0, 2.0]])
LRS, MOMENTA = np.array([0.01, 0.1, 0.5]), np.array([0.0, 0.6])
A, B = np.array([-0.5, 0.0, 2.0]), np.array([0.0, 0.3])


@fd.finite_sum(data=(np.linspace(-1, 1, 12), np.linspace(0, 1, 12) ** 2), dim=2)
def line(w: Any, X: Any, y: Any, *, penalty: float = 0.1) -> Any:
    return np.mean((w[0] + w[1] * X - y) ** 2) + penalty * np.sum(w * w)


def assert_same(found: Any, cell: Any, run: fd.Descent) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name)[cell], getattr(run, name), err_msg=name)
    for name, values in run.reduced.items():
        np.testing.assert_array_equal(found.reduced[name][cell], values, err_msg=name)


def assert_cells(found: fd.Sweep, surface: fd.Surface, x0: Any, make: Any, **options: Any) -> None:
    """`make(**hyperparameters)` makes the optimizer; the other axes are parameters of the surface."""
    n = int(np.prod(np.shape(x0)[:-1], dtype=int))
    for number, index in enumerate(np.ndindex(tuple(len(v) for v in found.axes.values()))):
        values = {name: float(v[k]) for (name, v), k in zip(found.axes.items(), index, strict=True)}
        own = surface.with_params(**{k: v for k, v in values.items() if k in surface.params})
        optimizer = make(**{k: v for k, v in values.items() if k not in surface.params})
        assert_same(found, index, fd.descend(own, x0, optimizer, first_index=n * number, **options))


def sgd(lr: float, momentum: float = 0.0) -> fd.Optimizer:
    return fd.SGD(lr=lr, momentum=momentum)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("engine", ENGINES)
def test_cells_are_runs_of_their_own(engine: str, dtype: Any) -> None:
    over = {"lr": LRS, "a": A, "momentum": MOMENTA, "b": B}
    options: dict[str, Any] = {"max_steps": 60, "dtype": dtype, "engine": engine}
    found = fd.sweep(RIPPLES, STARTS, fd.SGD(), over=over, **options)
    assert found.shape == (3, 3, 2, 2, 3)
    assert found.x is not None
    assert found.x.dtype == dtype
    assert_cells(found, RIPPLES, STARTS, sgd, **options)


OPTIONS: list[dict[str, Any]] = [
    {"noise": 0.3},
    {"noise": np.array([0.1, 0.2, 0.3])},
    {"noise": 0.1, "gtol": 0.5, "check_every": 7},
    {"noise": 0.1, "gtol": 0.5, "check_every": 7, "bounds": (-1, 1)},
    {"bounds": (-1, 1), "boundary": "stop"},
    {"bounds": (-1, 1), "boundary": "clip"},
    {"ftol": 1e-3},
    {"xtol": 1e-3},
    {"gtol": None, "escape_radius": 3.0},
    {"gtol": None, "escape_radius": None},
    {"stop_when": lambda fun, x_previous: fun + 0 * x_previous[0] < 0.6},
    {"reduce": [fd.reduce.min("fun"), fd.reduce.tail_mean("x", 3), fd.reduce.first(lambda fun: fun < 1.0)]},
    {"reduce": [fd.reduce.sharpness(every=8), fd.reduce.index(every=16), fd.reduce.path_length()]},
    {"average": "polyak"},
    {"seed": 5, "noise": fd.noise.student(0.1, df=3)},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("at_once", [2, 1 << 22])
def test_options(options: dict[str, Any], at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where hardly anything is run at once."""
    monkeypatch.setattr(plan, "_NUMBERS_AT_ONCE", at_once)
    found = fd.sweep(RIPPLES, STARTS, fd.SGD(), over={"a": A, "lr": LRS}, max_steps=40, **options)
    assert_cells(found, RIPPLES, STARTS, sgd, max_steps=40, **options)
    if "average" in options:
        run = fd.descend(RIPPLES.with_params(a=2.0), STARTS, fd.SGD(lr=0.1), max_steps=40, **options)
        assert found.average is not None
        np.testing.assert_array_equal(found.average[2, 1], run.average)


def test_sums_and_shifts_of_surfaces_of_the_catalog() -> None:
    s = (fd.surfaces.rastrigin(dim=2, A=3.0) + 0.5 * fd.surfaces.rosenbrock(dim=2)).shifted([0.1, 0.2])
    found = fd.sweep(s, STARTS, fd.SGD(), over={"A": [0.0, 5.0], "lr": [1e-3, 0.1], "b": [1.0, 50.0]}, max_steps=40)
    assert_cells(found, s, STARTS, sgd, max_steps=40)


def test_minibatches_of_a_mean_with_a_parameter() -> None:
    options: dict[str, Any] = {"batch_size": 4, "max_steps": 30, "gtol": 1e-2, "seed": 3}
    penalties = np.array([0.0, 0.1, 1.0])
    found = fd.sweep(line, STARTS, fd.SGD(), over={"penalty": penalties, "lr": [0.05, 0.2]}, **options)
    assert found.gradient == "minibatch 4"
    assert_cells(found, line, STARTS, sgd, **options)


def test_all_of_the_optimizers() -> None:
    optimizers: dict[str, tuple[Any, dict[str, Any]]] = {
        "RMSprop": (fd.RMSprop(), {"lr": [0.01, 0.1], "alpha": [0.5, 0.9]}),
        "Adam": (fd.Adam(), {"lr": [0.01, 0.1], "eps": [1e-8, 1e-3]}),
        "LineSearch": (fd.LineSearch(), {"grow": [1.5, 2.0]}),
        "GradientFlow": (fd.GradientFlow(), {"rtol": [1e-3, 1e-6]}),
        "Langevin": (fd.Langevin(lr=0.01), {"temperature": [0.0, 0.5]}),
        "Momentum": (fd.Momentum(), {"lr": LRS, "momentum": [0.3, 0.9]}),
        "SGD": (fd.SGD(), {"lr": [0.01, 0.1], "weight_decay": [0.1, 2.0], "clip_norm": [0.5, 10.0]}),
        "AdamW": (fd.AdamW(), {"lr": [0.01, 0.1], "weight_decay": [0.1, 0.5]}),
        "LBFGS": (fd.LBFGS(memory=2), {"lr": [0.5, 1.0]}),
    }
    for optimizer, over in optimizers.values():
        found = fd.sweep(RIPPLES, STARTS, optimizer, over={**over, "b": B}, max_steps=50)
        given = {k: v for k, v in optimizer.hyper().items() if k not in over and k != "lr"}
        given |= {"lr": optimizer.hyper()["lr"]} if "lr" in optimizer.hyper() and "lr" not in over else {}
        kind = type(optimizer)
        assert_cells(found, RIPPLES, STARTS, lambda kind=kind, given=given, **h: kind(**{**given, **h}), max_steps=50)


def test_betas_are_named_by_their_places() -> None:
    found = fd.sweep(
        RIPPLES, STARTS, fd.Adam(lr=0.1), over={"betas[1]": [0.9, 0.99], "betas[0]": [0.5, 0.8]}, max_steps=9
    )
    for (i, two), (j, one) in itertools.product(enumerate([0.9, 0.99]), enumerate([0.5, 0.8])):
        assert_same(found, (i, j), fd.descend(RIPPLES, STARTS, fd.Adam(0.1, (one, two)), max_steps=9))
    assert found.at(**{"betas[0]": 0.8, "betas[1]": 0.9}).optimizer.hyper()["betas"] == (0.8, 0.9)


def test_own_rules_with_a_rate_for_each_layer() -> None:
    @fd.optimizer
    def layers(x: Any, grad: Any, state: Any, t: Any, *, first: float, second: float) -> Any:
        g = grad(x)
        return x - np.stack([first * g[0], second * g[1]]), {}

    found = fd.sweep(RIPPLES, [1.0, 2.0], layers(), over={"second": LRS, "first": LRS}, max_steps=30)
    assert_cells(found, RIPPLES, [1.0, 2.0], lambda **h: layers(**h), max_steps=30)


def test_other_hyperparameters_may_be_arrays_and_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_NUMBERS_AT_ONCE", 2)
    momenta, calls = np.array([0.1, 0.5, 0.9]), []

    def rate(t: int) -> float:
        calls.append(t)
        return 0.1 / (1 + t)

    found = fd.sweep(RIPPLES, STARTS, fd.Momentum(rate, momenta), over={"a": A}, max_steps=20)
    assert len(calls) < 60
    assert_cells(found, RIPPLES, STARTS, lambda: fd.Momentum(rate, momenta), max_steps=20)
    each = np.array([[0.1, 0.2], [0.05, 0.3], [0.0, 0.4]])
    found = fd.sweep(RIPPLES, STARTS, fd.SGD(lr=each), over={"momentum": [0.1, 0.2]}, max_steps=20)
    assert_cells(found, RIPPLES, STARTS, lambda momentum: fd.SGD(lr=each, momentum=momentum), max_steps=20)


def test_one_by_one_and_together_threads_and_lazy_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    lazy = fd.grid(((-2, 2), (-1, 1)), (6, 7), lazy=True)
    over = {"lr": LRS, "a": A}
    whole = fd.sweep(RIPPLES, np.asarray(lazy), fd.SGD(), over=over, max_steps=50)
    for at_once, n_threads in ((1, 1), (50, 2), (200, 3), (1 << 22, 2)):
        monkeypatch.setattr(plan, "_NUMBERS_AT_ONCE", at_once)
        again = fd.sweep(RIPPLES, lazy, fd.SGD(), over=over, max_steps=50, n_threads=n_threads)
        assert_same(again, ..., whole)  # type: ignore[arg-type]


def test_escape_radius_knows_the_minima_for_all_values() -> None:
    """Minima of f(x) = (x - a)^2 that lie far outside of the window."""

    def bowl(x: Any, *, a: float = 1.0) -> Any:
        return np.sum((x - a) ** 2)

    s = fd.surface(bowl, dim=1, window=(-1, 1), minima=lambda p: [[p["a"]]])
    grid = fd.sweep(s, [0.0], fd.GD(), over={"a": [0.0, 5e7], "lr": [0.1]})
    assert grid.success.all()


def test_arrays_that_are_not_asked_for_are_not_there() -> None:
    grid = fd.sweep(RIPPLES, STARTS, fd.SGD(), over={"lr": LRS}, max_steps=5, final=False)
    whole = fd.sweep(RIPPLES, STARTS, fd.SGD(), over={"lr": LRS}, max_steps=5)
    assert grid.x is None
    assert grid.fun is None
    assert grid.grad_norm is None
    np.testing.assert_array_equal(grid.nit, whole.nit)
    with pytest.raises(ValueError, match="final=False"):
        grid.classify()


def test_memory_does_not_grow_with_the_cells() -> None:
    over = {"lr": np.linspace(0.0, 1.0, 2048), "momentum": np.linspace(0.0, 0.9, 1024)}
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        grid = fd.sweep(fd.surface("x**2 + y**2"), [1.0, 1.0], fd.SGD(), over=over, max_steps=3, final=False)
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert grid.status.size == 1 << 21
    assert most - 5 * grid.status.size < 150e6


def test_progress_and_cancelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_NUMBERS_AT_ONCE", 60)
    told: list[tuple[int, int]] = []
    fd.sweep(RIPPLES, STARTS, fd.SGD(), over={"lr": LRS, "a": A}, max_steps=5, progress=lambda *a: told.append(a))
    assert told[-1] == (27, 27)
    assert told == sorted(told)
    reduce = [fd.reduce.min("fun"), fd.reduce.first(lambda fun: fun < 0)]
    grid = fd.sweep(RIPPLES, STARTS, fd.SGD(), over={"lr": LRS, "a": A}, max_steps=5, progress=lambda d, n: d < 9,
                    reduce=reduce)  # fmt: skip
    assert np.any(grid.status == fd.Status.MAX_STEPS)
    rest = grid.status == fd.Status.INTERRUPTED
    assert np.any(rest)
    assert np.all(grid.nit[rest] == 0)
    np.testing.assert_array_equal(grid.x, np.where(rest[..., np.newaxis], STARTS, grid.x))
    assert np.all(np.isnan(grid.reduced["min_fun"][rest]))


def test_paths() -> None:
    record = fd.Record(every=2, fields=("x", "fun"))
    grid = fd.sweep(RIPPLES, STARTS, fd.SGD(), over={"a": A, "lr": LRS}, max_steps=7, record=record)
    run = fd.descend(RIPPLES.with_params(a=2.0), STARTS, fd.SGD(lr=0.1), max_steps=7, record=record)
    assert grid.path is not None
    assert run.path is not None
    first = np.ravel_multi_index((2, 1, 0), grid.shape)
    np.testing.assert_array_equal(grid.path.x[first : first + 3], run.path.x)
    np.testing.assert_array_equal(grid.path.fun[first : first + 3], run.path.fun)


def test_labelled_arrays() -> None:
    xarray = pytest.importorskip("xarray")
    grid = fd.sweep(RIPPLES, STARTS, fd.SGD(), over={"a": A, "lr": LRS}, max_steps=5, reduce=fd.reduce.min("fun"))
    labelled = grid.to_xarray()
    assert isinstance(labelled, xarray.Dataset)
    assert labelled["x"].dims == ("a", "lr", "start", "coordinate")
    np.testing.assert_array_equal(labelled["min_fun"].sel(a=2.0), grid.reduced["min_fun"][2])


def test_descents_of_a_sweep_and_their_classes() -> None:
    s = fd.surface("x**4 - a*x**2 + y**2", a=1.0, window=(-2, 2))
    x0 = fd.uniform(s.window, 40)
    grid = fd.sweep(s, x0, fd.Momentum(momentum=0.5), over={"a": [1.0, 2.0], "lr": [0.01, 0.05]})
    run = grid.at(a=2.0)
    own = fd.descend(s.with_params(a=2.0), fd.repeat(x0, 2), fd.Momentum([[0.01], [0.05]], 0.5))
    ends, others = run.classify(), own.classify()
    np.testing.assert_array_equal(ends.label, others.label)
    np.testing.assert_array_equal(ends.points.x, others.points.x)
    assert run._lowest_start == own._lowest_start
    assert run.random_starts
    assert grid.at(a=1.0, lr=0.01).x.shape == (40, 2)
    assert grid.at(lr=0.05, a=2.0).optimizer.hyper()["lr"] == 0.05
    with pytest.raises(ValueError, match=r"a is a parameter .* at\(a=1\)"):
        grid.classify()
    with pytest.raises(ValueError, match="a must be a value of its axis, of which 2 lies nearest; got 3"):
        grid.at(a=3.0)
    with pytest.raises(ValueError, match="no axis 'b'; its axes: a, lr"):
        grid.at(b=3.0)
    of_one = fd.sweep(s, x0, fd.SGD(), over={"lr": [0.0, 0.05]}, max_steps=2000)
    assert of_one.classify().label.shape == (2, 40)
    assert of_one.at(lr=0.0).nit.max() == 2000


def test_pickles_and_words() -> None:
    grid = fd.sweep(RIPPLES, STARTS, fd.Momentum(lambda t: 0.1, 0.5), over={"a": A}, max_steps=5, noise=lambda t: 0.1)
    again = pickle.loads(pickle.dumps(grid))
    np.testing.assert_array_equal(again.x, grid.x)
    assert again.at(a=2.0).classify().label.shape == (3,)
    assert "3 a x 3 starts" in repr(grid)
    assert "9 trajectories: 9 max steps" in repr(grid)
    assert "3 values from -0.5 to 2" in grid._repr_html_()
