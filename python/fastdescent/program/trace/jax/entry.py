"""Runs a function of the user's on traced values, through its jaxpr if it is a function of JAX's.

A function is JAX's if JAX asks a traced value what it is, or raises an error about it; or if a method of a traced value
is refused, and the function names something of JAX's. So it is called twice: once until then, and once by
`jax.make_jaxpr`. A function of NumPy's that has arrays of JAX's as data is called a third time, with those as if they
were NumPy's.
"""

from __future__ import annotations

import contextlib
import dis
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from fastdescent._base.errors import TraceError
from fastdescent.program.trace.asked_by_jax import AskedByJax, listening
from fastdescent.program.trace.source import is_users_frame, line_of, refuse
from fastdescent.program.trace.tracer import Traced

Function = Callable[..., Any]


def called(
    function: Function, args: Sequence[Any], params: Mapping[str, Any], integers: Sequence[bool] | None = None
) -> Any:
    """function(*args, **params), of which the first argument and others are traced.

    `integers` says which arguments have integers; by default those whose dtype says so.
    """
    first: TraceError | None = None
    with listening() as state:
        try:
            result = function(*args, **params)
            if not state.asked:
                return result
        except AskedByJax:
            pass
        except TraceError as error:
            first = error
            if not state.asked and not names_jax(function):
                raise
        except Exception as error:
            if not state.asked and not is_of_jax(error):
                raise
    try:
        return _through_jaxpr(function, args, params, integers)
    except _CallsNumPy as mixed:
        if first is not None:
            raise first from None
        with listening(False):
            try:
                return function(*args, **params)
            except Exception as error:
                raise (mixed.told if is_of_jax(error) else error) from None


class _CallsNumPy(Exception):
    """The function gives NumPy what only JAX knows."""

    def __init__(self, told: TraceError) -> None:
        super().__init__(str(told))
        self.told = told


def _through_jaxpr(
    function: Function, args: Sequence[Any], params: Mapping[str, Any], integers: Sequence[bool] | None
) -> Any:
    import jax

    from fastdescent.program.trace.jax.interpreter import Interpreter

    floats = np.dtype(np.float64 if jax.config.read("jax_enable_x64") else np.float32)
    whole = integers or [_has_integers(a) for a in args]
    shapes = [
        jax.ShapeDtypeStruct(np.shape(a), _integer(floats) if k else floats) for a, k in zip(args, whole, strict=True)
    ]
    named = {name: jax.ShapeDtypeStruct(np.shape(value), floats) for name, value in params.items()}
    try:
        closed = jax.make_jaxpr(lambda args, params: function(*args, **params))(shapes, named)
    except Exception as error:
        if not is_of_jax(error) or _is_raised_by_user(error):
            raise
        told = TraceError(_told(error))
        if isinstance(error, jax.errors.TracerArrayConversionError):
            raise _CallsNumPy(told) from error
        raise told from error
    if len(closed.out_avals) != 1:
        refuse(f"the function returned {len(closed.out_avals)} values", "return the value alone")
    builder = args[0].builder
    leaves = [a if isinstance(a, Traced) or k else _constant(builder, a) for a, k in zip(args, whole, strict=True)]
    leaves += [params[name] for name in sorted(params)]
    return Interpreter(builder).run(closed.jaxpr, closed.consts, leaves)[0]


def _constant(builder: Any, array: Any) -> Traced:
    """Data keep all their digits, whatever JAX's precision is."""
    return Traced(builder, builder.const(array))


def _has_integers(value: Any) -> bool:
    return not isinstance(value, Traced) and np.asarray(value).dtype.kind in "iu"


def _integer(floats: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.int64 if floats == np.float64 else np.int32)


# ---------------------------------------------------------------------- errors of JAX's
def is_of_jax(error: BaseException) -> bool:
    """Whether JAX raised the error: by its class, its traceback, or the note of JAX's where it hides its own frames."""
    if "jax" not in sys.modules or isinstance(error, TraceError):
        return False
    notes = " ".join(getattr(error, "__notes__", ()))
    return (
        type(error).__module__.partition(".")[0] in ("jax", "jaxlib")
        or "JAX has removed its internal frames" in notes
        or _passes_jax(error.__traceback__)
    )


def _is_raised_by_user(error: BaseException) -> bool:
    """Whether a `raise` of the user's raised the error, or Python itself did. JAX hides its frames behind the last."""
    if type(error).__module__ != "builtins":
        return False
    entry = error.__traceback__
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    if entry is None or not is_users_frame(entry.tb_frame):
        return False
    is_raise = entry.tb_frame.f_code.co_code[entry.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    return is_raise or not isinstance(error, TypeError | ValueError | IndexError | NotImplementedError)


def names_jax(function: Any, depth: int = 3) -> bool:
    """Whether a function, or one that it holds, has names of JAX's modules or functions in its code."""
    function = getattr(function, "__wrapped__", getattr(function, "func", function))
    code = getattr(function, "__code__", None)
    if "jax" not in sys.modules or code is None:
        return False
    held = [function.__globals__[name] for name in code.co_names if name in function.__globals__]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # the cell is empty
            held.append(cell.cell_contents)
    if any(_is_from_jax(value) for value in held):
        return True
    return depth > 0 and any(names_jax(value, depth - 1) for value in held if callable(value))


def _is_from_jax(value: Any) -> bool:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return str(name).partition(".")[0] in ("jax", "jaxlib") and (callable(value) or isinstance(value, ModuleType))


def _passes_jax(traceback: TracebackType | None) -> bool:
    while traceback is not None:
        if str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0] in ("jax", "jaxlib"):
            return True
        traceback = traceback.tb_next
    return False


_INSTEAD = {
    "TracerBoolConversionError": "write jnp.where(condition, a, b) or jax.lax.cond",
    "ConcretizationTypeError": "write jnp functions, and jnp.where or jax.lax.cond for decisions",
    "TracerIntegerConversionError": "index by x[i] with a constant, or with an array of JAX's",
    "TracerArrayConversionError": "write jnp.sin, not np.sin, where the point or what depends on it is given",
    "NonConcreteBooleanIndexError": "write jnp.where(mask, x, 0.0)",
}


def _told(error: Exception) -> str:
    line, name = line_of(error), type(error).__name__
    said = str(error).partition("\n")[0].rstrip(". ")
    instead = _INSTEAD.get(name)
    return f"JAX cannot trace the function{f', in {line}' if line else ''}: {said}" + (
        f"; {instead}" if instead else ""
    )
