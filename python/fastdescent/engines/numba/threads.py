"""Threads of one call, which outlive neither it nor what interrupts it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Event, Thread

_POLL_SECONDS = 0.05


def run_threads(work: Callable[[int, Event], None], n_threads: int, poll: Callable[[], bool]) -> bool:
    """Calls work(k, cancelled) on a thread for each k and waits; False where `poll`, asked every 50 ms, cancelled it.

    An exception, such as Ctrl-C, cancels too, and is raised when the threads have ended.
    """
    crew = _Crew(work)
    threads = [Thread(target=crew.run, args=(k,), daemon=True) for k in range(n_threads)]
    try:
        for thread in threads:
            thread.start()
        while not crew.wait(n_threads):
            if not crew.cancelled.is_set() and not poll():
                crew.cancelled.set()
    except BaseException:
        crew.stop()
        raise
    finally:
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if crew.failures:
        failure = crew.failures[0]
        crew.failures.clear()
        try:
            raise failure
        finally:
            del failure  # else an exception, its frames and the arrays in them would hold each other
    return not crew.cancelled.is_set()


class _Crew:
    """Counts the threads at work. A `join` that a signal interrupts may take a thread for ended that is not."""

    def __init__(self, work: Callable[[int, Event], None]) -> None:
        self.cancelled = Event()
        self.failures: list[BaseException] = []
        self._work, self._changed = work, Condition()
        self._n_begun = self._n_ended = 0
        self._closed = False

    def run(self, k: int) -> None:
        """What thread k does; nothing, if `stop` came before."""
        with self._changed:
            if self._closed:
                return
            self._n_begun += 1
        try:
            self._work(k, self.cancelled)
        except BaseException as failure:
            self.failures.append(failure)
            self.cancelled.set()
        finally:
            with self._changed:
                self._n_ended += 1
                self._changed.notify_all()

    def wait(self, n_threads: int) -> bool:
        """Waits for a moment; whether so many have ended."""
        with self._changed:
            return self._changed.wait_for(lambda: self._n_ended == n_threads, _POLL_SECONDS)

    def stop(self) -> None:
        """Cancels, and waits for those that have begun, whatever else interrupts: work takes milliseconds to end."""
        self.cancelled.set()
        with self._changed:
            self._closed = True
        while self._n_ended < self._n_begun:
            with suppress(BaseException):  # the first exception is on its way
                self.wait(self._n_begun)
