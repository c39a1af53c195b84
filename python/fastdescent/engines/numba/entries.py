"""The functions that Python calls, compiled once and kept on disk."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from fastdescent.engines.jit.compile.background import Background
from fastdescent.engines.numba import evaluating, geometry, philox, recording, worker
from fastdescent.engines.numba.floating_point import default_floating_point
from fastdescent.engines.numba.intrinsics import OPTIONS

#: A full disk, a file that was cut off, one of another version, whose classes have gone.
_NO_CACHE = (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError)


class Entry:
    """A function that is taken from disk, or compiled, for the kinds of arguments that it is called with."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._ready: set[tuple[Any, ...]] = set()
        self._ready_dtypes: set[np.dtype[Any]] = set()
        try:
            self._compiled = njit(cache=True, **OPTIONS)(function)
        except RuntimeError:  # no directory for a cache can be written to
            self._do_without_cache()

    def __call__(self, *args: Any) -> Any:
        """Calls it."""
        with default_floating_point():
            try:
                return self._compiled(*args)
            except _NO_CACHE:
                self._do_without_cache()
                return self._compiled(*args)

    def alone(self, *args: Any) -> Any:
        """Calls it where nobody has made it ready."""
        self._make_ready(tuple(map(self._compiled.typeof_pyval, args)))
        return self(*args)

    def ready(self, dtype: np.dtype[Any], *args: Any) -> None:
        """Makes it ready for arguments like these, which the dtype tells from others."""
        if dtype not in self._ready_dtypes:
            self._make_ready(tuple(map(self._compiled.typeof_pyval, args)))
            self._ready_dtypes.add(dtype)

    def _make_ready(self, kinds: tuple[Any, ...]) -> None:
        """On a helper thread: Ctrl-C ends the waiting at once, and leaves none of the compiler's locks locked."""
        if kinds not in self._ready:
            Background(lambda: self._compile(kinds)).get()
            self._ready.add(kinds)

    def _compile(self, kinds: tuple[Any, ...]) -> None:
        try:
            self._compiled.compile(kinds)
        except _NO_CACHE:
            self._do_without_cache()
            self._compiled.compile(kinds)

    def _do_without_cache(self) -> None:
        self._compiled = njit(**OPTIONS)(self._function)


class Entries(NamedTuple):
    """Each does what the function of its name does."""

    work: Entry
    evaluate: Entry
    uniform: Entry
    gather: Entry
    move: Entry
    assign: Entry
    label: Entry
    put_in_order: Entry


def _made(sources: int) -> Entries:
    """Numba takes a function from disk if its own file and its closure are as they were, whatever it calls. So what
    stands for all files is in the closure, though nobody needs it."""

    def work(lanes: Any, job: Any, tests: Any, kernel: Any, budget: Any) -> int:
        assert sources
        return worker.work(lanes, job, tests, kernel, budget)

    def evaluate(evaluation: Any, points: Any, first: Any, last: Any) -> None:
        assert sources
        evaluating.evaluate(evaluation, points, first, last)

    def uniform(window: Any, first: Any, key: Any, out: Any) -> None:
        assert sources
        philox.uniform(window, first, key, out)

    def gather(ends: Any, grid: Any, table: Any, key: Any, cell: Any, first: Any, last: Any) -> int:
        assert sources
        return geometry.gather(ends, grid, table, key, cell, first, last)

    def move(old: Any, new: Any) -> None:
        assert sources
        geometry.move(old, new)

    def assign(ends: Any, candidates: Any, cell: Any, count: Any, undecided: Any, first: Any, last: Any) -> int:
        assert sources
        return geometry.assign(ends, candidates, cell, count, undecided, first, last)

    def label(x: Any, rows: Any, points: Any, labels: Any, totals: Any, first: Any, last: Any) -> None:
        assert sources
        geometry.label(x, rows, points, labels, totals, first, last)

    def put_in_order(rows: Any, points: Any, next_place: Any, values: Any) -> None:
        assert sources
        recording.put_in_order(rows, points, next_place, values)

    functions: list[Callable[..., Any]] = [work, evaluate, uniform, gather, move, assign, label, put_in_order]
    return Entries(*map(Entry, functions))


def _digest() -> int:
    """Of what is compiled: the files of this package, and where the struct's fields stand. Not 0."""
    folder = Path(__file__).parent
    files = [*sorted(folder.glob("*.py")), folder.parent / "jit" / "kernel" / "arguments.py"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()
    return int.from_bytes(digest[:7], "little") + 1


ENTRIES = _made(_digest())
