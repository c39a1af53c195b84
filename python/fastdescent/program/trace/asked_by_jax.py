"""Whether JAX has asked a traced value what it is. That is how a function of JAX's is told from one of NumPy's.

JAX looks for the attribute `__jax_array__` of whatever it is given and does not know, and `x.at` is in JAX alone.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

ATTRIBUTES = ("__jax_array__", "at")


class AskedByJax(BaseException):
    """Ends a run on traced values; no `except Exception` of the user's stops it."""


class _State(threading.local):
    listens = False
    asked = False


_state = _State()


def answer() -> None:
    """What a traced value does when it is asked for one of `ATTRIBUTES`: an end of the run, if anybody listens."""
    if _state.listens and "jax" in sys.modules:
        _state.asked = True
        raise AskedByJax


@contextlib.contextmanager
def listening(listens: bool = True) -> Iterator[_State]:
    """Inside, this thread's traced values tell JAX apart, or not; `asked` of what is yielded says whether it asked."""
    before = _state.listens, _state.asked
    _state.listens, _state.asked = listens, False
    try:
        yield _state
    finally:
        _state.listens, _state.asked = before
