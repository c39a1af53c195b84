"""softmax, log_softmax and logsumexp of scipy.special: Python functions, which ask how values compare.

User code holds them as names, attributes and defaults, so that they cannot be replaced there; and SciPy gives traced
values no way to answer for themselves, as NumPy does. Hence, as long as anything is traced, the three have code that
looks whether an argument is traced, and else runs SciPy's own. Other threads notice nothing.
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
    parts = np.exp(array - np.max(array, axis, keepdims=True))
    return parts / np.sum(parts, axis, keepdims=True)


def _log_softmax(builder: Builder, /, x: Any, axis: Any = None) -> Any:
    array: Any = array_of(builder, x)
    away = array - _finite(np.max(array, axis, keepdims=True))
    return away - np.log(np.sum(np.exp(away), axis, keepdims=True))


def _finite(largest: Any) -> Any:
    """What is subtracted from exponents, so that nothing overflows."""
    return np.where(np.isfinite(largest), largest, 0.0)


def _logsumexp(
    builder: Builder, /, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    array: Any = array_of(builder, a)
    if b is not None:  # what has no weight adds nothing, not even infinity
        array, b = np.broadcast_arrays(array, array_of(builder, b))
        array = np.where(b == 0, -np.inf, array)
    largest = _finite(np.max(array, axis, keepdims=True))
    terms = np.exp(array - largest)
    total = np.sum(terms if b is None else b * terms, axis, keepdims=True)
    result = np.log(np.abs(total) if return_sign else total) + largest
    result, sign = (v if keepdims else np.squeeze(v, axis) for v in (result, np.sign(total)))
    return (result, sign) if return_sign else result


_OURS: dict[str, Callable[..., Any]] = {"softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _logsumexp}


# ---------------------------------------------------------------------- which of both is called
def answer(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Ours where an argument is traced, else SciPy's."""
    traced = next((t for value in (*args, *kwargs.values()) for t in _traced_in(value)), None)
    return _SCIPYS[name](*args, **kwargs) if traced is None else _OURS[name](traced.builder, *args, **kwargs)


def _traced_in(value: Any) -> Iterator[Traced]:
    if isinstance(value, Traced):
        yield value
    elif isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        for part in np.ravel(value) if isinstance(value, np.ndarray) else value:
            yield from _traced_in(part)


def _asks_softmax(*args: Any, **kwargs: Any) -> Any:
    from fastdescent.program.trace.scipy_functions import answer  # this runs among SciPy's names

    return answer("softmax", args, kwargs)


def _asks_log_softmax(*args: Any, **kwargs: Any) -> Any:
    from fastdescent.program.trace.scipy_functions import answer

    return answer("log_softmax", args, kwargs)


def _asks_logsumexp(*args: Any, **kwargs: Any) -> Any:
    from fastdescent.program.trace.scipy_functions import answer

    return answer("logsumexp", args, kwargs)


_ASKING = {"softmax": _asks_softmax, "log_softmax": _asks_log_softmax, "logsumexp": _asks_logsumexp}
_SCIPYS: dict[str, FunctionType] = {}  #: copies of SciPy's functions; kept, since a call may outlast the tracing
_replaced: list[tuple[FunctionType, CodeType]] = []
_lock = threading.Lock()
_n_tracings = 0


@contextlib.contextmanager
def scipys_functions_answer() -> Iterator[None]:
    """While any thread is in here, the functions answer traced values too."""
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
    """Does nothing where SciPy is not in use, or has made the functions something else than plain Python."""
    special = sys.modules.get("scipy.special")
    for name, asking in _ASKING.items():
        function = getattr(special, name, None)
        if isinstance(function, FunctionType) and not function.__code__.co_freevars:
            own = FunctionType(function.__code__, function.__globals__, name, function.__defaults__)
            own.__kwdefaults__ = function.__kwdefaults__
            _SCIPYS[name] = own
            _replaced.append((function, function.__code__))
            function.__code__ = asking.__code__
