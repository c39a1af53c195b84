"""Random numbers that a traced function draws: drawn once, while the function is traced, and constants afterwards.

A function is traced once and not run at every point. Whoever draws inside the function probably expects new numbers at
every step, so the user is warned.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from fastdescent.program.trace.source import user_frame

_POSITIONS_BEFORE_ANY_DRAW = (623, 624)  #: of NumPy's global generator


class GlobalGenerators:
    """Watches the global generators of NumPy and of Python's `random`. Other generators cannot be watched."""

    def __init__(self) -> None:
        self._state_of_numpy, self._state_of_python = _state_of_numpy(), _state_of_python()

    def warn_if_used(self, user: str) -> bool:
        """Warns if a generator was used since this object was made; `user` names the function that was traced."""
        if not self._were_used():
            return False
        frame = user_frame()
        warnings.warn_explicit(
            f"{user} drew random numbers while it was traced; they are constants now, since it is traced once and not "
            "run at every point. Draw them before, and pass them as a parameter",
            UserWarning,
            frame.f_code.co_filename if frame else "<unknown>",
            frame.f_lineno if frame else 1,
        )
        return True

    def _were_used(self) -> bool:
        if self._state_of_python is not None and _state_of_python() != self._state_of_python:
            return True
        now = _state_of_numpy()
        if self._state_of_numpy is None:  # NumPy imports its generators when they are first used
            return now is not None and now[0] not in _POSITIONS_BEFORE_ANY_DRAW
        return now != self._state_of_numpy


def _state_of_numpy() -> tuple[int, bytes] | None:
    get_state = _function_of("numpy.random", "get_state")
    if get_state is None:
        return None
    state = get_state(legacy=False)
    if state["bit_generator"] != "MT19937":  # the user has set another generator
        return None
    return state["state"]["pos"], state["state"]["key"].tobytes()


def _state_of_python() -> Any:
    getstate = _function_of("random", "getstate")
    return None if getstate is None else getstate()


def _function_of(module: str, name: str) -> Any:
    """The function, or None if the module is not imported, or another thread is still importing it."""
    return getattr(sys.modules.get(module), name, None)
