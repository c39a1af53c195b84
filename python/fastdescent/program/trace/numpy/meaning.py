"""Gives the tracer the meaning of NumPy's functions on traced arrays.

The tables of functions are imported when the first function is called: many surfaces need ufuncs only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy.ufuncs import SPECIAL, UFUNCS, apply_special, apply_ufunc
from fastdescent.program.trace.tracer import Traced


class NumPyTables:
    """The tables of ufuncs and functions, with the methods that the protocol `tracer.NumPy` asks for."""

    ufunc = staticmethod(apply_ufunc)

    def function(self, b: Builder, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        from fastdescent.program.trace.numpy.functions import apply_function

        return apply_function(b, func, args, kwargs)

    def gather(self, array: Traced, key: Any) -> Any:
        from fastdescent.program.trace.numpy.indexing import get

        return get(array, key)

    def assign_where(self, array: Traced, key: Any, value: Any) -> None:
        from fastdescent.program.trace.numpy.indexing import put

        put(array, key, value)

    def method(self, array: Traced, name: str) -> Callable[..., Any] | None:
        """The method of this name, if NumPy or SciPy has a function of the same name."""
        if name in SPECIAL:
            return functools.partial(apply_special(name), array)
        from fastdescent.program.trace.numpy.functions import FUNCTIONS

        if name == "clip":  # which has other defaults than the function
            return lambda min=None, max=None, out=None: np.clip(array, min, max, out)
        if name in ("sort", "partition"):  # which work in place
            from fastdescent.program.trace.numpy.sorting import sorted_in_place

            return sorted_in_place(array) if name == "sort" else lambda kth, axis=-1: array.sort(axis)
        if name in UFUNCS or (name in FUNCTIONS and hasattr(np.ndarray, name) and name != "resize"):  # in place, too
            return functools.partial(getattr(np, name), array)
        return None


Traced._numpy = NumPyTables()
