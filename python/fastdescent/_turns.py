"""A lock that is handed over in turn."""

from __future__ import annotations

from threading import Lock
from types import TracebackType


class Turns:
    """A lock that a thread which takes it again and again cannot keep from the others.

    Whoever waits holds the queue, and the queue must be passed to ask for the lock again. Not reentrant.
    """

    def __init__(self) -> None:
        self._queue, self._lock = Lock(), Lock()

    def __enter__(self) -> None:
        with self._queue:
            self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
