"""NumPy's functions as copies call them: lists that hold traced values become traced arrays first.

NumPy's protocols see an array that is an argument, and not the elements of a list: `np.sum([x[0], x[1]])` would make an
array of objects.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.trace.copies.domains import raise_if_singular
from fastdescent.program.trace.copies.lists import first_traced
from fastdescent.program.trace.kinds import flags, kind_of
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.tracer import Traced

#: Functions of a sequence of arrays, which may have different shapes.
_OF_SEQUENCES = {
    "concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack", "row_stack", "select", "piecewise",
    "multi_dot",
}  # fmt: skip
_DISPATCHED = type(np.sum)


def is_numpys_function(value: Any) -> bool:
    """Whether this is a ufunc, or a function of NumPy's, in Python or C."""
    if isinstance(value, np.ufunc | _DISPATCHED):
        return True
    return callable(value) and not isinstance(value, type) and _module(value).partition(".")[0] == "numpy"


def _module(value: Any) -> str:
    return str(getattr(value, "__module__", None))


class NumPyCall:
    """A function of NumPy's that takes lists with traced values."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if first_traced((args, tuple(kwargs.values()))) is None:
            return self._function(*args, **kwargs)
        if self.__name__ == "block":  # which looks into lists of lists itself
            return self._function(*args, **kwargs)
        if self.__name__ == "take" and args:  # whose protocol does not look at the indices
            args = (_beside(first_traced((args[1:], tuple(kwargs.values()))), args[0]), *args[1:])
        change = _elements_as_arrays if self.__name__ in _OF_SEQUENCES else as_array
        result = self._function(*map(change, args), **{name: change(value) for name, value in kwargs.items()})
        if self.__name__ in ("cholesky", "inv", "solve"):
            raise_if_singular(self.__name__, result)
        return result

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._function, name)
        return NumPyCall(value) if callable(value) else value  # np.add.reduce

    def __repr__(self) -> str:
        return repr(self._function)


def _beside(traced: Traced | None, values: Any) -> Any:
    """Values as a traced array, if they stand beside a traced one."""
    if traced is None:
        return values
    return Traced(traced.builder, as_node(traced.builder, values), fresh=True, **flags(kind_of(values)))


def _elements_as_arrays(value: Any) -> Any:
    return [as_array(v) for v in value] if isinstance(value, list | tuple) else as_array(value)


def as_array(value: Any) -> Any:
    """A traced array in place of a list or an array of objects that holds traced values."""
    if not isinstance(value, list | tuple) and not (type(value) is np.ndarray and value.dtype == object):
        return value
    return _beside(first_traced(value), value)
