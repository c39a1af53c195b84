"""Functions of scipy.special that are written in Python; its ufuncs are in `trace.numpy.ufuncs`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.special.make import special
from fastdescent.program.trace.numpy.arrays import array_of, result
from fastdescent.program.trace.numpy.ufuncs import apply_special
from fastdescent.program.trace.source import refuse


def _polygamma(b: Builder, n: Any, x: Any) -> Any:
    try:
        order = operator.index(n)
    except TypeError:
        refuse("scipy.special.polygamma of an order that is not an integer", "give an integer")
    if order < 0:
        refuse(f"scipy.special.polygamma of order {order}", "give an integer that is not negative")
    return result(b, special(b, "polygamma", array_of(b, x).node, order))


def _factorial(b: Builder, n: Any, exact: bool = False, *more: Any, **options: Any) -> Any:
    array: Any = array_of(b, n)
    return np.where(array < 0.0, 0.0, apply_special("gamma")(array + 1.0))


SPECIAL_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "scipy.special.polygamma": _polygamma,
    "scipy.special.factorial": _factorial,
}
