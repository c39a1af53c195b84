"""What would not fit into memory is refused before the run: results, kept state, paths, values of each trajectory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.available import ENGINES
from support.free_memory import pretend_free

import fastdescent as fd
from fastdescent.program.graph.build import Builder, constant_value, view_of

S = fd.surfaces.sphere(dim=4)
N = 1000
X0 = fd.uniform(S.window, N)
NUMBER = 8 * N  #: bytes of one float64 a trajectory
RESULTS = 6 * NUMBER + 5 * N  #: x, f, the gradient's norm; nit, status
LRS = np.full(N, 0.1)


@fd.optimizer
def own(x: Any, grad: Any, state: Any, t: Any, *, lr: Any) -> Any:
    return x - (1 - lr) * grad(x), {}


def run(optimizer: Any = None, **options: Any) -> Callable[[], Any]:
    return lambda: fd.descend(S, X0, optimizer or fd.GD(lr=0.1), max_steps=3, **options)


@pytest.mark.parametrize(
    ("call", "n_bytes", "text"),
    [
        (run(), RESULTS, r"a run of 1000"),
        (run(keep_state=True), RESULTS + 4 * NUMBER, "whose state of 4 numbers each is kept"),
        (run(fd.Adam(), keep_state=True), RESULTS + 12 * NUMBER, "whose state of 12 numbers each is kept"),
        (run(fd.Adam(), keep_state=True, dtype=np.float32), (RESULTS + 12 * NUMBER + 5 * N) // 2, "of 12 numbers"),
        (run(fd.Adam(), reduce=fd.reduce.min("fun")), RESULTS + 13 * NUMBER, "whose state of 13 numbers each is kept"),
        (run(fd.Momentum(0.1), record=1), RESULTS + 4 * (8 * NUMBER + 4 * N), "which had room for 3999 points"),
        (
            run(fd.Momentum(0.1), record=1, keep_state=True),
            RESULTS + 8 * NUMBER + 4 * (8 * NUMBER + 4 * N),
            "record: the paths of 1000 trajectories do not fit into memory, which had room for 3999 points",
        ),
        (run(own(lr=LRS)), RESULTS + 2 * NUMBER, "a run of 1000 trajectories would take"),
        (
            lambda: fd.Swarm(S, X0, fd.Adam(), max_steps=3),
            RESULTS + 12 * NUMBER,
            "whose state of 12 numbers each is kept",
        ),
    ],
)
def test_as_much_as_is_used_must_be_free(
    call: Callable[[], Any], n_bytes: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_free(monkeypatch, n_bytes)
    call()
    pretend_free(monkeypatch, n_bytes - 1)
    with pytest.raises(MemoryError, match=text):
        call()


def test_values_of_each_trajectory_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    lazy = fd.uniform(S.window, 10**6, lazy=True)
    pretend_free(monkeypatch, 3e7)
    fd.descend(S, lazy, fd.GD(lr=0.1), max_steps=0, dtype=np.float32)
    with pytest.raises(MemoryError, match=r"lr: its values for 1000000 trajectories would take 30.5 MiB"):
        fd.descend(S, lazy, fd.GD(lr=np.full((1, 4), 0.1)), max_steps=0, dtype=np.float32)


def test_what_goes_on_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = run(fd.Adam(), keep_state=True)()
    pretend_free(monkeypatch, 32.0 * NUMBER - 1)
    with pytest.raises(MemoryError, match="going on with 1000 trajectories would take"):
        fd.resume(cut, max_steps=9)
    pretend_free(monkeypatch, 32.0 * NUMBER)
    assert fd.resume(cut, max_steps=9).nit.max() == 9


def test_the_rows_of_large_programs_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread works on 512 bytes a row: for gradient descent the point, and its gradient."""
    dim = 100_000
    s = fd.surfaces.sphere(dim=dim)
    x0 = fd.uniform(s.window, 3)
    n_rows = s.program(fd.GD(lr=0.1))._program.main.n_rows + 2 * dim

    def call() -> None:
        fd.descend(s, x0, fd.GD(lr=0.1), max_steps=2, n_threads=1, final=False)

    results = 3 * (8 * (dim + 2) + 5)
    pretend_free(monkeypatch, results + 512 * n_rows)
    call()
    pretend_free(monkeypatch, results + 512 * n_rows - 1)
    with pytest.raises(MemoryError, match=r"a run of 3 trajectories would take .* keep and record less$"):
        call()
    pretend_free(monkeypatch, 1e7)
    with pytest.raises(MemoryError, match=r"a program of \d+ rows would take .*; use a smaller surface"):
        s.gradient(x0)


# ---------------------------------------------------------------------- many dimensions
#: 1,024 trajectories in 10,000 dimensions: what is asked for, and by how much the process grows, in bytes.
PEAK = """
import json, sys
import numpy as np
import fastdescent as fd
from fastdescent._run import memory

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

dim, asked, refuse = 10_000, [], memory.refuse_if_too_large
s = {
    "rosenbrock": lambda: fd.surfaces.rosenbrock(dim=dim),
    "styblinski_tang": lambda: fd.surfaces.styblinski_tang(dim=dim),
    "quadratic": lambda: fd.surface(lambda x, *, a: np.sum(a * x**2) / 2, dim=dim, a=np.linspace(1.0, 9.0, dim)),
}[sys.argv[1]]()
x0 = fd.uniform(s.window, 1024)
memory.refuse_if_too_large = lambda n, *words: asked.append(n) or refuse(n, *words)
fd.descend(s, x0[:1], fd.Adam(lr=1e-4), max_steps=1, engine=sys.argv[2])
before = peak()
run = fd.descend(s, x0, fd.Adam(lr=1e-4), max_steps=3, engine=sys.argv[2])
print(json.dumps({"asked": asked[-1], "taken": peak() - before, "nit": int(run.nit.min())}))
"""


@pytest.mark.exhaustive
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads memory as Linux tells it")
@pytest.mark.parametrize("engine", ["auto", *ENGINES])
@pytest.mark.parametrize("name", ["rosenbrock", "styblinski_tang", "quadratic"])
def test_ten_thousand_dimensions_take_what_is_asked_for(name: str, engine: str) -> None:
    done = subprocess.run([sys.executable, "-c", PEAK, name, engine], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["nit"] == 3
    assert told["taken"] < 1.1 * told["asked"] + 2**25
    assert told["asked"] < 3 * 1024 * 10_000 * 8


PAIRS = """
from pathlib import Path
import numpy as np
import fastdescent as fd

s = fd.surface(lambda x: np.sum(np.exp(-((x[:, None] - x[None, :]) ** 2))), dim=30_000)
for call in (s, s.value_and_gradient_norm, lambda x: fd.descend(s, x, fd.GD(lr=0.1), ftol=1e-9)):
    try:
        call(np.zeros((1, 30_000)))
    except MemoryError as error:
        print(error)
s.program(fd.GD(lr=1e-6))
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line[:5] == "VmHWM"))
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads memory as Linux tells it")
def test_arrays_that_no_lane_could_hold_are_refused_before_they_are_laid_out() -> None:
    """The sum of all pairs is kept at once; its gradient goes strip by strip. Nothing of their size is made."""
    done = subprocess.run([sys.executable, "-c", PAIRS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    *refused, peak = done.stdout.splitlines()
    assert len(refused) == 3
    for line in refused:
        assert re.match(r"a program of 9000\d+ rows, with an array of shape \(30000, 30000\) among them, would", line)
    assert int(peak) < 500_000  # KiB


def test_constants_are_computed_once_where_they_are_spread() -> None:
    b = Builder()
    column = b.broadcast(b.const(np.linspace(0.0, 1.0, 3)[:, np.newaxis]), (3, 500_000))
    row = b.broadcast(b.const(np.array([2.0])), (3, 500_000))
    total = b.add(column, row)
    assert view_of(total)[0].size == 3
    np.testing.assert_array_equal(constant_value(total), np.full((3, 500_000), [[2.0], [2.5], [3.0]]))
    turned = b.view(b.const(np.arange(6.0).reshape(2, 3)), lambda a: a[::-1, 1:])
    np.testing.assert_array_equal(constant_value(turned), [[4.0, 5.0], [1.0, 2.0]])


def test_more_rows_than_a_program_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_free(monkeypatch, float("inf"))
    s = fd.surface(lambda x: np.sum(np.outer(x, x) ** 2), dim=12_000)
    with pytest.raises(MemoryError, match=r"would take 68.7 GiB, and has more than 134217728 rows; use a smaller"):
        s(np.zeros(12_000))


def test_wide_surfaces_are_refused_before_they_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    s = fd.surfaces.rosenbrock(dim=200_000)
    pretend_free(monkeypatch, 5e8)
    with pytest.raises(MemoryError, match=r"a run of 64 trajectories would take .* GiB, and 476.8 MiB are free"):
        fd.descend(s, fd.uniform(s.window, 64), fd.GD(lr=0.1), n_threads=4)
    with pytest.raises(MemoryError, match=r"a field of 200000 waves in 50000 coordinates would take 223.5 GiB"):
        fd.surfaces.random_field(50_000, waves=200_000)
    for make in (lambda: fd.surface(np.sum, dim=10**6), lambda: fd.surfaces.mlp((2, 1000, 1000, 1))):
        with pytest.raises(MemoryError, match=r"a surface of \d+ coordinates would take .* are free; choose fewer"):
            make()


#: What making it takes, and what is asked for, in bytes.
MADE = """
import json, sys
import numpy as np
import fastdescent as fd

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

make = eval("lambda n: " + sys.argv[1])
asked, refuse = [], fd.surfaces._random.refuse_if_too_large
for module in (fd.surfaces._random, fd.surfaces._quadratics, fd.surfaces._layers, fd.surfaces._clusters, fd.data):
    module.refuse_if_too_large = lambda n, *words: asked.append(n) or refuse(n, *words)
make(10)
before = peak()
made = make(int(sys.argv[2]))
print(json.dumps({"asked": asked[-1], "taken": peak() - before}))
"""


@pytest.mark.exhaustive
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads memory as Linux tells it")
@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("fd.surfaces.spin_glass(n)", 200),
        ("fd.surfaces.random_quadratic(n)", 1500),
        ("fd.surfaces.random_field(n, 2 * n)", 2000),
        ("fd.surfaces.gaussian_wells(n, 2 * n)", 2000),
        ("fd.surfaces.he((n, n, 1), 10)", 900),
        ("fd.surfaces.xavier((n, n, 1), 10)", 900),
        ("fd.surfaces.lennard_jones(n)", 3000),
        ("fd.data.two_moons(n)", 4 * 10**6),
        ("fd.data.two_spirals(n)", 4 * 10**6),
        ("fd.data.teacher_student(n, (4, 3, 2))", 2 * 10**6),
    ],
)
def test_as_much_is_asked_for_as_making_it_takes(text: str, n: int) -> None:
    done = subprocess.run([sys.executable, "-c", MADE, text, str(n)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["taken"] < told["asked"] + 2**25
    assert told["asked"] < 1.5 * told["taken"] + 2**25


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: fd.surfaces.he((10_000, 10_000, 1), 1000), "1000 starts of 100020001 weights would take"),
        (lambda: fd.surfaces.xavier((10_000, 10_000, 1), 1000), "1000 starts of 100020001 weights would take"),
        (lambda: fd.surfaces.lennard_jones(10**6), "the pairs of 1000000 atoms would take"),
        (lambda: fd.surfaces.random_quadratic(10**10), "a rotation of 10000000000 coordinates would take"),
        (lambda: fd.data.two_moons(10**12), "1000000000000 points in the plane would take"),
        (lambda: fd.data.two_spirals(10**12), "1000000000000 points in the plane would take"),
        (lambda: fd.data.teacher_student(10**12), "1000000000000 rows of data would take"),
    ],
)
def test_what_would_not_fit_is_refused_at_once(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(MemoryError, match=text + r" \d+\.\d GiB, and .* are free; "):
        make()


def test_normal_numbers_do_not_depend_on_how_many_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of weights, and those of waves, whose indices begin elsewhere."""

    def made() -> Any:
        waves = fd.surfaces.random_field(2, waves=40, seed=5)
        return np.append(fd.surfaces.he((2, 2, 1), 40, seed=5), waves(fd.grid(waves.window, (5, 5))))

    whole = made()
    monkeypatch.setattr("fastdescent.surfaces._normals._NUMBERS_AT_ONCE", 24)
    np.testing.assert_array_equal(made(), whole)
