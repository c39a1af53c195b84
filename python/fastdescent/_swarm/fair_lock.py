"""A lock that is handed over in turn."""

from __future__ import annotations

import math
from threading import Lock, get_ident
from time import perf_counter
from types import TracebackType


class Turns:
    """A lock that a thread which takes it again and again cannot keep from the others.

    Whoever waits holds the queue, and the queue must be passed to ask for the lock again. Not reentrant.
    """

    def __init__(self) -> None:
        self._queue, self._lock = Lock(), Lock()
        self._holder, self._changed = get_ident(), -math.inf

    def __enter__(self) -> None:
        with self._queue:
            self._lock.acquire()
        if self._holder != get_ident():
            self._holder, self._changed = get_ident(), perf_counter()

    def seconds_alone(self) -> float:
        """For how long one thread has been the only one that took the lock."""
        return perf_counter() - self._changed

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
