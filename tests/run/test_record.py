"""Paths: what is recorded has the bits of shorter runs; layouts, fields, refusals."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import ENGINES, USUAL

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (9, 8))
N = 72


def stores(path: fd.Path) -> list[bytes]:
    """What two equal paths have in common, to the bit."""
    return [a.tobytes() for a in (path.values, path.offsets, path.steps, path.last_steps, path.which)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", [fd.Adam(lr=0.05), fd.LineSearch(), fd.Momentum(lr=0.02)])
@pytest.mark.parametrize("options", [{}, {"gtol": None, "escape_radius": None}])
@pytest.mark.parametrize("record", [1, 7, 1000, fd.Record(steps=[3, 5, 50, 41])])
def test_every_entry_is_the_point_of_a_shorter_run(
    optimizer: Any, options: dict[str, Any], record: Any, engine: str
) -> None:
    run = fd.descend(S, X0, optimizer, max_steps=45, record=record, engine=engine, **options)
    plain = fd.descend(S, X0, optimizer, max_steps=45, **options)
    assert np.array_equal(run.x, plain.x, equal_nan=True)
    path, nit = run.path, run.nit.ravel()
    wanted = [0, 3, 5, 41] if isinstance(record, fd.Record) else [*range(0, 46, record)]
    for j, step in enumerate(wanted):
        there = np.flatnonzero(nit >= step)
        shorter = fd.descend(S, X0, optimizer, max_steps=step, **options).x.reshape(N, 2)
        assert np.array_equal(path.values[path.offsets[there] + j], shorter[there], equal_nan=True)
    for i, end in enumerate(nit.tolist()):
        assert path.steps_of(i).tolist() == [*(k for k in wanted if k < end), end]
    assert path.offsets[-1] == len(path.values)
    assert np.array_equal(path.values[path.offsets[1:] - 1], run.x.reshape(N, 2), equal_nan=True)
    assert np.array_equal(path.last_steps, nit)


@pytest.mark.parametrize("record", [1, 7, fd.Record(steps=[3, 5, 50, 41])])
def test_rectangles_are_the_paths_with_nan_after_their_ends(record: Any) -> None:
    path = fd.descend(S, X0, fd.Momentum(lr=0.02), max_steps=45, record=record).path
    assert path.x.shape == (N, len(path.steps), 2)
    assert path.x.flags.c_contiguous
    assert len(path.steps) == path.lengths.max()
    assert np.all(np.diff(path.steps) > 0)
    for i, length in enumerate(path.lengths):
        assert np.array_equal(path.x[i, :length], path.values[path.offsets[i] : path.offsets[i + 1]], equal_nan=True)
        assert np.isnan(path.x[i, length:]).all()
        assert np.array_equal(path.steps_of(i)[:-1], path.steps[: length - 1])


def test_the_last_step_is_where_a_trajectory_stopped() -> None:
    run = fd.descend(S, [[3.5, 2.5]], fd.GD(lr=0.01), record=10)
    assert run.nit[0] % 10 != 0
    assert run.path.last_steps.tolist() == run.nit.tolist()
    assert run.path.steps_of(0)[-1] == run.path.steps_of(-1)[-1] == run.nit[0]
    assert run.path.steps[run.path.lengths[0] - 1] != run.nit[0]
    for i in (1, -2):
        with pytest.raises(IndexError):
            run.path.steps_of(i)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_path_is_as_large_as_the_steps_made(engine: str) -> None:
    """However many steps there might have been."""
    run = fd.descend(S, X0, fd.Momentum(lr=0.01), record=1, max_steps=2**31 - 2, engine=engine)
    path = run.path
    assert path.values.base is None
    assert path.values.nbytes == 16 * np.sum(run.nit.astype(int) + 1)
    assert sum(len(pickle.dumps(part)) for part in (path.x, path.fun)) > path.values.nbytes
    assert len(pickle.dumps(path)) < path.values.nbytes + 16 * (len(path.steps) + 3 * N) + 1000


def test_pickles_hold_paths_without_their_rectangles() -> None:
    path = fd.descend(S, X0, fd.Momentum(lr=0.02), record=fd.Record(every=2, fields=("x", "fun"))).path
    before = len(pickle.dumps(path))
    x, fun = path.x, path.fun
    assert path.x is x
    again = pickle.loads(pickle.dumps(path))
    assert len(pickle.dumps(path)) == before
    assert stores(again) == stores(path)
    assert np.array_equal(again.x, x, equal_nan=True)
    assert np.array_equal(again.fun, fun, equal_nan=True)


def test_paths_of_one_length_are_not_copied() -> None:
    path = fd.descend(S, X0, fd.GD(lr=1e-4), gtol=None, max_steps=20, record=1).path
    assert path.x.shape == (N, 21, 2)
    assert np.shares_memory(path.x, path.values)


def test_fields_which_and_dtype() -> None:
    record = fd.Record(every=10, which=[5, 2], fields=("fun", "grad_norm"), dtype="float32")
    run = fd.descend(S, X0, fd.GD(lr=0.005), max_steps=100, record=record)
    path = run.path
    assert path.values is None
    assert path.x is None
    assert path.which.tolist() == [5, 2]
    assert path.last_steps.tolist() == run.nit.ravel()[[5, 2]].tolist()
    assert path.fun.shape == path.grad_norm.shape == (2, len(path.steps))
    assert path.fun.dtype == np.float32
    assert path.fun[0, 0] == np.float32(S(X0.reshape(-1, 2)[5]))
    assert path.fun[1, path.lengths[1] - 1] == np.float32(run.fun.ravel()[2])
    assert np.isnan(path.fun[1, path.lengths[1] :]).all()
    points = fd.descend(S, X0, fd.GD(lr=0.005), max_steps=100, record=fd.Record(every=10, which=[5, 2])).path
    assert points.fun is None
    assert np.array_equal(S(points.x).astype(np.float32), path.fun, equal_nan=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("lanes", ["1", "7", "200"])
def test_paths_do_not_depend_on_threads_tiles_or_engines(
    n_threads: int, lanes: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = fd.descend(S, X0, fd.Adam(lr=0.1), record=3, max_steps=60).path
    monkeypatch.setenv("FASTDESCENT_LANES", lanes)
    found = fd.descend(S, X0, fd.Adam(lr=0.1), record=3, max_steps=60, n_threads=n_threads, engine=engine).path
    assert stores(found) == stores(wanted)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dim", [2, 300])
def test_paths_of_many_blocks(dim: int, engine: str) -> None:
    """More points than a block of memory holds, the order of the rows another than that of the trajectories."""
    s, n = fd.surfaces.sphere(dim=dim), 120_000 // dim
    x0 = fd.uniform(s.window, n, seed=2)
    wanted = [x0]
    for _ in range(20):
        wanted.append(0.5 * wanted[-1])
    record = fd.Record(every=1, which=range(n - 1, -1, -1))
    path = fd.descend(s, x0, fd.GD(lr=0.25), gtol=None, max_steps=20, record=record, n_threads=2, engine=engine).path
    assert path.values.nbytes > 9 * 2**20
    assert np.array_equal(path.x, np.stack(wanted, axis=1)[::-1])


@pytest.mark.parametrize("engine", ENGINES)
def test_paths_beyond_the_region_where_f_is_known_to_be_finite(engine: str) -> None:
    """Trajectories that are run again, with f in their steps, have the paths of runs that have f in all steps."""
    s, x0 = fd.surface("x**4 + y**4 - x*y"), fd.grid(((-9, 9), (-9, 9)), (12, 12))
    fields = ("x", "fun", "grad_norm")
    for record in (fd.Record(every=1, fields=fields), fd.Record(every=2, which=range(143, -1, -5), fields=fields)):
        given: dict[str, Any] = {"gtol": None, "escape_radius": None, "max_steps": 40, "record": record}
        wanted = fd.descend(s, x0, fd.GD(lr=0.02), ftol=0.0, engine=USUAL, **given)
        assert len(set(wanted.status.ravel().tolist())) > 1
        found = fd.descend(s, x0, fd.GD(lr=0.02), engine=engine, **given)
        assert parity.same_bits(found, wanted)
        assert stores(found.path) == stores(wanted.path)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("record", [1, 4, fd.Record(every=1, which=[3, 0])])
def test_paths_of_runs_whose_full_gradient_is_tested_now_and_then(record: Any, engine: str) -> None:
    """They end where the run ends, and up to there are those of the untested run."""
    given: dict[str, Any] = {"noise": 0.3, "max_steps": 400, "record": record, "engine": engine}
    run = fd.descend(S, X0, fd.GD(lr=0.01), gtol=1.0, check_every=5, **given)
    assert run.success.sum() > 60
    assert len(set(run.nit[run.success].tolist())) > 5
    untested = fd.descend(S, X0, fd.GD(lr=0.01), gtol=None, **given)
    path, longer = run.path, untested.path
    assert np.array_equal(path.last_steps, run.nit.ravel()[path.which])
    assert np.array_equal(path.values[path.offsets[1:] - 1], run.x.reshape(N, 2)[path.which])
    for i, length in enumerate(path.lengths):
        before_the_end = slice(path.offsets[i], path.offsets[i] + length - 1)
        assert np.array_equal(path.values[before_the_end], longer.x[i, : length - 1])


@pytest.mark.parametrize("engine", ENGINES)
def test_paths_of_such_a_run_that_is_cancelled(engine: str) -> None:
    told: list[int] = []
    run = fd.descend(S, X0, fd.GD(lr=1e-6), noise=0.3, gtol=1e-9, check_every=7, record=4, engine=engine, max_steps=900,
                     progress=lambda done, total: told.append(done) or len(told) < 5)  # fmt: skip
    assert np.all(run.status == fd.Status.INTERRUPTED)
    assert np.all(run.nit > 0)
    assert np.array_equal(run.path.last_steps, run.nit.ravel())
    assert np.array_equal(run.path.values[run.path.offsets[1:] - 1], run.x.reshape(N, 2))


def test_without_steps_and_without_trajectories() -> None:
    run = fd.descend(S, X0, fd.GD(lr=0.01), max_steps=0, record=5)
    assert run.path.x.shape == (72, 1, 2)
    assert np.array_equal(run.path.values, X0.reshape(-1, 2))
    assert np.array_equal(run.path.last_steps, np.zeros(72))
    none = fd.descend(S, np.zeros((0, 2)), fd.GD(lr=0.01), max_steps=20, record=5)
    assert none.path.x.shape[0] == 0
    assert none.path.offsets.tolist() == [0]
    assert fd.descend(S, X0, fd.GD(lr=0.01)).path is None
    nobody = fd.descend(S, X0, fd.GD(lr=0.01), record=fd.Record(every=1, which=[])).path
    assert nobody.values.shape == (0, 2)


@pytest.mark.parametrize(
    ("record", "error", "text"),
    [
        (0, ValueError, "record must be 1 or greater; got 0"),
        ("all", TypeError, "record must be an integer"),
        (lambda: fd.Record(), ValueError, "either every= or steps="),
        (lambda: fd.Record(every=2, steps=[1]), ValueError, "either every= or steps="),
        (lambda: fd.Record(every=0), ValueError, "every must be 1 or greater"),
        (lambda: fd.Record(steps=[1.5]), TypeError, "steps must be a sequence of integers"),
        (lambda: fd.Record(steps=[-1]), ValueError, "steps must be 0 or greater"),
        (lambda: fd.Record(every=1, fields=("y",)), ValueError, "fields must be some of x, fun, grad_norm"),
        (lambda: fd.Record(every=1, fields=3), ValueError, "fields must be some of x, fun, grad_norm; got 3"),
        (lambda: fd.Record(every=1, fields=[["x"]]), ValueError, "fields must be some of x, fun, grad_norm"),
        (lambda: fd.Record(every=1, dtype=int), ValueError, "dtype must be float64 or float32; got int64"),
        (lambda: fd.Record(every=1, dtype="foo"), TypeError, "dtype must be float64 or float32; got 'foo'"),
        (fd.Record(every=1, which=[72]), ValueError, "which must hold indices below 72"),
        (fd.Record(every=1, which=[3, 3]), ValueError, "which must name each trajectory once"),
    ],
)
def test_bad_records(record: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.descend(S, X0, fd.GD(lr=0.01), record=record() if callable(record) else record)


def cancelled(engine: str, n_threads: int, after: int) -> tuple[fd.Descent, Any]:
    """A run of which nothing, or something, is done when it is cancelled."""
    x0 = fd.uniform(S.window, 200_000, seed=1)
    record = fd.Record(every=1000, which=[199_999, *range(0, 150_000, 10)])
    run = fd.descend(S, x0, fd.GD(lr=0.001), record=record, n_threads=n_threads, engine=engine, max_steps=1_000_000,
                     progress=lambda done, total: done < after)  # fmt: skip
    return run, x0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("after", [0, 1000])
def test_a_cancelled_run_has_the_paths_that_were_made(engine: str, n_threads: int, after: int) -> None:
    run, x0 = cancelled(engine, n_threads, after)
    path = run.path
    assert run.nit[199_999] == 0
    assert run.status[199_999] == fd.Status.INTERRUPTED
    assert path.lengths[0] == 1
    assert np.array_equal(path.x[0, 0], x0[199_999])
    assert np.isnan(path.x[0, 1:]).all()
    assert np.array_equal(path.last_steps, run.nit[path.which])
    assert np.array_equal(path.values[path.offsets[:-1]], x0[path.which])
    assert np.array_equal(path.values[path.offsets[1:] - 1], run.x[path.which])
    assert np.array_equal(path.lengths, 1 + -(-path.last_steps // 1000))
