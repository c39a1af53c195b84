"""Random numbers that a traced function draws: drawn once, while it is traced, and constants afterwards."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from fastdescent.program.trace.source import user_frame

_UNUSED = (623, 624)  #: positions of NumPy's global generator before anything is drawn


class Draws:
    """Watches the global generators of NumPy and of Python's `random`; others cannot be watched."""

    def __init__(self) -> None:
        self._numpys, self._pythons = _numpys_state(), _pythons_state()

    def warn(self, what: str) -> None:
        """Warns if something was drawn since; `what` drew it."""
        if not self._have_happened():
            return
        frame = user_frame()
        warnings.warn_explicit(
            f"{what} drew random numbers while it was traced; they are constants now, since it is traced once and not "
            "run at every point. Draw them before, and pass them as a parameter",
            UserWarning,
            frame.f_code.co_filename if frame else "<unknown>",
            frame.f_lineno if frame else 1,
        )

    def _have_happened(self) -> bool:
        if self._pythons is not None and _pythons_state() != self._pythons:
            return True
        now = _numpys_state()
        if self._numpys is None:  # NumPy imports its generators when they are first used
            return now is not None and now[0] not in _UNUSED
        return now != self._numpys


def _numpys_state() -> tuple[int, bytes] | None:
    get_state = _function_of("numpy.random", "get_state")
    if get_state is None:
        return None
    state = get_state(legacy=False)
    if state["bit_generator"] != "MT19937":  # one that the user has set
        return None
    return state["state"]["pos"], state["state"]["key"].tobytes()


def _pythons_state() -> Any:
    getstate = _function_of("random", "getstate")
    return None if getstate is None else getstate()


def _function_of(module: str, name: str) -> Any:
    """None too where another thread is still importing the module."""
    return getattr(sys.modules.get(module), name, None)
