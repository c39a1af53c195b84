"""Whose line was it? Errors of tracing point at the user's code."""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

import numpy as np

from fastdescent._base.errors import TraceError
from fastdescent._base.files import PACKAGE

_OURS = os.path.join(PACKAGE, "")
_NUMPYS = os.path.join(os.path.dirname(os.path.abspath(np.__file__)), "")
_SPARSE = "scipy.sparse."


def user_frame() -> FrameType | None:
    """The innermost frame outside this package, NumPy and SciPy, if there is one."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_users(frame):
        frame = frame.f_back
    return frame


def _is_users(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    ours = name.startswith(_OURS) and not name.startswith(os.path.join(_OURS, "surfaces"))
    return not (ours or name.startswith((_NUMPYS, "<frozen")) or _is_scipys(frame))


def _is_scipys(frame: FrameType, module: str = "scipy.") -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(module)


def refuse_sparse() -> NoReturn:
    """Sparse matrices have their own products, which know nothing of ours."""
    refuse("a sparse matrix cannot stand beside a traced value", "write S.toarray() in its place")


def is_asked_by_sparse() -> bool:
    """Whether the innermost caller that is not NumPy is a method of a sparse matrix."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_NUMPYS):
        frame = frame.f_back
    return frame is not None and _is_scipys(frame, _SPARSE)


def _scipy_functions() -> list[str]:
    """Functions of SciPy's that the user has called and that have called us, the innermost first."""
    frame, stop, names = sys._getframe(1), user_frame(), []
    while frame is not None and frame is not stop:
        ours = frame.f_code.co_filename.startswith(_OURS)
        if _is_scipys(frame) and not ours and not _is_scipys(frame, _SPARSE):
            names.append(frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment]
    return names


def user_line() -> str:
    """`file:line: code` of the innermost frame of the user's, or an empty string."""
    frame = user_frame()
    return "" if frame is None else _line(frame, frame.f_lineno)


def _line(frame: FrameType, line: int) -> str:
    name = frame.f_code.co_filename
    code = linecache.getline(name, line).strip()
    return f"{name}:{line}" + (f": {code}" if code else "")


def _line_of(error: BaseException) -> str:
    """The innermost line of the user's that the error has passed."""
    found, step = "", error.__traceback__
    while step is not None:
        if _is_users(step.tb_frame):
            found = _line(step.tb_frame, step.tb_lineno)
        step = step.tb_next
    return found


_READ_ONLY = ("assignment destination is read-only", "output array is read-only")

#: Functions of SciPy's that answer traced values if SciPy is there when tracing begins.
_ANSWERING = ("logsumexp", "softmax", "log_softmax")


def refuse(what: str, instead: str) -> NoReturn:
    """Raises TraceError with the user's line."""
    line, called = user_line(), _scipy_functions()
    if called:
        name = next((n for n in called if n in _ANSWERING), called[-1])
        what = f"SciPy's function {name} cannot be traced: {what}"
        early = name in _ANSWERING
        instead = "import scipy.special before, not in the function" if early else "write it with functions of NumPy"
    raise TraceError(f"{what}{f', in {line}' if line else ''}; {instead}")


@contextlib.contextmanager
def errors_of_numpy() -> Iterator[None]:
    """Tells what NumPy itself has refused while a function was traced."""
    try:
        yield
    except ValueError as error:
        if isinstance(error.__cause__, TraceError):  # an element of an array of floats was to become a traced value
            raise error.__cause__ from None
        if str(error) not in _READ_ONLY:
            raise
        line = _line_of(error)
        raise TraceError(
            "assignment to an array that is read-only, as np.asarray(x) of a traced array and the arrays of data are"
            f"{f', in {line}' if line else ''}; take a copy first, np.array(x)"
        ) from error
