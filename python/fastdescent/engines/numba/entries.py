"""The functions that Python calls, compiled once and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from numba import njit

from fastdescent.engines.numba import evaluating, geometry, philox, worker


class Entries(NamedTuple):
    """Each does what the function of its name does."""

    work: Callable[..., int]
    interrupt: Callable[..., None]
    leave: Callable[..., None]
    evaluate: Callable[..., None]
    uniform: Callable[..., None]
    gather: Callable[..., int]
    move: Callable[..., None]
    assign: Callable[..., int]
    label: Callable[..., None]


def _made(sources: str) -> Entries:
    """Numba takes a function from disk if its own file and its closure are as they were, whatever it calls. So what
    stands for all files is in the closure, though nobody reads it."""

    def work(lanes: Any, job: Any, tests: Any, kernel: Any, budget: Any) -> int:
        assert sources
        return worker.work(lanes, job, tests, kernel, budget)

    def interrupt(lanes: Any, job: Any) -> None:
        assert sources
        worker.interrupt(lanes, job)

    def leave(job: Any, first: Any, last: Any) -> None:
        assert sources
        worker.leave(job, first, last)

    def evaluate(evaluation: Any, points: Any, first: Any, last: Any) -> None:
        assert sources
        evaluating.evaluate(evaluation, points, first, last)

    def uniform(window: Any, first: Any, key: Any, out: Any) -> None:
        assert sources
        philox.uniform(window, first, key, out)

    def gather(ends: Any, grid: Any, table: Any, cell: Any, first: Any, last: Any) -> int:
        assert sources
        return geometry.gather(ends, grid, table, cell, first, last)

    def move(old: Any, new: Any) -> None:
        assert sources
        geometry.move(old, new)

    def assign(ends: Any, candidates: Any, cell: Any, count: Any, lost: Any, first: Any, last: Any) -> int:
        assert sources
        return geometry.assign(ends, candidates, cell, count, lost, first, last)

    def label(ends: Any, table: Any, labels: Any, totals: Any, first: Any, last: Any) -> None:
        assert sources
        geometry.label(ends, table, labels, totals, first, last)

    functions: tuple[Callable[..., Any], ...]
    functions = (work, interrupt, leave, evaluate, uniform, gather, move, assign, label)
    return Entries(*map(_kept, functions))


def _kept(function: Callable[..., Any]) -> Any:
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no place for a cache can be written to
        return njit(nogil=True)(function)


def _digest() -> str:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


ENTRIES = _made(_digest())
