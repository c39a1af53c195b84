"""Where `math` raises an error: asked only where the function has a `try` that may wait for it.

Elsewhere the value is NaN or infinite there, as in NumPy, and the function is not run once more for it.
"""

from __future__ import annotations

import dis
import functools
import math
import os
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import numpy as np

from fastdescent._base.files import PACKAGE
from fastdescent.program.trace.source import is_users_frame

_CALLER = os.path.join(PACKAGE, "program", "step", "")  #: from where functions are traced
_LARGEST = math.log(sys.float_info.max)
_LARGEST_OF_SINH = _LARGEST + math.log(2.0)
#: By name: whether the error is a ValueError or an OverflowError, and where it is raised.
_OUTSIDE: dict[str, tuple[type[ArithmeticError | ValueError], Callable[..., Any]]] = {
    "sqrt": (ValueError, lambda x: x < 0),
    "log": (ValueError, lambda x, base=2.0: np.logical_or(x <= 0, base <= 0)),
    "log2": (ValueError, lambda x: x <= 0),
    "log10": (ValueError, lambda x: x <= 0),
    "log1p": (ValueError, lambda x: x <= -1),
    "asin": (ValueError, lambda x: np.abs(x) > 1),
    "acos": (ValueError, lambda x: np.abs(x) > 1),
    "acosh": (ValueError, lambda x: x < 1),
    "atanh": (ValueError, lambda x: np.abs(x) >= 1),
    "fmod": (ValueError, lambda x, y: y == 0),
    "remainder": (ValueError, lambda x, y: y == 0),
    "pow": (ValueError, lambda x, y: np.logical_or((x < 0) & (np.floor(y) != y), (x == 0) & (y < 0))),
    "gamma": (ValueError, lambda x: (x <= 0) & (np.floor(x) == x)),
    "lgamma": (ValueError, lambda x: (x <= 0) & (np.floor(x) == x)),
    "exp": (OverflowError, lambda x: x > _LARGEST),
    "expm1": (OverflowError, lambda x: x > _LARGEST),
    "sinh": (OverflowError, lambda x: np.abs(x) > _LARGEST_OF_SINH),
    "cosh": (OverflowError, lambda x: np.abs(x) > _LARGEST_OF_SINH),
}


def raise_outside(name: str, args: tuple[Any, ...]) -> None:
    """Raises the error of math.<name> on the way on which the arguments are outside of its domain."""
    if name in _OUTSIDE and any(map(_is_in_try, _users_frames())):
        error, outside = _OUTSIDE[name]
        if outside(*args):
            raise error("math domain error" if error is ValueError else "math range error")


def raise_if_singular(name: str, result: Any) -> None:
    """Raises the error of np.linalg on the way on which a matrix is singular, or not positive definite."""
    if any(map(_is_in_try, _users_frames())) and np.logical_not(np.isfinite(np.sum(result))):
        raise np.linalg.LinAlgError("Matrix is not positive definite" if name == "cholesky" else "Singular matrix")


def _users_frames() -> Iterator[FrameType]:
    """The frames of the function that is traced, and of those that it has called."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(_CALLER):
        if is_users_frame(frame):
            yield frame
        frame = frame.f_back


def _is_in_try(frame: FrameType) -> bool:
    return any(start <= frame.f_lasti < stop for start, stop in _tries(frame.f_code))


@functools.lru_cache(maxsize=1024)
def _tries(code: CodeType) -> list[tuple[int, int]]:
    """The instructions within `try`. Entries with `lasti` belong to `with` and to what ends a handler."""
    entries: Any = dis.Bytecode(code).exception_entries  # type: ignore[attr-defined]
    return [(e.start, e.end) for e in entries if not e.lasti]
