"""Threads, forks, Ctrl-C and the interpreter's exit, on every engine: the same bits, nothing left over."""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import parity
from support.available import COMPILED, ENGINES
from support.compiled import fail_to_compile, forget_compiled, n_in_memory_of_llvm

import fastdescent as fd
from fastdescent.engines.jit.compile.background import Background

linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads and memory as Linux has them")
N_SIGNALS = 50
PROMPT, LATEST = 0.3, 3.0  #: seconds from the signal to the exception, of nearly all and of all: others use the machine


class Child:
    """A process that says JSON values, and may be interrupted."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "support.children", *arguments]
        where = os.pathsep.join([str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")])
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": where}, **pipes)

    def says(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else pytest.fail(f"it ended: {self.ended()}")

    def interrupt(self) -> float:
        sent = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return sent

    def ended(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=120)
        return self.process.returncode, errors


@contextmanager
def child(*arguments: str) -> Iterator[Child]:
    made = Child(*arguments)
    watch = threading.Timer(180, made.process.kill)
    watch.start()
    try:
        yield made
    finally:
        watch.cancel()
        made.process.kill()
        made.ended()


# ---------------------------------------------------------------------- threads and processes
@pytest.mark.parametrize("engine", ENGINES)
def test_threads_on_different_surfaces_have_the_bits_of_one_after_the_other(engine: str) -> None:
    names = ("himmelblau", "array", "elementary")
    found: dict[str, list[fd.Descent]] = {name: [] for name in names}

    def work(name: str) -> None:
        s = parity.surfaces()[name]
        for rule in (fd.Adam(lr=0.05), fd.LineSearch(), fd.Momentum(lr=0.001)):
            x0 = parity.starts(s, 300, "float64")
            found[name].append(fd.descend(s, x0, rule, max_steps=300, engine=engine, n_threads=2))

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    at_once = {name: list(runs) for name, runs in found.items()}
    for name in names:
        found[name].clear()
        work(name)
        assert len(at_once[name]) == 3
        for a, b in zip(at_once[name], found[name], strict=True):
            assert parity.same_bits(a, b), (name, a.optimizer)


@pytest.mark.parametrize("name", ["numpy.random", "random", "sympy"])
def test_surfaces_are_made_while_another_thread_imports_a_module(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, ModuleType(name))  # as it is before its first line has run
    assert fd.surface(lambda x, y: x**2 + y, name="of a function").dim == 2
    assert fd.descend(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1)).success.all()


@linux
def test_forks() -> None:
    with child("forks") as process:
        assert [process.says() for _ in range(4)] == [0, 0, True, True]
        assert process.ended() == (0, "")


# ---------------------------------------------------------------------- Ctrl-C
@linux
@pytest.mark.parametrize("engine", [pytest.param(e, marks=[pytest.mark.exhaustive] * (e == "numba")) for e in ENGINES])
def test_many_interruptions(engine: str) -> None:
    rng, delays, megabytes, n_completed = random.Random(5), [], [], 0
    with child("interrupted", engine, str(N_SIGNALS)) as process:
        for _ in range(N_SIGNALS):
            assert process.says() == "go"
            time.sleep(rng.choice((0.0, 0.01, 0.05, 0.15)) * rng.random())
            sent = process.interrupt()
            answer = process.says()
            delays.append(answer["out"] - sent)
            megabytes.append(answer["megabytes"])
            n_completed += answer["completed"]
        assert process.says() == {"left": 0, "same": True}
        assert process.ended() == (0, "")
    assert n_completed < N_SIGNALS // 2
    assert sorted(delays)[int(0.9 * N_SIGNALS)] < PROMPT
    assert max(delays) < LATEST
    assert megabytes[-1] - megabytes[N_SIGNALS // 5] < 25


@linux
@pytest.mark.exhaustive
@pytest.mark.parametrize("engine", COMPILED)
def test_ctrl_c_while_a_large_kernel_is_compiled(engine: str) -> None:
    delays = []
    for wait in (0.0, 0.2, 0.4):
        with child("interrupted_compilation", engine) as process:
            assert process.says() == "go"
            time.sleep(wait)
            sent = process.interrupt()
            answer = process.says()
            delays.append(answer["out"] - sent)
            assert answer["compiling"]
            assert process.says() == {"left": 0, "same": True}
            assert process.ended() == (0, "")
    assert sorted(delays)[1] < PROMPT
    assert max(delays) < LATEST


@linux
@pytest.mark.parametrize("engine", COMPILED)
@pytest.mark.parametrize("seconds", [0.0, *(pytest.param(s, marks=pytest.mark.exhaustive) for s in (0.05, 0.3, 0.6))])
def test_the_interpreter_exits_while_a_kernel_is_compiled(seconds: float, engine: str) -> None:
    with child("exits", engine, str(seconds)) as process:
        assert process.says() == "leaving"
        assert process.ended() == (7, "")


def first_import(engine: str, n: int) -> Any:
    with child("first_import", engine, str(n)) as process:
        answer = process.says()
        assert process.says() is True
        assert process.ended() == (0, "")
    return answer


@pytest.mark.exhaustive
@pytest.mark.parametrize("engine", COMPILED)
def test_ctrl_c_while_what_an_engine_needs_is_imported(engine: str) -> None:
    """An import on the main thread would be broken off, and Numba with it."""
    alone = first_import(engine, 0)
    assert (alone["interrupted"], alone["on_main"]) == (False, [])
    for k in range(6):
        assert first_import(engine, 1 + k * alone["n"] // 6)["interrupted"]


@pytest.mark.skipif("numba" not in ENGINES, reason="is about the engine numba")
@pytest.mark.parametrize("name", ["uniform", "philox", "gather_cells", "assign_members", "label_endpoints"])
def test_numba_is_not_imported_on_the_main_thread(name: str) -> None:
    with child("first_call", name) as process:
        assert process.says() == {"on_main": [], "imported": True}
        assert process.ended() == (0, "")


# ---------------------------------------------------------------------- work in the background
def test_all_who_ask_get_what_was_made_once() -> None:
    made: list[object] = []

    def make() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    work, found = Background(make), []
    threads = [threading.Thread(target=lambda: found.append(work.get())) for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(made) == 1
    assert work.is_made
    assert found == made * 5


def test_an_error_is_raised_to_those_who_wait() -> None:
    def fails() -> None:
        raise MemoryError("no room")

    work = Background(fails)
    for _ in range(2):
        with pytest.raises(MemoryError, match="no room"):
            work.get()
    assert work.has_failed
    assert not work.is_made


def test_a_compilation_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    s = fd.surface("(x - 77.125)**2")
    with monkeypatch.context() as patch:
        fail_to_compile(patch, MemoryError("no room"))
        with pytest.raises(MemoryError, match="no room"):
            fd.descend(s, [[1.0]], fd.GD(lr=0.1), engine=COMPILED[0])
    assert fd.descend(s, [[1.0]], fd.GD(lr=0.1), engine=COMPILED[0]).success.all()


def test_memory_of_kernels_that_are_gone_is_free_at_the_next_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_compiled(monkeypatch, n_kernels=2)
    for k in range(6):
        fd.descend(fd.surface(f"(x - {k}.75)**4"), [[1.0]], fd.GD(lr=0.1), engine=COMPILED[0], max_steps=3)
    gc.collect()
    held, in_use = n_in_memory_of_llvm()
    assert held <= in_use + 1
