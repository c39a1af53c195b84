"""A cache of the values used last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The `most` values used last, by key.

    Threads may share a cache. If two make a value for the same key at once, the first one is kept.

    >>> squares = Recent(2)
    >>> [squares.get(k, lambda: k * k) for k in (1, 2, 1, 3)], len(squares), squares.peek(2)
    ([1, 4, 1, 9], 2, None)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of this key. `make` makes it if it is missing."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            value = self._values.setdefault(key, made)
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def peek(self, key: K) -> V | None:
        """The value of this key, or None. The value does not count as used."""
        return self._values.get(key)

    def forget(self, key: K, value: V) -> None:
        """Drops the value of this key, unless the key has another value by now."""
        with self._lock:
            if self._values.get(key) is value:
                del self._values[key]

    def __len__(self) -> int:
        return len(self._values)
