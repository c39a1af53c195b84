"""Whose line was it? Errors of tracing point at the user's code."""

from __future__ import annotations

import linecache
import os
import sys
from types import FrameType
from typing import NoReturn

import numpy as np

from fastdescent._errors import TraceError

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_NUMPYS = os.path.join(os.path.dirname(os.path.abspath(np.__file__)), "")


def user_frame() -> FrameType | None:
    """The innermost frame outside this package and NumPy, if there is one."""
    frame: FrameType | None = sys._getframe(1)
    catalog = os.path.join(_OURS, "surfaces")
    while frame is not None:
        name = frame.f_code.co_filename
        ours = name.startswith(_OURS) and not name.startswith(catalog)
        if not (ours or name.startswith((_NUMPYS, "<frozen")) or _is_scipys(frame)):
            return frame
        frame = frame.f_back
    return None


def _is_scipys(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("scipy.")


def _scipy_functions() -> list[str]:
    """Functions of SciPy's that the user has called and that have called us, the innermost first."""
    frame, stop, names = sys._getframe(1), user_frame(), []
    while frame is not None and frame is not stop:
        if _is_scipys(frame):
            names.append(frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment]
    return names


def user_line() -> str:
    """`file:line: code` of that frame, or an empty string."""
    frame = user_frame()
    if frame is None:
        return ""
    name, line = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(name, line).strip()
    return f"{name}:{line}" + (f": {code}" if code else "")


#: What to write in place of functions of SciPy's that are not traced, since they are written in Python.
_INSTEAD_OF = {
    "logsumexp": "np.logaddexp.reduce(x)",
    "softmax": "np.exp(x - np.logaddexp.reduce(x))",
    "log_softmax": "x - np.logaddexp.reduce(x)",
}


def refuse(what: str, instead: str) -> NoReturn:
    """Raises TraceError with the user's line."""
    line, called = user_line(), _scipy_functions()
    if called:
        name = next((n for n in called if n in _INSTEAD_OF), called[-1])
        what = f"SciPy's function {name} cannot be traced: {what}"
        instead = f"write {_INSTEAD_OF.get(name, 'it with functions of NumPy')}"
    raise TraceError(f"{what}{f', in {line}' if line else ''}; {instead}")
