"""Work on a helper thread, one piece at a time: Ctrl-C ends the waiting for it, not the work.

A compilation takes seconds where a Program is large, and cannot be called off. Whoever wants its result waits in short
waits; after Ctrl-C the work goes on, and who asks again gets what it made. A fork waits for the work at hand, since
locks that are held during it would stay so in the child. What becomes of it when the interpreter exits: `leaving`.
"""

from __future__ import annotations

import _thread
import atexit
import os
import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from fastdescent._base.recent import Recent
from fastdescent.engines.jit.compile.exit import end_without_destructors

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_SECONDS_OF_A_WAIT = 0.05  #: not every platform lets Ctrl-C end a wait

_at_work = threading.Lock()
_is_leaving = False


def is_at_work() -> bool:
    """Whether something is being made."""
    return _at_work.locked()


class Background(Generic[T]):
    """A value that is made once, when it is first asked for; all who ask get the same one, or the error.

    >>> Background(lambda: 6 * 7).get()
    42
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._is_over = False
        self._gate = threading.Lock()  #: shut until it is over; an Event may be broken by Ctrl-C
        self._gate.acquire()
        self._value: T | None = None
        self._error: BaseException | None = None
        self._helped_in = 0  #: the process in which a thread is at it

    @property
    def is_made(self) -> bool:
        """Whether the value is there."""
        return self._is_over and self._error is None

    @property
    def has_failed(self) -> bool:
        """Whether there will be no value."""
        return self._is_over and self._error is not None

    def get(self) -> T:
        """The value. Ctrl-C, and any other signal that raises, is raised at once."""
        if not self._is_over and self._helped_in != os.getpid():
            # Two may start a thread at once, or Ctrl-C prevent the start: it is the first to work that counts.
            # One of `threading` that Ctrl-C interrupts as it starts would be counted as alive forever.
            _thread.start_new_thread(self._work, ())
        while not self._is_over:
            if self._gate.acquire(timeout=_SECONDS_OF_A_WAIT):
                self._gate.release()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]

    def _work(self) -> None:
        self._helped_in = os.getpid()
        with _at_work:
            if _is_leaving:
                end_without_destructors()
            if not self._is_over:
                try:
                    self._value = self._make()
                except BaseException as error:
                    self._error = error
                self._is_over = True
                self._gate.release()


class Kept(Generic[K, T]):
    """Values that are made in the background, by key; the `most` used last. One that could not be made is not kept."""

    def __init__(self, most: int) -> None:
        self._values: Recent[K, Background[T]] = Recent(most)

    def get(self, key: K, make: Callable[[], T]) -> T:
        """The value of this key, made where it is not there."""
        value = self._values.get(key, lambda: Background(make))
        try:
            return value.get()
        finally:
            if value.has_failed:
                self._values.forget(key, value)

    def __len__(self) -> int:
        return len(self._values)


class _Fork:
    """Nothing is at work while the process forks."""

    def __init__(self) -> None:
        self._holds = False

    def before(self) -> None:
        self._holds = _at_work.acquire()

    def after(self) -> None:
        if self._holds:
            self._holds = False
            _at_work.release()


def _leave() -> None:
    global _is_leaving
    _is_leaving = True
    if _at_work.locked() and not end_without_destructors():
        with _at_work:
            pass


_fork = _Fork()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_fork.before, after_in_parent=_fork.after, after_in_child=_fork.after)
atexit.register(_leave)
