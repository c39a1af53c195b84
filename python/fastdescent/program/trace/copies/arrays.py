"""NumPy's functions that make arrays: of traced values, or to be filled with them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.trace.copies.lists import first_traced
from fastdescent.program.trace.kinds import flags, kind_of
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.session import current
from fastdescent.program.trace.tracer import Traced


def _fillable(array: Any) -> Any:
    """A traced array with these numbers, if it can hold traced ones; integers stay what they are."""
    session = current.get()
    if session is None or not isinstance(array, np.ndarray) or array.dtype != np.float64 or isinstance(array, Traced):
        return array
    return Traced(session.builder, session.builder.const(array), fresh=True)


def _making(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.zeros and the like: arrays that are made to be filled."""

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        return _fillable(function(*args, **kwargs))

    return make


def _like(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.zeros_like and the like, of a traced array or of numbers."""

    @functools.wraps(function)
    def make(a: Any, *args: Any, **kwargs: Any) -> Any:
        if first_traced((a, args)) is None:
            return _fillable(function(a, *args, **kwargs))
        wants_others = _dtype_of(args if function is not np.full_like else args[1:], kwargs)
        if wants_others is not None and wants_others != np.float64:
            return function(np.empty(np.shape(a)), *args, **kwargs)
        return function(_traced(a) if first_traced(a) is not None else a, *args, **kwargs)

    return make


def _dtype_of(args: Any, kwargs: dict[str, Any]) -> Any:
    asked = args[0] if args else kwargs.get("dtype")
    return None if asked is None else np.dtype(asked)


def _traced(a: Any) -> Traced:
    traced = first_traced(a)
    assert traced is not None
    if isinstance(a, Traced):
        return a
    return Traced(traced.builder, as_node(traced.builder, a), fresh=True, **flags(kind_of(a)))


_COPIES = (True, np._CopyMode.ALWAYS)


def _array(function: Callable[..., Any], copies: bool) -> Callable[..., Any]:
    """np.array, np.asarray and their kin."""

    @functools.wraps(function)
    def make(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
        if first_traced(a) is None:
            made = function(a, dtype, **kwargs) if dtype is not None else function(a, **kwargs)
            session = current.get()
            return _fillable(made) if session is not None and session.fills_all else made
        result = _traced(a)
        if dtype is not None and np.dtype(dtype) not in (np.dtype(np.float64), np.dtype(object)):
            result = result.astype(dtype)
        while result.ndim < kwargs.get("ndmin", 0):
            result = result[np.newaxis]
        copy = kwargs.get("copy", copies)
        return result.copy() if copy in _COPIES and isinstance(a, Traced) else result

    return make


def _filling_all(function: Callable[..., Any]) -> Callable[..., Any]:
    """Functions whose arrays are seldom filled: they are traced where a run without that has failed."""

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        made, session = function(*args, **kwargs), current.get()
        return _fillable(made) if session is not None and session.fills_all else made

    return make


def _vectorize(pyfunc: Any, *args: Any, **options: Any) -> Callable[..., Any]:
    """np.vectorize: the function of each element."""
    plain = np.vectorize(pyfunc, *args, **options)

    def each(*operands: Any) -> Any:
        if first_traced(operands) is None:
            return plain(*operands)
        spread = np.broadcast_arrays(*(_traced(v) if first_traced(v) is not None else np.asarray(v) for v in operands))
        results = [pyfunc(*(v[index] for v in spread)) for index in np.ndindex(spread[0].shape)]
        return np.reshape(_array(np.array, True)(results), spread[0].shape)

    return each


def _fromiter(values: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
    elements = list(values)
    if first_traced(elements) is None:
        return np.fromiter(elements, dtype, *args, **kwargs)
    return _array(np.array, True)(elements)


FUNCTIONS: dict[Any, Callable[..., Any]] = (
    {f: _making(f) for f in (np.zeros, np.ones, np.empty, np.full, np.eye, np.identity)}
    | {f: _like(f) for f in (np.zeros_like, np.ones_like, np.empty_like, np.full_like)}
    | {f: _array(f, copies=f is np.array) for f in (np.array, np.asarray, np.asanyarray, np.ascontiguousarray)}
    | {f: _filling_all(f) for f in (np.linspace, np.arange, np.copy, np.diag, np.tile, np.repeat)}
    | {np.vectorize: _vectorize, np.fromiter: _fromiter}
)
