"""Where a primitive comes from: the user's line, and whether a function that a primitive calls is one of JAX's own."""

from __future__ import annotations

import linecache
import os
from typing import Any

import jax
import jaxlib

from fastdescent._base.files import PACKAGE

_OURS = tuple(os.path.join(os.path.dirname(os.path.abspath(str(m.__file__))), "") for m in (jax, jaxlib))
_SKIPPED = (*_OURS, os.path.join(PACKAGE, ""), "<frozen")


def line_of_equation(equation: Any) -> str:
    """`file:line: text` of the innermost line that is not JAX's, or an empty string."""
    traceback = getattr(equation.source_info, "traceback", None)
    for frame in getattr(traceback, "frames", None) or ():
        if not frame.file_name.startswith(_SKIPPED):
            text = linecache.getline(frame.file_name, frame.line_num).strip()
            return f"{frame.file_name}:{frame.line_num}" + (f": {text}" if text else "")
    return ""


def source_of(jaxpr: Any) -> tuple[str, str]:
    """The name of the function that a jaxpr comes from, and its file."""
    told = str(getattr(jaxpr.debug_info, "func_src_info", "") or "")
    name, _, place = told.partition(" at ")
    return name, place.rpartition(":")[0]


def is_own(file: str) -> bool:
    """Whether a file is one of JAX's."""
    return file.startswith(_OURS)
