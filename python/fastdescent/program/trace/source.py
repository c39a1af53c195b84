"""Errors of tracing, which point at the line of the user's code that caused them."""

from __future__ import annotations

import contextlib
import linecache
import opcode
import os
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import NoReturn

import numpy as np

from fastdescent._base.errors import TraceError
from fastdescent._base.files import PACKAGE
from fastdescent.program.trace.session import current

_PACKAGE = os.path.join(PACKAGE, "")
_NUMPY = os.path.join(os.path.dirname(os.path.abspath(np.__file__)), "")
_SPARSE = "scipy.sparse."
_LIBRARIES = sys.stdlib_module_names | {"scipy", "jax", "jaxlib", "torch", "tensorflow", "cupy", "autograd"}
_line_told: ContextVar[Callable[[], str] | None] = ContextVar("line_told", default=None)
_SUMS = ("_wrapreduction", "_sum", "_mean", "_wrapit", "_wrapfunc")  #: functions of NumPy that add


def user_frame() -> FrameType | None:
    """The innermost frame outside this package, NumPy, SciPy, JAX and the like, if there is one."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_users_frame(frame):
        frame = frame.f_back
    return frame


def is_users_frame(frame: FrameType) -> bool:
    """Whether a frame is of the user's code, not of this package nor of a library, Python's own included."""
    name = frame.f_code.co_filename
    ours = name.startswith(_PACKAGE) and not name.startswith(os.path.join(_PACKAGE, "surfaces"))
    library = str(frame.f_globals.get("__name__", "")).partition(".")[0] in _LIBRARIES
    return not (ours or name.startswith((_NUMPY, "<frozen")) or library)


def _is_scipys_frame(frame: FrameType, module: str = "scipy.") -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(module)


@contextlib.contextmanager
def line_is(told: Callable[[], str]) -> Iterator[None]:
    """Inside, errors name the line that `told` gives: that of an operation that is traced later on."""
    before = _line_told.set(told)
    try:
        yield
    finally:
        _line_told.reset(before)


def refuse_sparse() -> NoReturn:
    """Refuses a sparse matrix, whose products know nothing of traced values."""
    refuse("a sparse matrix cannot stand beside a traced value", "write S.toarray() in its place")


def is_asked_by_sparse() -> bool:
    """Whether the innermost caller that is not NumPy is a method of a sparse matrix."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_NUMPY):
        frame = frame.f_back
    return frame is not None and _is_scipys_frame(frame, _SPARSE)


def is_asked_by_sum() -> bool:
    """Whether NumPy adds up the elements of an object array: their operators are called from its sum."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    frame = None if frame is None else frame.f_back  # the caller of NumPy's operator
    return frame is not None and frame.f_code.co_filename.startswith(_NUMPY) and frame.f_code.co_name in _SUMS


def _scipy_functions() -> list[str]:
    """SciPy's functions between the user's line and this package, the innermost first."""
    frame, stop, names = sys._getframe(1), user_frame(), []
    while frame is not None and frame is not stop:
        ours = frame.f_code.co_filename.startswith(_PACKAGE)
        if _is_scipys_frame(frame) and not ours and not _is_scipys_frame(frame, _SPARSE):
            names.append(frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment]
    return names


def place_of(function: object) -> tuple[str, int]:
    """File and line of a function; of the caller's if it has none."""
    code = getattr(function, "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    frame = user_frame()
    return ("<unknown>", 1) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def user_line() -> str:
    """`file:line: text` of the innermost line of the user's, or an empty string."""
    told = _line_told.get()
    if told is not None:
        return told()
    frame = user_frame()
    return "" if frame is None else _line(frame, frame.f_lineno)


def _line(frame: FrameType, line: int) -> str:
    name = frame.f_code.co_filename
    text = linecache.getline(name, line).strip()
    return f"{name}:{line}" + (f": {text}" if text else "")


def line_of(error: BaseException) -> str:
    """The innermost line of the user's in the error's traceback."""
    found, entry = "", error.__traceback__
    while entry is not None:
        if is_users_frame(entry.tb_frame):
            found = _line(entry.tb_frame, entry.tb_lineno)
        entry = entry.tb_next
    return found


def _scipys_function_of(error: BaseException) -> str:
    """The function of SciPy's that the user has called, if the error came out of one."""
    entry = error.__traceback__
    while entry is not None:
        if _is_scipys_frame(entry.tb_frame):
            return entry.tb_frame.f_code.co_name
        entry = entry.tb_next
    return ""


def is_raised_by_user(error: Exception) -> bool:
    """Whether a `raise` or `assert` of the user's made the error, or arithmetic of plain numbers.

    Anything else may be an error that only traced values meet.
    """
    if isinstance(error, TraceError):
        return False
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    if last.tb_frame.f_code.co_name in ("raise_outside", "raise_if_singular"):  # an error of `math` or np.linalg
        return True
    if not is_users_frame(last.tb_frame):
        return False
    raises = last.tb_frame.f_code.co_code[last.tb_lasti] == opcode.opmap["RAISE_VARARGS"]
    return raises or isinstance(error, ArithmeticError)


def refuse(what: str, instead: str) -> NoReturn:
    """Raises TraceError: what cannot be traced, the user's line, and what to write instead.

    The session keeps it, so that an `except` in the user's code does not hide it.
    """
    error, session = TraceError(refusal(what, instead)), current.get()
    if session is not None:
        session.refused.append(error)
    raise error


def refusal(what: str, instead: str) -> str:
    """The message."""
    line, called = user_line(), _scipy_functions()
    if called:
        what = f"SciPy's function {called[-1]} cannot be traced: {what}"
        instead = "write it with functions of NumPy"
    return f"{what}{f', in {line}' if line else ''}; {instead}"


@contextlib.contextmanager
def errors_of_numpy() -> Iterator[None]:
    """Turns errors that NumPy itself raises while a function is traced into a `TraceError`."""
    try:
        yield
    except TraceError:
        raise
    except (ValueError, TypeError, IndexError) as error:
        if isinstance(error.__cause__, TraceError):  # a traced value was assigned to an element of an array of floats
            raise error.__cause__ from None
        known = next(((what, instead) for part, what, instead in _ERRORS if part in str(error)), None)
        if known is None or is_raised_by_user(error):
            raise
        (what, instead), line, called = known, line_of(error), _scipys_function_of(error)
        if called:
            what, instead = f"SciPy's function {called} cannot be traced: {what}", "write it with functions of NumPy"
        raise TraceError(f"{what}{f', in {line}' if line else ''}; {instead}") from error


_OBJECTS = "a NumPy array of objects, some of them traced values, for which NumPy lacks this operation"
_STACK = "make the array by np.stack([...]) or np.zeros(n), in your function; np.ma and functions in C cannot be traced"
#: Parts of NumPy's messages; what they mean here, and what to write.
_ERRORS = [
    *((part, "assignment to an array that is read-only, as np.asarray(x) of a traced array and the arrays of data are",
       "take a copy first, np.array(x)")
      for part in ("assignment destination is read-only", "output array is read-only")),
    ("loop of ufunc does not support argument", _OBJECTS, _STACK),
    ("not supported for the input types", _OBJECTS, _STACK),
    ("Cannot cast ufunc", _OBJECTS, _STACK),
    ("Unsupported dtype object", _OBJECTS, _STACK),
    ("dtype object is not supported", _OBJECTS, _STACK),
    ("len() of unsized object", "the length of a single number", "write np.size(x), or x = np.atleast_1d(x) first"),
    ("arrays used as indices must be of integer", "a traced value as index of an array of numbers",
     "write np.take(array, i) for an integer, np.where(mask, array, 0) for a condition"),
    ("only integers, slices", "a traced value as index of an array of numbers",
     "write np.take(array, i) for an integer, np.where(mask, array, 0) for a condition"),
    ("'Traced", "a function in Python or C wants a number, and a traced value is none yet",
     "write it with NumPy's functions"),
    ("setting an array element with a sequence", "assignment of a traced array to an element of an array of numbers",
     "make the array by np.zeros(n) in your function, and give each element one number"),
]  # fmt: skip
