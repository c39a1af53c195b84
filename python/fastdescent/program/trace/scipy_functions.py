"""softmax, log_softmax and logsumexp of scipy.special on traced values.

SciPy's functions are written in Python and compare values, which traced values cannot do. SciPy has no protocol such as
NumPy's `__array_function__`, and user code holds the functions as names, attributes and defaults, so other functions
cannot take their place. Hence their `__code__` is replaced while anything is traced: the replacement dispatches to a
function of this module if an argument is traced, and to a copy of SciPy's function otherwise. Other threads see no
difference.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy.arrays import array_of
from fastdescent.program.trace.tracer import Traced


def _softmax(builder: Builder, /, x: Any, axis: Any = None) -> Any:
    array: Any = array_of(builder, x)
    terms = np.exp(array - np.max(array, axis, keepdims=True))
    return terms / np.sum(terms, axis, keepdims=True)


def _log_softmax(builder: Builder, /, x: Any, axis: Any = None) -> Any:
    array: Any = array_of(builder, x)
    shifted = array - _finite(np.max(array, axis, keepdims=True))
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


def _finite(largest: Any) -> Any:
    """The number to subtract from exponents so that none overflows."""
    return np.where(np.isfinite(largest), largest, 0.0)


def _logsumexp(
    builder: Builder, /, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    array: Any = array_of(builder, a)
    if b is not None:  # a term of weight 0 adds nothing, even if it is infinite
        array, b = np.broadcast_arrays(array, array_of(builder, b))
        array = np.where(b == 0, -np.inf, array)
    largest = _finite(np.max(array, axis, keepdims=True))
    terms = np.exp(array - largest)
    total = np.sum(terms if b is None else b * terms, axis, keepdims=True)
    result = np.log(np.abs(total) if return_sign else total) + largest
    result, sign = (v if keepdims else np.squeeze(v, axis) for v in (result, np.sign(total)))
    return (result, sign) if return_sign else result


_TRACED: dict[str, Callable[..., Any]] = {"softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _logsumexp}


# ---------------------------------------------------------------------- dispatch
def dispatch(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of this module's function if an argument is traced, otherwise of SciPy's."""
    traced = next((t for value in (*args, *kwargs.values()) for t in _traced_in(value)), None)
    return _ORIGINALS[name](*args, **kwargs) if traced is None else _TRACED[name](traced.builder, *args, **kwargs)


def _traced_in(value: Any) -> Iterator[Traced]:
    if isinstance(value, Traced):
        yield value
    elif isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        for part in np.ravel(value) if isinstance(value, np.ndarray) else value:
            yield from _traced_in(part)


def _dispatch_softmax(*args: Any, **kwargs: Any) -> Any:
    from fastdescent.program.trace.scipy_functions import dispatch  # since the code runs with SciPy's globals

    return dispatch("softmax", args, kwargs)


def _dispatch_log_softmax(*args: Any, **kwargs: Any) -> Any:
    from fastdescent.program.trace.scipy_functions import dispatch

    return dispatch("log_softmax", args, kwargs)


def _dispatch_logsumexp(*args: Any, **kwargs: Any) -> Any:
    from fastdescent.program.trace.scipy_functions import dispatch

    return dispatch("logsumexp", args, kwargs)


_DISPATCHING = {"softmax": _dispatch_softmax, "log_softmax": _dispatch_log_softmax, "logsumexp": _dispatch_logsumexp}
_ORIGINALS: dict[str, FunctionType] = {}  #: copies of SciPy's functions; kept, since a call may go on after the tracing
_replaced: list[tuple[FunctionType, CodeType]] = []
_lock = threading.Lock()
_n_tracings = 0


@contextlib.contextmanager
def scipy_functions_traced() -> Iterator[None]:
    """While any thread is inside, the functions accept traced values."""
    global _n_tracings
    with _lock:
        _n_tracings += 1
        if _n_tracings == 1:
            _replace()
    try:
        yield
    finally:
        with _lock:
            _n_tracings -= 1
            if not _n_tracings:
                for function, code in _replaced:
                    function.__code__ = code
                _replaced.clear()


def _replace() -> None:
    """Replaces the code of each function, if SciPy is imported and has it as a plain Python function."""
    special = sys.modules.get("scipy.special")
    for name, dispatching in _DISPATCHING.items():
        function = getattr(special, name, None)
        if isinstance(function, FunctionType) and not function.__code__.co_freevars:
            original = FunctionType(function.__code__, function.__globals__, name, function.__defaults__)
            original.__kwdefaults__ = function.__kwdefaults__
            _ORIGINALS[name] = original
            _replaced.append((function, function.__code__))
            function.__code__ = dispatching.__code__
