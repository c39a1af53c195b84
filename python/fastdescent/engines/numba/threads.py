"""Threads of one call, which outlive neither it nor what interrupts it."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_POLL_SECONDS = 0.05


def run_threads(work: Callable[[int, threading.Event], None], n_threads: int, poll: Callable[[], bool]) -> bool:
    """Calls work(k, cancelled) on a thread for each k and waits; False where `poll`, asked every 50 ms, cancelled it.

    An exception, such as Ctrl-C, cancels too, and is raised when the threads have ended.
    """
    cancelled = threading.Event()
    failures: list[BaseException] = []

    def body(k: int) -> None:
        try:
            with default_floating_point():
                work(k, cancelled)
        except BaseException as failure:
            failures.append(failure)
            cancelled.set()

    threads = [threading.Thread(target=body, args=(k,), daemon=True) for k in range(n_threads)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_POLL_SECONDS)
                if thread.is_alive() and not cancelled.is_set() and not poll():
                    cancelled.set()
    except BaseException:
        cancelled.set()
        raise
    finally:
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if failures:
        raise failures[0]
    return not cancelled.is_set()


@contextmanager
def default_floating_point() -> Iterator[None]:
    """Round to nearest, subnormals kept, on this thread, by C's fenv.h where there is one; then what the caller had."""
    c = _fenv()
    if c is None:
        yield
        return
    saved = ctypes.create_string_buffer(256)
    c.fegetenv(saved)
    c.fesetenv(ctypes.c_void_p(-1))  # FE_DFL_ENV
    try:
        yield
    finally:
        c.fesetenv(saved)


def _fenv() -> Any:
    try:
        c = ctypes.CDLL(None)
        return c if hasattr(c, "fesetenv") else _libm()
    except (OSError, TypeError):
        return None


def _libm() -> Any:
    from ctypes.util import find_library

    name = find_library("m")
    return ctypes.CDLL(name) if name else None
