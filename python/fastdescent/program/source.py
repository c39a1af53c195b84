"""Whose line was it? Errors of tracing point at the user's code."""

from __future__ import annotations

import linecache
import os
import sys

import numpy as np

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_NUMPYS = os.path.join(os.path.dirname(os.path.abspath(np.__file__)), "")


def user_line() -> str:
    """`file:line: code` of the innermost frame outside this package and NumPy, or an empty string."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        catalog = os.path.join(_OURS, "surfaces")
        if (not name.startswith(_OURS) or name.startswith(catalog)) and not name.startswith((_NUMPYS, "<frozen")):
            code = linecache.getline(name, frame.f_lineno).strip()
            return f"{name}:{frame.f_lineno}" + (f": {code}" if code else "")
        frame = frame.f_back  # type: ignore[assignment]
    return ""
