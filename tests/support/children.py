"""What test_robustness runs in processes of its own: `python -m support.children NAME ARGUMENTS` prints JSON values."""

from __future__ import annotations

import faulthandler
import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import COMPILED, ENGINES
from support.compiled import forget_compiled, is_compiling

import fastdescent as fd

FOREVER = 2**31 - 2
SECONDS_AT_MOST = 120


def digest(engine: str, text: str = "(x**2 + y - 11)**2 + sin(x*y)", n: int = 500) -> str:
    """Of a run, with some that diverge, on two threads."""
    s = fd.surface(text)
    run = fd.descend(s, parity.starts(s, n, "float64"), fd.Adam(lr=0.05), max_steps=200, engine=engine, n_threads=2)
    return hashlib.sha256(b"".join(array.tobytes() for array in parity.arrays(run))).hexdigest()


def large(n_terms: int) -> fd.Surface:
    """Its compilation takes about a second for three hundred terms."""
    return fd.surface("+".join(f"sin({k + 1}.5*x)*{k}.25" for k in range(n_terms)))


def say(value: Any) -> None:
    print(json.dumps(value), flush=True)


def resident_megabytes() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def n_threads() -> int:
    """Threads of the system's; libraries that engines import have some of their own."""
    return len(os.listdir("/proc/self/task"))


def n_threads_left(before: int) -> int:
    """Threads of Python's, and of the system's beyond those of before, once compilations have had time to end."""
    until = time.monotonic() + 60
    while (left := n_threads() - before) > 0 and time.monotonic() < until:
        time.sleep(0.01)
    return max(left, threading.active_count() - 1)


def say_when_compiling() -> None:
    while not is_compiling():
        time.sleep(0.01)
    say("go")


class Imports:
    """Looks on while parts of Numba and llvmlite are imported. SIGINT comes with the n-th of them."""

    def __init__(self, n: int) -> None:
        self.n_begun, self.on_main = 0, list[str]()
        self._n = n
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def find_spec(self, name: str, *_: Any) -> None:
        if not name.startswith(("numba.", "llvmlite.")):
            return
        self.n_begun += 1
        if threading.current_thread() is threading.main_thread():
            self.on_main.append(name)
        if self.n_begun == self._n:
            os.kill(os.getpid(), signal.SIGINT)


def first_import(engine: str, n: str) -> None:
    """Ctrl-C while an engine is used for the first time; then the engine is used."""
    imports, interrupted = Imports(int(n)), False
    try:
        right = digest(engine)
    except KeyboardInterrupt:
        interrupted = True
        right = digest(engine)
    say({"interrupted": interrupted, "on_main": imports.on_main, "n": imports.n_begun})
    say(right == digest(ENGINES[0]))


def first_call(name: str) -> None:
    """The function of this name is the first that is called of those that take the extension's place."""
    from fastdescent.engines.numba import core

    x, none, status = np.zeros((3, 2)), np.zeros(3, np.int32), np.zeros(3, np.int8)
    two, one, zero = np.ones(2), np.zeros(1), np.zeros(1, np.int32)
    calls: dict[str, Any] = {
        "uniform": lambda: core.uniform(np.ones((2, 2)), 3, 0),
        "philox": lambda: core.philox((0, 0, 0, 0), (0, 0)),
        "gather_cells": lambda: core.gather_cells(
            x=x, grad_norm=np.zeros(3), status=status, eligible=1, origin=two, per_unit=two, n_threads=1
        ),
        "assign_members": lambda: core.assign_members(
            x=x, grad_norm=np.zeros(3), fun=np.zeros(3), cell=none, candidate_of_cell=zero, points=np.zeros((1, 2)),
            fun_at_points=one, per_gradient=one, radius=one, certain_radius=one, set_radius=one, slack=1.0,
            inverse_width=two, n_threads=1,
        ),
        "label_endpoints": lambda: core.label_endpoints(
            x=x, candidate=none, nit=none, n_bins=0, row_of_candidate=zero, points=np.zeros((1, 2)), n_threads=1
        ),
    }  # fmt: skip
    imports = Imports(0)
    calls[name]()
    say({"on_main": imports.on_main, "imported": imports.n_begun > 0})


def moment(k: int, engine: str) -> None:
    """A run of those that are interrupted: programs that are new, runs that are short or never end."""
    s = fd.surface(f"(x**2 + y - {k}.5)**2 + exp(sin(x + {k}) * cos(y))")
    short = k % 3 == 0
    options: dict[str, Any] = {"engine": engine, "gtol": None, "escape_radius": None}
    fd.descend(s, fd.grid(s.window, (150, 150)), fd.GD(lr=1e-9), max_steps=5 if short else FOREVER, **options)


def interrupted(engine: str, n: str) -> None:
    """Says "go", is sent SIGINT some time after, and says when it came out and whether the run was over."""
    right, before = digest(engine), n_threads()
    forget_compiled(pytest.MonkeyPatch(), n_kernels=4)  # those that are let go give their memory back
    for k in range(int(n)):
        completed = False
        try:
            say("go")
            moment(k, engine)
            completed = True
            while True:
                time.sleep(0.01)  # again and again: Ctrl-C just before a sleep does not end it
        except KeyboardInterrupt:
            out = time.monotonic()
        say({"out": out, "completed": completed, "megabytes": resident_megabytes()})
    say({"left": n_threads_left(before), "same": digest(engine) == right})


def interrupted_compilation(engine: str) -> None:
    """Ctrl-C while a large kernel is compiled; then who asks again gets it."""
    right, before = digest(engine), n_threads()
    s = large(600)
    threading.Thread(target=say_when_compiling).start()
    try:
        fd.descend(s, [[1.0]], fd.GD(lr=1e-9), engine=engine, max_steps=3)
        raise AssertionError("the compilation was over before the signal came")
    except KeyboardInterrupt:
        say({"out": time.monotonic(), "compiling": is_compiling()})
    runs = [fd.descend(s, [[1.0]], fd.GD(lr=1e-9), engine=e, max_steps=3) for e in (engine, ENGINES[0])]
    say({"left": n_threads_left(before), "same": parity.same_bits(*runs) and digest(engine) == right})


def exits(engine: str, seconds: str) -> None:
    """Leaves while a kernel is compiled on behalf of another thread."""
    digest(engine)
    s = large(400)
    options: dict[str, Any] = {"engine": engine, "max_steps": 3}
    threading.Thread(target=fd.descend, args=(s, [[1.0]], fd.GD(lr=1e-9)), kwargs=options, daemon=True).start()
    time.sleep(float(seconds))
    say("leaving")
    sys.exit(7)


def forks() -> None:
    """os.fork after use, and while a kernel is compiled; then pools of processes."""
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's, that there are other threads
    right = {engine: digest(engine) for engine in ENGINES}
    new = digest(ENGINES[0], "x**4 + cos(3*y)")
    options = {"engine": COMPILED[0]}
    busy = threading.Thread(target=fd.descend, args=(large(200), [[1.0]], fd.GD(lr=0.1)), kwargs=options)
    for compiling in (False, True):
        if compiling:
            busy.start()
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            same = {engine: digest(engine) for engine in ENGINES} == right
            same &= {digest(engine, "x**4 + cos(3*y)") for engine in ENGINES} == {new}
            os._exit(0 if same else 1)
        say(os.waitpid(child, 0)[1])
    busy.join()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        say(pool.map(digest, ENGINES) == list(right.values()))
    say({engine: digest(engine) for engine in ENGINES} == right)


if __name__ == "__main__":
    faulthandler.dump_traceback_later(SECONDS_AT_MOST, exit=True)  # says where it hangs
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs inherit one that is ignored
    globals()[sys.argv[1]](*sys.argv[2:])
