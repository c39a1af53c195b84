"""Records that outgrow the memory: what is refused before the run, and what ends in the midst of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.free_memory import pretend_free

import fastdescent as fd
from fastdescent._base.ragged import Ragged

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (9, 8))
N = 72
RESULTS = N * (4 * 8 + 5)  #: bytes: x, f, the gradient's norm; nit, status
OUTGROWN = r"^record: the paths of 72 trajectories do not fit into memory, which had room for \d+ points; record fewer"


@pytest.mark.parametrize(
    ("fields", "dtype", "bytes_of_point"),
    [
        (("x",), None, 36),  # the point in its path, and before that with its row
        (("x",), "float32", 36),
        (("fun",), None, 36),
        (("x", "fun", "grad_norm"), None, 36),
        (("x", "fun"), "float32", 48),  # the point, two values at it, and four copies
    ],
)
def test_all_that_is_kept_counts(fields: Any, dtype: Any, bytes_of_point: int, monkeypatch: pytest.MonkeyPatch) -> None:
    record = fd.Record(every=10, fields=fields, dtype=dtype)
    n_points = fd.descend(S, X0, fd.GD(lr=0.01), max_steps=35, record=record).path.offsets[-1]
    assert n_points > 3 * N
    pretend_free(monkeypatch, RESULTS + n_points * bytes_of_point)
    assert fd.descend(S, X0, fd.GD(lr=0.01), max_steps=35, record=record).path.offsets[-1] == n_points
    pretend_free(monkeypatch, RESULTS + n_points * bytes_of_point - 1)
    with pytest.raises(MemoryError, match=OUTGROWN):
        fd.descend(S, X0, fd.GD(lr=0.01), max_steps=35, record=record)


def test_only_what_is_certain_is_refused_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start of each trajectory."""
    told: list[int] = []
    given: dict[str, Any] = {"max_steps": 2**31 - 2, "progress": lambda done, total: told.append(done) or True}
    pretend_free(monkeypatch, RESULTS + 36 * N - 1)
    with pytest.raises(MemoryError, match="a run of 72 trajectories and recorded would take"):
        fd.descend(S, X0, fd.GD(lr=1e-9), record=1, **given)
    assert told == []
    pretend_free(monkeypatch, RESULTS + 36 * N)
    still = fd.descend(S, S.minima, fd.GD(lr=1e-9), gtol=1e-3, record=1, max_steps=2**31 - 2)
    assert still.path.offsets[-1] == 4


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("options", [{}, {"escape_radius": None}, {"noise": 0.1, "gtol": 1e-9, "check_every": 10**4}])
def test_a_run_that_outgrows_the_memory_ends(
    engine: str, n_threads: int, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before its last step, with what it holds given back; the next run is as ever."""
    wanted = fd.descend(S, X0, fd.GD(lr=0.01), record=1, engine=engine)
    steps = 20_000 if "noise" in options else 2**31 - 2  # there a first run, which records nothing, makes them all
    with monkeypatch.context() as patch:
        pretend_free(patch, 10e6)
        with pytest.raises(MemoryError, match=OUTGROWN):
            fd.descend(S, X0, fd.GD(lr=1e-9), max_steps=steps, record=1, n_threads=n_threads, engine=engine, **options)
    again = fd.descend(S, X0, fd.GD(lr=0.01), record=1, engine=engine)
    assert np.array_equal(again.path.values, wanted.path.values)


#: A run that no memory is enough for, in a process that may take 200 MB more than it has taken.
EXHAUSTED = """
import resource, sys
import fastdescent as fd
from fastdescent._base import memory

def kilobytes(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))

memory.free_bytes = lambda: float("inf")
s = fd.surfaces.himmelblau()
options = {"record": 1, "n_threads": 2, "engine": sys.argv[1]}
fd.descend(s, fd.uniform(s.window, 1000), fd.GD(lr=0.01), **options)
limit, before = 1024 * kilobytes("VmSize:") + 200_000_000, kilobytes("VmRSS:")
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for _ in range(2):
    try:
        fd.descend(s, fd.uniform(s.window, 1000), fd.GD(lr=1e-9), max_steps=2**31 - 2, **options)
    except MemoryError as error:
        print(error)
run = fd.descend(s, fd.uniform(s.window, 1000), fd.GD(lr=0.01), **options)
print(run.path.offsets[-1] == run.nit.sum() + 1000, kilobytes("VmRSS:") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads memory as Linux tells it")
@pytest.mark.parametrize("engine", ENGINES)
def test_memory_that_is_really_gone_ends_a_run_as_well(engine: str) -> None:
    done = subprocess.run([sys.executable, "-c", EXHAUSTED, engine], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    *refused, last = done.stdout.splitlines()
    assert len(refused) == 2
    for line in refused:
        assert line.startswith("record: the paths of 1000 trajectories do not fit into memory, which had room")
    right, kept = last.split()
    assert right == "True"
    assert int(kept) < 100_000  # KiB


def test_a_rectangle_that_would_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    path = fd.descend(S, X0, fd.Momentum(lr=0.01), record=1).path
    n_bytes = 17 * N * len(path.steps)
    pretend_free(monkeypatch, n_bytes - 1)
    with pytest.raises(MemoryError, match=r"paths of different lengths as an array of shape \(72, \d+, 2\) would take"):
        path.x  # noqa: B018
    pretend_free(monkeypatch, n_bytes)
    assert path.x.shape == (72, len(path.steps), 2)


def test_rows_of_different_lengths() -> None:
    rows = Ragged(np.arange(10.0).reshape(5, 2), np.array([0, 2, 2, 5]))
    assert rows.lengths.tolist() == [2, 0, 3]
    wanted = np.array([[0, 1, np.nan], [np.nan] * 3, [2, 3, 4]])
    assert np.array_equal(rows.rectangle(3), np.stack([2 * wanted, 2 * wanted + 1], axis=-1), equal_nan=True)
    other = Ragged(-np.arange(8.0).reshape(4, 2), np.array([0, 0, 3, 4]))
    both = rows.overlaid(other)
    assert both.offsets.tolist() == [0, 2, 5, 6]
    assert both.values[:, 0].tolist() == [0, 2, 0, -2, -4, -6]
    assert both.overlaid(Ragged(np.zeros((0, 2)), np.zeros(4, np.int64))).values.tolist() == both.values.tolist()
