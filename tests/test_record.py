"""Paths: what is recorded has the bits of shorter runs; layouts, fields, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (9, 8))


@pytest.mark.parametrize("optimizer", [fd.Adam(lr=0.05), fd.LineSearch(), fd.Momentum(lr=0.02)])
@pytest.mark.parametrize("options", [{}, {"gtol": None, "escape_radius": None}])
@pytest.mark.parametrize("record", [1, 7, fd.Record(steps=[3, 5, 50, 41])])
def test_every_entry_is_the_point_of_a_shorter_run(optimizer: Any, options: dict[str, Any], record: Any) -> None:
    run = fd.descend(S, X0, optimizer, max_steps=45, record=record, **options)
    plain = fd.descend(S, X0, optimizer, max_steps=45, **options)
    assert np.array_equal(run.x, plain.x, equal_nan=True)
    path, nit = run.path, run.nit.ravel()
    assert path is not None
    wanted = np.array([0, 3, 5, 41]) if isinstance(record, fd.Record) else np.arange(0, 46, record)
    n = len(nit)
    assert path.x.shape == (n, len(path.steps), 2)
    for j, step in enumerate(wanted):
        there = nit >= step
        shorter = fd.descend(S, X0, optimizer, max_steps=int(step), **options).x.reshape(n, 2)
        assert np.array_equal(path.x[there, j], shorter[there], equal_nan=True)
    expected = [np.count_nonzero(wanted <= k) + (k not in wanted) for k in nit]
    assert path.lengths.tolist() == expected
    last = path.x[np.arange(n), path.lengths - 1]
    assert np.array_equal(last, run.x.reshape(n, 2), equal_nan=True)
    after = np.arange(len(path.steps)) >= path.lengths[:, np.newaxis]
    assert np.isnan(path.x[after]).all()


def test_fields_which_and_dtype() -> None:
    record = fd.Record(every=10, which=[5, 2], fields=("fun", "grad_norm"), dtype="float32")
    run = fd.descend(S, X0, fd.GD(lr=0.005), max_steps=100, record=record)
    path = run.path
    assert path is not None
    assert path.x is None
    assert path.which.tolist() == [5, 2]
    assert path.fun.shape == path.grad_norm.shape == (2, len(path.steps))
    assert path.fun.dtype == np.float32
    assert path.fun[0, 0] == np.float32(S(X0.reshape(-1, 2)[5]))
    assert path.fun[1, path.lengths[1] - 1] == np.float32(run.fun.ravel()[2])


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("lanes", ["1", "7", "200"])
def test_paths_do_not_depend_on_threads_or_tiles(n_threads: int, lanes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = fd.descend(S, X0, fd.Adam(lr=0.1), record=3, max_steps=60).path
    monkeypatch.setenv("FASTDESCENT_LANES", lanes)
    found = fd.descend(S, X0, fd.Adam(lr=0.1), record=3, max_steps=60, n_threads=n_threads).path
    assert wanted.x.tobytes() == found.x.tobytes()
    assert np.array_equal(wanted.lengths, found.lengths)


def test_without_steps_and_without_trajectories() -> None:
    run = fd.descend(S, X0, fd.GD(lr=0.01), max_steps=0, record=5)
    assert run.path.x.shape == (72, 1, 2)
    assert np.array_equal(run.path.x[:, 0], X0.reshape(-1, 2))
    none = fd.descend(S, np.zeros((0, 2)), fd.GD(lr=0.01), max_steps=20, record=5)
    assert none.path.x.shape[0] == 0
    assert fd.descend(S, X0, fd.GD(lr=0.01)).path is None


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


def test_what_would_not_fit_is_refused_with_its_size() -> None:
    with pytest.raises(MemoryError, match=r"record: 72 trajectories of 2147483648 points would take \d+\.\d GiB"):
        fd.descend(S, X0, fd.GD(lr=0.01), record=fd.Record(every=1), max_steps=2**31 - 2)


@pytest.mark.parametrize(
    ("fields", "dtype", "bytes_of_entry"),
    [
        (("x",), None, 16),
        (("x",), "float32", 24),
        (("fun",), None, 32),
        (("x", "fun", "grad_norm"), None, 32),
        (("x", "fun"), "float32", 48),
    ],
)
def test_all_that_is_kept_counts(fields: Any, dtype: Any, bytes_of_entry: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr("fastdescent._record.refuse_if_too_large", lambda n_bytes, *words: told.append(n_bytes))
    record = fd.Record(every=10, fields=fields, dtype=dtype)
    fd.descend(S, X0, fd.GD(lr=0.01), max_steps=20, record=record)
    assert told == [72 * 4 * bytes_of_entry]


def test_trajectories_that_a_cancelled_run_never_began_have_their_start() -> None:
    x0 = fd.uniform(S.window, 200_000, seed=1)
    record = fd.Record(every=1000, which=[199_999, 0])
    run = fd.descend(S, x0, fd.GD(lr=0.001), record=record, n_threads=1, progress=lambda done, total: False)
    assert run.nit[199_999] == 0
    assert run.status[199_999] == fd.Status.INTERRUPTED
    assert run.path.lengths[0] == 1
    assert np.array_equal(run.path.x[0, 0], x0[199_999])
    assert np.isnan(run.path.x[0, 1:]).all()
