"""Gives the tracer the meaning of NumPy's functions on traced arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.trace.numpy.functions import FUNCTIONS, apply_function
from fastdescent.program.trace.numpy.moving import gather
from fastdescent.program.trace.numpy.ufuncs import SPECIAL, UFUNCS, apply_special, apply_ufunc
from fastdescent.program.trace.tracer import Traced


class NumPyTables:
    """The tables of ufuncs and functions, with the methods that the protocol `tracer.NumPy` asks for."""

    ufunc = staticmethod(apply_ufunc)
    function = staticmethod(apply_function)
    gather = staticmethod(gather)

    def method(self, array: Traced, name: str) -> Callable[..., Any] | None:
        """The method of this name, if NumPy or SciPy has a function of the same name."""
        if name in SPECIAL:
            return functools.partial(apply_special(name), array)
        if name in UFUNCS or (
            name in FUNCTIONS and hasattr(np.ndarray, name) and name != "resize"
        ):  # whose method works in place
            return functools.partial(getattr(np, name), array)
        return None


Traced._numpy = NumPyTables()
