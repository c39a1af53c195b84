"""Runs a function of the user's on traced values, through its jaxpr if it is a function of JAX's.

A function is JAX's if JAX asks a traced value what it is, or raises an error about it; or if a method of a traced value
is refused, and the function names something of JAX's. So it is called twice: once until then, and once by
`jax.make_jaxpr`. A function of NumPy's that has arrays of JAX's as data is called a third time, with those as if they
were NumPy's.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any, NoReturn

import numpy as np

from fastdescent._base.errors import TraceError
from fastdescent.program.trace.asked_by_jax import AskedByJax, listening
from fastdescent.program.trace.copies.copies import Copies
from fastdescent.program.trace.session import apart, current
from fastdescent.program.trace.source import is_raised_by_user, line_of, refuse
from fastdescent.program.trace.tracer import Traced

Function = Callable[..., Any]


def called(copy: Function, call: Callable[[Function], Any], original: JaxFunction) -> Any:
    """call(copy of the function), or, if the function is JAX's, call(original)."""
    first: TraceError | None = None
    with listening() as state:
        try:
            result = call(copy)
            if not state.asked:
                return result
        except AskedByJax:
            pass
        except TraceError as error:
            first = error
            if not state.asked and not names_jax(original.function):
                raise
        except Exception as error:
            if not state.asked and not is_of_jax(error):
                raise
    _forget_what_was_refused()
    try:
        with apart():
            return call(original)
    except CallsNumPy as mixed:
        if first is not None:
            raise first from None
        with listening(False):
            try:
                return call(_CopiesWithArrays().stand_in(original.function))
            except Exception as error:
                raise (mixed.told if is_of_jax(error) else error) from None


def _forget_what_was_refused() -> None:
    """What was refused before JAX asked does not count: it was refused as NumPy's."""
    session = current.get()
    if session is not None:
        session.refused.clear()


class _CopiesWithArrays(Copies):
    """Copies of functions, to which arrays of JAX's are arrays of NumPy's."""

    def stand_in(self, value: Any) -> Any:
        return np.asarray(value) if isinstance(value, sys.modules["jax"].Array) else super().stand_in(value)


class CallsNumPy(Exception):
    """The function gives NumPy what only JAX knows."""

    def __init__(self, told: TraceError) -> None:
        super().__init__(str(told))
        self.told = told


@dataclass(frozen=True)
class JaxFunction:
    """A function of JAX's that takes traced values. `integers` are the positions of arguments with integers."""

    function: Function
    integers: Collection[int] = ()

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Data of floats keep all their digits, whatever JAX's precision is, unless JAX must know them."""
        import jax

        if jax.config.read("jax_enable_x64"):
            return self._traced(np.dtype(np.float64), args, params, _is_traced)
        try:
            return self._traced(np.dtype(np.float32), args, params, _is_traced_or_data)
        except (TraceError, CallsNumPy):
            if not any(_is_traced_or_data(a) and not _is_traced(a) for a in args):
                raise
            return self._traced(np.dtype(np.float32), args, params, _is_traced)

    def _traced(
        self, floats: np.dtype[Any], args: Sequence[Any], params: Mapping[str, Any], is_open: Callable[[Any], bool]
    ) -> Any:
        """The function of those arguments that are open, and of all parameters, through its jaxpr."""
        import jax

        from fastdescent.program.trace.jax.interpreter import Interpreter

        def abstract(position: int, value: Any) -> Any:
            return jax.ShapeDtypeStruct(np.shape(value), _integer(floats) if position in self.integers else floats)

        places = [k for k, a in enumerate(args) if is_open(a)]
        named = {name: value for name, value in params.items() if _is_traced(value)}

        def function(given: Mapping[int, Any], named: Mapping[str, Any]) -> Any:
            return self.function(*(given.get(k, a) for k, a in enumerate(args)), **{**params, **named})

        try:
            jaxpr = jax.make_jaxpr(function)(
                {k: abstract(k, args[k]) for k in places}, {name: abstract(-1, v) for name, v in named.items()}
            )
        except Exception as error:
            raise_as_ours(error)
        if len(jaxpr.out_avals) != 1:
            refuse(f"the function returned {len(jaxpr.out_avals)} values", "return the value alone")
        leaves = [args[k] for k in places] + [named[name] for name in sorted(named)]
        builder = next(v.builder for v in leaves if _is_traced(v))
        traced = [v if _is_traced(v) else Traced(builder, builder.const(v)) for v in leaves]
        return Interpreter(builder).run(jaxpr.jaxpr, jaxpr.consts, traced)[0]


def _is_traced(value: Any) -> bool:
    return isinstance(value, Traced)


def _is_traced_or_data(value: Any) -> bool:
    return _is_traced(value) or (isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim > 0)


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


def raise_as_ours(error: Exception) -> NoReturn:
    """Raises what the user's function raised as it is, and what JAX raised as a `TraceError`."""
    import jax

    if not is_of_jax(error) or _is_the_users(error):
        raise error
    told = TraceError(_told(error))
    if isinstance(error, jax.errors.TracerArrayConversionError):
        raise CallsNumPy(told) from error
    raise told from error


def _is_the_users(error: Exception) -> bool:
    """Whether the user's code raised the error, behind whose line JAX has hidden its frames."""
    if type(error).__module__ != "builtins":
        return False
    return is_raised_by_user(error) or not isinstance(error, TypeError | ValueError | IndexError | NotImplementedError)


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
