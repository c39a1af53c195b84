"""Compiled steps have the bits of the interpreter: opcodes, rules, options, surfaces. Equality, never a tolerance.

Where there is no interpreter, engines are compared with what another instruction set gives."""

from __future__ import annotations

import gc
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support import catalog_cases, parity
from support.available import COMPILED, ENGINES, ISAS, USUAL, needs_extension
from support.compiled import force_vectors, forget_compiled, hide_compilers, latest_kernel, n_kernels
from support.programs.one_step import stepped
from support.programs.opcode_cases import DTYPES, NAMES, assert_same_bits, expected, operands, step

import fastdescent as fd


@pytest.mark.exhaustive
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_every_opcode(name: str, dtype: str, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    x = operands(name, dtype)
    for engine in COMPILED:
        assert_same_bits(stepped(engine, step(name, x.shape[1]), x)[:, 0], expected(name, dtype), x)


def interpreted(run: Callable[[str], fd.Descent]) -> fd.Descent:
    """A run, given its engine: interpreted or, where nothing interprets, for another instruction set."""
    if "native" in ENGINES:
        return run("native")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTDESCENT_ISA", next(isa for isa in ISAS if isa != fd.info().isa))
        return run(USUAL)


def all_same(s: fd.Surface, x0: Any, optimizer: fd.Optimizer, **options: Any) -> None:
    """Compares the engines that compile with the interpreter."""

    def run(engine: str) -> fd.Descent:
        return fd.descend(s, x0, optimizer, engine=engine, **options)

    wanted = interpreted(run)
    for engine in COMPILED:
        found = run(engine)
        assert found.engine == engine
        assert parity.same_bits(found, wanted), (engine, s, optimizer, options)


def all_same_in(case: tuple[str, str, str, str], n: int, max_steps: int) -> None:
    """Likewise, of a case."""
    wanted = interpreted(lambda engine: parity.run(case, n, max_steps, engine=engine))
    for engine in COMPILED:
        for n_threads in (1, 3):
            assert parity.same_bits(parity.run(case, n, max_steps, engine=engine, n_threads=n_threads), wanted), case


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", parity.OPTIONS)
@pytest.mark.parametrize("optimizer", parity.optimizers(1))
def test_every_rule_and_option(optimizer: str, options: str, dtype: str) -> None:
    for surface in ("himmelblau", "array"):
        s = parity.surfaces()[surface]
        x0, rule = parity.starts(s, 150, dtype), parity.optimizers(150)[optimizer]
        all_same(s, x0, rule, max_steps=400, **parity.OPTIONS[options])


@pytest.mark.exhaustive
@pytest.mark.parametrize("surface", parity.own_surfaces())
def test_surfaces_of_all_operations(surface: str) -> None:
    s = parity.surfaces()[surface]
    for dtype in DTYPES:
        x0 = parity.starts(s, 70, dtype)
        all_same(s, x0, fd.Momentum(lr=0.001), max_steps=60)
        all_same(s, x0, fd.LineSearch(), max_steps=60, gtol=None, ftol=1e-7)


@pytest.mark.parametrize(("name", "dim"), catalog_cases.CASES)
def test_the_catalog(name: str, dim: int) -> None:
    s = catalog_cases.made(name, dim)
    all_same(s, parity.starts(s, 30, "float64"), fd.Adam(lr=0.02), max_steps=40)


@pytest.mark.exhaustive
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("n_vectors", "n_groups"), [(1, 1), (2, 3), (3, 1), (8, 1)])
def test_vectors_in_flight_threads_and_lanes(
    n_vectors: int, n_groups: int, isa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    force_vectors(monkeypatch, n_vectors, n_groups)
    for optimizer in ("adam-all", "gd-lanes"):
        for options in ("default", "free", "tight"):
            for n in (0, 1, 9, 300):
                case = ("himmelblau", optimizer, options, "float64")
                all_same_in(case, n, max_steps=150)
                monkeypatch.setenv("FASTDESCENT_LANES", "5")
                all_same_in(case, n, max_steps=150)
                monkeypatch.delenv("FASTDESCENT_LANES")


def test_paths_and_reductions() -> None:
    s = fd.surfaces.himmelblau()
    x0 = parity.starts(s, 100, "float64")
    fields = ("x", "fun", "grad_norm")
    some = fd.Record(steps=(0, 1, 50, 51), which=[3, 99], fields=fields)
    all_same(s, x0, fd.Momentum(lr=0.002), max_steps=300, record=fd.Record(every=7, fields=fields))
    all_same(s, x0, fd.Adam(lr=0.1), max_steps=300, record=some)
    all_same(s, x0, fd.GD(lr=0.01), max_steps=120, reduce=parity.REDUCTIONS, gtol=None)
    all_same(s, x0.astype("f4"), fd.GD(lr=0.01), max_steps=120, reduce=parity.REDUCTIONS, record=parity.RECORD)


@pytest.mark.exhaustive
@pytest.mark.parametrize("surface", ["muller_brown", "cross_in_tray", "himmelblau", "kinks"])
def test_lanes_that_pause_keep_what_is_their_own(surface: str) -> None:
    """Those that go on after a recorded step have hyperparameters of their own, and others stop in between."""
    for case in parity.more_cases():
        if case[0] == surface:
            for n, max_steps in ((100, 333), (257, 60)):
                all_same_in(case, n, max_steps)


def decaying(t: Any) -> Any:
    return 0.1 / (1 + t)


@pytest.mark.parametrize("engine", COMPILED)
@pytest.mark.parametrize("cut", [0, 1, 37])
def test_runs_that_go_on(cut: int, engine: str) -> None:
    s = fd.surfaces.rosenbrock(dim=3)
    x0 = parity.starts(s, 100, "float64")
    whole = fd.descend(s, x0, fd.Adam(lr=decaying), max_steps=90, engine=USUAL, keep_state=True)
    part = fd.descend(s, x0, fd.Adam(lr=decaying), max_steps=cut, engine=engine, keep_state=True)
    assert parity.same_bits(fd.resume(part, max_steps=90), whole)
    assert parity.same_bits(fd.resume(pickle.loads(pickle.dumps(part)), max_steps=90), whole)


@pytest.mark.parametrize("engine", COMPILED)
def test_swarms(engine: str) -> None:
    s = fd.surfaces.himmelblau()
    x0 = parity.starts(s, 100, "float64")
    swarm = fd.Swarm(s, x0, fd.Adam(lr=0.05), engine=engine, max_steps=500)
    for n in (1, 4, 54, 154):
        swarm.step(n - swarm.steps)
        run = fd.descend(s, x0, fd.Adam(lr=0.05), engine=USUAL, max_steps=n)
        assert swarm.x.tobytes() == run.x.tobytes()
        assert np.array_equal(swarm.status == -1, run.status == fd.Status.MAX_STEPS)


def test_divergence_and_points_where_f_is_undefined() -> None:
    x0 = np.linspace(-3, 3, 203)[:, np.newaxis]
    for text in ("x**4", "log(x)", "sqrt(x) + x**2", "1/x", "exp(x**3)", "sin(1e5*x)*1e8"):
        s = fd.surface(text)
        for lr in (0.1, 3.0, 1e9):
            for radius in ("auto", None, 2.0):
                all_same(s, x0, fd.GD(lr=lr), max_steps=300, gtol=None, escape_radius=radius)
                all_same(s, x0, fd.GD(lr=lr), max_steps=300, escape_radius=radius)


@pytest.mark.parametrize("isa", ISAS)
def test_wide_programs_keep_loops(isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(30, 20)), rng.normal(size=30)
    s = fd.surface(lambda x: np.sum(np.tanh(a @ x - b) ** 2) + 0.1 * np.sum(np.sin(x) ** 2), dim=20)
    for dtype in DTYPES:
        x0 = parity.starts(s, 40, dtype)
        all_same(s, x0, fd.Adam(lr=0.01), max_steps=30)
        all_same(s, x0, fd.Momentum(lr=0.01), max_steps=30, gtol=None)


def test_stop_tests_of_many_coordinates_are_loops() -> None:
    s = fd.surface(
        lambda x: np.sum((x[1:] - x[:-1]) ** 2) + np.sum((x - 0.5) ** 2), dim=100, window=((-1.0, 2.0),) * 100
    )
    for dtype in DTYPES:
        x0 = parity.starts(s, 40, dtype)
        for options in ({"gtol": None}, {"gtol": 1e-2}, {"xtol": 1e-3, "ftol": 1e-4}, {"escape_radius": 9.0}):
            all_same(s, x0, fd.Momentum(lr=0.05), max_steps=200, **options)
        all_same(s, x0, fd.GD(lr=0.3), max_steps=200, escape_radius=20.0, gtol=None)
        all_same(s, x0, fd.GD(lr=0.01), max_steps=60, bounds=(-0.99, 1.9), boundary="stop")


def test_a_kernel_is_compiled_once_for_all_parameters() -> None:
    s = fd.surface("a*x**2 + y**2", a=2.0)
    fd.descend(s, [[1.0, 1.0]], fd.GD(lr=0.1), engine=COMPILED[0])
    n = n_kernels()
    fd.descend(s.with_params(a=3.0), [[1.0, 2.0]], fd.GD(lr=0.2), engine=COMPILED[0], gtol=1e-3)
    assert n_kernels() == n


def test_kernels_that_were_not_used_for_long_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_compiled(monkeypatch, n_kernels=2)
    alive = []
    for k in range(4):
        fd.descend(fd.surface(f"(x - {k}.25)**2"), [[1.0]], fd.GD(lr=0.1), engine=COMPILED[0])
        alive.append(latest_kernel())
    gc.collect()
    assert [ref() is not None for ref in alive] == [False, False, True, True]


@pytest.mark.parametrize("engine", COMPILED)
def test_many_threads_compile_and_run_at_once(engine: str) -> None:
    found: dict[int, fd.Descent] = {}

    def work(k: int) -> None:
        s = fd.surface(f"(x - {k % 3})**2 + y**2")
        found[k] = fd.descend(s, np.ones((100, 2)), fd.GD(lr=0.1), engine=engine)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(9)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, run in found.items():
        assert np.allclose(run.x, (k % 3, 0.0), atol=1e-5)


def test_constants_that_differ_in_bits_alone_have_kernels_of_their_own() -> None:
    x0 = np.array([[1.0], [-2.0]])
    for text in ("atan2(0.0, x)**2 + x**2", "atan2(-0.0, x)**2 + x**2"):
        all_same(fd.surface(text), x0, fd.GD(lr=0.1), max_steps=20)


@needs_extension
@pytest.mark.parametrize(("engine", "package"), [("jit", "llvmlite"), ("numba", "numba")])
def test_what_is_missing_says_why(engine: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_compilers(monkeypatch)
    words = re.escape(
        f'engine "{engine}" is missing: {package} is not installed: pip install {package}; fd.info() tells'
    )
    with pytest.raises(ValueError, match=words):
        fd.descend(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1), engine=engine)
    assert not {e.name: e for e in fd.info().engines}[engine].available
    assert fd.descend(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1)).engine == "native"


@needs_extension
def test_llvm_is_imported_when_it_is_used() -> None:
    code = (
        "import sys, fastdescent as fd; s = fd.surface('x**2'); o = fd.GD(lr=0.1); fd.info()\n"
        "fd.descend(s, [[1.0]], o, engine='native'); assert 'llvmlite' not in sys.modules\n"
        "fd.descend(s, [[1.0]], o, engine='jit'); assert 'llvmlite' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
