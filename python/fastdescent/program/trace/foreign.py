"""Errors of libraries that know nothing of traced values, as PyTorch: told with the user's line, and what to write."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import FrameType, ModuleType
from typing import Any

from fastdescent._base.errors import TraceError
from fastdescent.program.trace.source import is_users_frame, line_of

#: The root of a library's modules -> its name, and what to write instead.
_LIBRARIES = {
    "torch": ("PyTorch", "write functions of NumPy: np.sin, not torch.sin"),
    "tensorflow": ("TensorFlow", "write functions of NumPy: np.sin, not tf.sin"),
    "keras": ("Keras", "write functions of NumPy: np.maximum(x, 0), not keras.ops.relu(x)"),
    "cupy": ("CuPy", "write functions of NumPy: np.sin, not cupy.sin"),
    "jax": ("JAX", "write functions of NumPy: np.sin, not jnp.sin"),
    "jaxlib": ("JAX", "write functions of NumPy: np.sin, not jnp.sin"),
    "autograd": ("Autograd", "write derivatives out; functions of autograd.numpy can be traced"),
    "numba": ("Numba", "give the function that was compiled, f.py_func"),
    "casadi": ("CasADi", "write functions of NumPy: np.sin, not casadi.sin"),
}
#: In the words of whoever does not know a traced value, or takes a traced number for an array.
_WORDS = ("Traced", "traced array", "len() of unsized object", "has no len()", "iteration over a 0-d array")


@contextlib.contextmanager
def errors_of_libraries() -> Iterator[None]:
    """Turns what another library raises about a traced value into a `TraceError`."""
    try:
        yield
    except TraceError:
        raise
    except Exception as error:
        library = _library(error)
        if library is None:
            raise
        name, instead = _LIBRARIES[library]
        line, said = line_of(error), str(error).partition("\n")[0].rstrip(". ")
        raise TraceError(
            f"a function of {name} cannot be traced{f', in {line}' if line else ''} ({said}); {instead}"
        ) from error


def _library(error: BaseException) -> str | None:
    """The library that raised the error: by its frames, or by what the user's line names if the error names us."""
    found: str | None = None
    last: FrameType | None = None
    entry = error.__traceback__
    while entry is not None:
        frame, root = entry.tb_frame, str(entry.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if root in _LIBRARIES:
            found = root
        elif is_users_frame(frame):
            found, last = None, frame
        entry = entry.tb_next
    if found is None and last is not None and any(word in str(error) for word in _WORDS):
        return _named_by(last)
    return found


def _named_by(frame: FrameType) -> str | None:
    """The library of which a frame's code names a module, a function or an object."""
    code = frame.f_code
    values: list[Any] = []
    for names, scope in ((code.co_names, frame.f_globals), ((*code.co_freevars, *code.co_varnames), frame.f_locals)):
        for name in names:
            with contextlib.suppress(KeyError):  # an attribute, or a builtin
                values.append(scope[name])
    return next((root for value in values if (root := _root(value)) in _LIBRARIES), None)


def _root(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0]
    holder = getattr(value, "__module__", None) or type(value).__module__
    if holder == "builtins":  # a function in C: its module's name is with what it belongs to
        holder = getattr(type(getattr(value, "__self__", None)), "__module__", "")
        owner = getattr(value, "__self__", None)
        holder = owner.__module__ if isinstance(owner, type) else holder
    return str(holder).partition(".")[0]
