"""`reduce`: the numbers that recorded paths give, by equality; resumed, interrupted and alarmed runs; refusals."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import ISAS
from support.free_memory import pretend_free
from support.programs.exact_engine import deviation, length

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (6, 5))
PRODUCT = fd.surface("(x**2 + 1)*(y**2 + x)")  # its f is a bare product, which a sum must not take up as fma
EVERY = fd.Record(every=1, fields=("x", "fun", "grad_norm"))
KEPT = parity.REDUCTIONS


@fd.optimizer
def shrink(x: Any, grad: Any, state: Any, t: Any, *, rate: float = 0.9) -> Any:
    """A new point that is a bare product."""
    return x * rate, {}


def mean(values: np.ndarray) -> np.ndarray:
    return np.add.accumulate(values)[-1] / values.dtype.type(len(values))


def expected(x: np.ndarray, fun: np.ndarray, grad_norm: np.ndarray) -> dict[str, Any]:
    """The results of KEPT for one trajectory, from all of its points."""
    return {
        "min_fun": np.min(fun),
        "max_x": np.max(x, axis=0),
        "mean_fun": mean(fun),
        "mean_grad_norm": mean(grad_norm),
        "std_x": [deviation(column) for column in x.T],
        "tail_mean_fun": mean(fun[-4:]),
        "tail_mean_x": mean(x[-2:]),
        "tail_mean_grad_norm": grad_norm[-1],
        "long_tail": mean(fun[-200:]),
        "path_length": length(x),
    }


CASES: list[tuple[Any, Any, dict[str, Any]]] = [
    (S, fd.GD(lr=np.linspace(1e-3, 2e-2, 5)), {}),
    (S, fd.GD(lr=0.02), {"gtol": None}),
    (S, fd.Adam(lr=lambda t: 0.5 / (1 + 0.1 * t)), {"dtype": "float32"}),
    (S, fd.LineSearch(), {"xtol": 1e-5, "ftol": 1e-9}),
    (S, fd.Momentum(lr=0.005), {"bounds": (-3, 3), "boundary": "reflect"}),
    (S, fd.GD(lr=0.02), {"bounds": (-3, 2.5), "boundary": "wrap", "final": False}),
    (S, fd.GD(lr=0.02), {"bounds": (-3, 2.5), "boundary": "clip"}),
    (S, fd.GD(lr=0.02), {"bounds": (-3, 2.5), "boundary": "stop"}),
    (PRODUCT, fd.GD(lr=0.01), {}),
    (PRODUCT, fd.RMSprop(lr=0.05), {"dtype": "float32"}),
    (fd.surface("log(x) + sqrt(y + 4)"), fd.GD(lr=1.0), {}),  # some become undefined, some start so
    (fd.surface("exp(x) + y**2"), fd.GD(lr=np.linspace(0.01, 1.5, 5)), {"escape_radius": None}),
    (fd.surface("x**4 + y**4"), fd.GD(lr=0.2), {"escape_radius": None, "gtol": None}),  # the alarm goes off
    (S, shrink(rate=0.7), {}),
    (fd.surfaces.rosenbrock(dim=2), fd.Momentum(lr=2e-3), {}),
]


@pytest.mark.parametrize(("surface", "optimizer", "options"), CASES)
def test_the_numbers_of_recorded_paths(surface: fd.Surface, optimizer: Any, options: dict[str, Any]) -> None:
    run = fd.descend(surface, X0, optimizer, max_steps=45, record=EVERY, reduce=KEPT, **options)
    assert list(run.reduced) == [r.name for r in KEPT]
    path, n = run.path, X0.shape[0] * X0.shape[1]
    assert np.array_equal(path.lengths, run.nit.ravel() + 1)
    flat = {name: values.reshape(n, *values.shape[2:]) for name, values in run.reduced.items()}
    assert all(values.dtype == run.x.dtype for values in flat.values())
    for i, k in enumerate(path.lengths):
        with np.errstate(all="ignore"):
            wanted = expected(path.x[i, :k], path.fun[i, :k], path.grad_norm[i, :k])
        for name, values in wanted.items():
            assert np.array_equal(flat[name][i], values, equal_nan=True), (i, name)


@pytest.mark.parametrize(("surface", "optimizer", "options"), CASES)
@pytest.mark.parametrize("reduce", [KEPT, [fd.reduce.path_length()], [fd.reduce.max("fun"), fd.reduce.min("x")]])
def test_the_run_itself_stays_as_it_is(surface: Any, optimizer: Any, options: dict[str, Any], reduce: Any) -> None:
    run = fd.descend(surface, X0, optimizer, max_steps=200, reduce=reduce, **options)
    plain = fd.descend(surface, X0, optimizer, max_steps=200, **options)
    assert plain.reduced == {}
    assert parity.same_bits(replace(run, reduced={}), plain)
    kept = fd.descend(surface, X0, optimizer, max_steps=200, reduce=reduce, keep_state=True, **options)
    assert parity.same_bits(run, kept)


def test_the_alarm_goes_off_in_the_cases_above() -> None:
    surface, optimizer, options = next(c for c in CASES if c[0].name == "x**4 + y**4")
    run = fd.descend(surface, X0, optimizer, max_steps=45, reduce=KEPT, **options)
    assert np.any(run.status == fd.Status.UNDEFINED)
    assert np.any(run.status == fd.Status.MAX_STEPS)
    assert np.any(np.isfinite(run.reduced["min_fun"]))


@pytest.mark.parametrize(("surface", "optimizer", "options"), CASES)
@pytest.mark.parametrize("stops", [(0, 45), (7, 45), (13, 14, 45), (45, 45)])
def test_resumed_runs_go_on_as_one(surface: Any, optimizer: Any, options: dict[str, Any], stops: tuple[int]) -> None:
    long = fd.descend(surface, X0, optimizer, max_steps=45, reduce=KEPT, **options)
    run = fd.descend(surface, X0, optimizer, max_steps=stops[0], reduce=KEPT, keep_state=True, **options)
    for max_steps in stops[1:]:
        run = fd.resume(run, max_steps=max_steps)
    assert parity.same_bits(run, long)


def test_interrupted_trajectories_count_the_points_that_they_reached() -> None:
    optimizer, n, most = fd.Momentum(lr=1e-7), 5, 3_000_000
    x0 = parity.starts(S, n, "float64")
    cut = fd.descend(S, x0, optimizer, max_steps=most, gtol=None, reduce=KEPT, n_threads=1,
                     keep_state=True, progress=lambda done, total: False)  # fmt: skip
    assert np.all(cut.status == fd.Status.INTERRUPTED)
    for i, nit in enumerate(cut.nit.tolist()):
        alone = fd.descend(S, x0[i], optimizer, max_steps=nit, gtol=None, reduce=KEPT)
        for name, value in alone.reduced.items():
            assert np.array_equal(cut.reduced[name][i], value), (i, name)
    on = int(cut.nit.max()) + 1000
    gone_on = fd.resume(pickle.loads(pickle.dumps(cut)), max_steps=on)
    assert parity.same_bits(gone_on, fd.descend(S, x0, optimizer, max_steps=on, gtol=None, reduce=KEPT))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_threads_tiles_and_splits(dtype: str, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    for optimizer in ("adam-all", "linesearch", "gd"):
        for options in ("default", "free"):
            case = ("himmelblau", optimizer, options, dtype)
            alone = parity.run(case, 300, max_steps=150, n_threads=1, reduce=KEPT)
            for n_threads, lanes in ((2, "0"), (3, "1"), (2, "5"), (1, "64"), (7, "200")):
                monkeypatch.setenv("FASTDESCENT_LANES", lanes)
                assert parity.same_bits(alone, parity.run(case, 300, max_steps=150, n_threads=n_threads, reduce=KEPT))
            monkeypatch.delenv("FASTDESCENT_LANES")
            x0, how = parity.starts(S, 300, dtype), parity.optimizers(300)[optimizer]
            more = {"max_steps": 150, "reduce": KEPT, **parity.OPTIONS[options]}
            parts = [fd.descend(S, x0[:7], how, **more), fd.descend(S, x0[7:], how, first_index=7, **more)]
            for k, array in enumerate(parity.arrays(alone)):
                assert array.tobytes() == b"".join(parity.arrays(p)[k].tobytes() for p in parts)


def test_shapes_without_steps_and_without_trajectories() -> None:
    run = fd.descend(S, X0[0, 0], fd.GD(lr=0.01), max_steps=0, reduce=KEPT)
    assert run.reduced["min_fun"].shape == ()
    assert run.reduced["max_x"].shape == (2,)
    assert np.array_equal(run.reduced["max_x"], X0[0, 0])
    assert run.reduced["min_fun"] == run.reduced["mean_fun"] == run.reduced["long_tail"] == run.fun
    assert run.reduced["path_length"] == 0
    assert not np.signbit(run.reduced["path_length"])
    none = fd.descend(S, np.zeros((0, 3, 2)), fd.GD(lr=0.01), reduce=KEPT)
    assert none.reduced["min_fun"].shape == (0, 3)
    assert none.reduced["std_x"].shape == (0, 3, 2)


def test_constants_parameters_and_one_coordinate() -> None:
    flat = fd.descend(fd.surface("3", variables=("x", "y")), X0, fd.GD(lr=0.1), max_steps=5, gtol=None, reduce=KEPT)
    assert np.all(flat.reduced["mean_fun"] == 3)
    assert np.all(flat.reduced["path_length"] == 0)
    assert np.array_equal(flat.reduced["max_x"], X0)
    scaled = fd.surface("a*b + 0*x", a=2.0, b=3.0)
    line = fd.descend(scaled.with_params(a=5.0), [[1.0]], fd.GD(lr=0.1), max_steps=5, gtol=None, reduce=KEPT)
    assert line.reduced["tail_mean_fun"] == 15
    kept = fd.reduce.path_length()
    line = fd.descend(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.75), max_steps=3, reduce=kept)
    assert line.reduced["path_length"] == 1.5 + 0.75 + 0.375


def test_the_spread_is_that_of_numpy_but_for_rounding() -> None:
    run = fd.descend(S, X0, fd.Adam(lr=0.1), max_steps=60, gtol=None, record=1, reduce=fd.reduce.std("x"))
    wanted = np.std(run.path.x, axis=1).reshape(X0.shape)
    np.testing.assert_allclose(run.reduced["std_x"], wanted, rtol=1e-12)


def test_names_words_and_pickles() -> None:
    kept = [fd.reduce.tail_mean("fun", 5), fd.reduce.tail_mean("fun", 50, name="longer")]
    run = fd.descend(S, X0, fd.GD(lr=0.01), reduce=kept)
    assert repr(run).endswith("; reduced: tail_mean_fun, longer>")
    assert repr(kept[1]) == "TailMean(name='longer', field='fun', n=50)"
    again = pickle.loads(pickle.dumps(run))
    assert parity.same_bits(run, again)
    assert isinstance(kept[0], fd.reduce.Reduction)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: fd.reduce.min("f"), ValueError, 'field must be "fun", "grad_norm" or "x"; got \'f\''),
        (lambda: fd.reduce.mean(3), TypeError, 'field must be "fun", "grad_norm" or "x"; got 3'),
        (lambda: fd.reduce.tail_mean("fun", 0), ValueError, "n must be 1 or greater; got 0"),
        (lambda: fd.reduce.tail_mean("fun", 20_000), ValueError, "n must be at most 10000; got 20000"),
        (lambda: fd.reduce.tail_mean("fun", 1.5), TypeError, "n must be an integer; got 1.5"),
        (lambda: fd.reduce.path_length(name=3), TypeError, "name must be text; got 3"),
        (lambda: fd.reduce.path_length(name=""), ValueError, "name must not be empty"),
        (lambda: "min", TypeError, r'reduce must be reductions, such as fd.reduce.min\("fun"\); got \'min\''),
        (lambda: ["min"], TypeError, r'reduce must be reductions, such as fd.reduce.min\("fun"\); got \'min\''),
        (lambda: None, TypeError, "reduce must be reductions, .*; got None"),
        (lambda: fd.reduce.min, TypeError, r"got <function min at .*>; call it: fd.reduce.min\(...\)"),
        (lambda: [fd.reduce.min], TypeError, r"call it: fd.reduce.min\(...\)"),
        (
            lambda: [fd.reduce.tail_mean("x", 2), fd.reduce.tail_mean("x", 3)],
            ValueError,
            "reduce must name each result once; 'tail_mean_x' comes twice: give one of them name=...",
        ),
    ],
)
def test_bad_reductions(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.descend(S, X0, fd.GD(lr=0.01), reduce=make())


def test_what_would_not_fit_is_refused_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_free(monkeypatch, 2.0**20)
    kept = fd.reduce.tail_mean("x", 10_000)
    with pytest.raises(MemoryError, match=r"reduce: 30 trajectories would take 4.6 MiB, and 1.0 MiB are free"):
        fd.descend(S, X0, fd.GD(lr=0.01), reduce=kept)
    monkeypatch.undo()
    assert math.prod(fd.descend(S, X0, fd.GD(lr=0.01), max_steps=2, reduce=kept).reduced["tail_mean_x"].shape) == 60
