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
        if (not name.startswith(_OURS) or name.startswith(catalog)) and not name.startswith((_NUMPYS, "<frozen")):
            return frame
        frame = frame.f_back
    return None


def user_line() -> str:
    """`file:line: code` of that frame, or an empty string."""
    frame = user_frame()
    if frame is None:
        return ""
    name, line = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(name, line).strip()
    return f"{name}:{line}" + (f": {code}" if code else "")


def refuse(what: str, instead: str) -> NoReturn:
    """Raises TraceError with the user's line."""
    line = user_line()
    raise TraceError(f"{what}{f', in {line}' if line else ''}; {instead}")
