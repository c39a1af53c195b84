"""The floating-point environment: round to nearest, subnormals kept, whatever the host has set."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from typing import Any

_ROOM = 256  #: bytes, more than any fenv_t


@contextmanager
def default_floating_point() -> Iterator[None]:
    """C's default environment on this thread, by fenv.h where there is one; then what the caller had."""
    c = _fenv()
    if c is None:
        yield
        return
    saved = ctypes.create_string_buffer(_ROOM)
    c.fegetenv(saved)
    c.fesetenv(_default(c))
    try:
        yield
    finally:
        c.fesetenv(saved)


def _default(c: Any) -> Any:
    """FE_DFL_ENV."""
    if sys.platform == "darwin":
        return ctypes.byref(ctypes.c_char.in_dll(c, "_FE_DFL_ENV"))
    return ctypes.c_void_p(-1)


@functools.cache
def _fenv() -> Any:
    """The C library that has the functions, or None."""
    if sys.platform == "win32":
        return None
    c = ctypes.CDLL(None)
    return c if hasattr(c, "fesetenv") else ctypes.CDLL(find_library("m"))
