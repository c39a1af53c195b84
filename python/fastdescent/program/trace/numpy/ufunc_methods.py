"""Methods of NumPy's ufuncs on traced arrays: reduce, accumulate, outer and at."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _folded(
    ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = True,
) -> Any:  # fmt: skip
    """array[0] op array[1] op ... along one axis, or over all elements in C order if axis is None."""
    check_options(ufunc.__name__, {"dtype": dtype, "where": where} if dtype is not None else {"where": where})
    lines = array.ravel() if axis is None else array
    axis_of_lines = np.lib.array_utils.normalize_axis_index(0 if axis is None else operator.index(axis), lines.ndim)
    terms = [*([] if initial is None else [initial]), *_along(lines, axis_of_lines)]
    if not terms:
        refuse(f"np.{ufunc.__name__}.reduce of no numbers", "give some")
    total = functools.reduce(ufunc, terms)
    if keepdims:
        total = total.reshape([1 if axis is None or k == axis_of_lines else n for k, n in enumerate(array.shape)])
    return total


def _accumulated(ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None) -> Any:
    check_options(ufunc.__name__, {"dtype": dtype} if dtype is not None else {})
    if ufunc is np.add or ufunc is np.multiply:
        return (np.cumsum if ufunc is np.add else np.cumprod)(array, axis)
    axis = np.lib.array_utils.normalize_axis_index(axis, array.ndim)
    return np.stack(list(itertools.accumulate(_along(array, axis), ufunc)), axis)


def _at(ufunc: np.ufunc, array: Any, indices: Any, values: Any) -> None:
    """array[i] = ufunc(array[i], value) for one index after the other: an index that comes again counts again."""
    if not isinstance(array, Traced):
        refuse(f"{ufunc.__name__}.at of an array of numbers", "make the array in the function, by np.zeros")
    places: Any = np.arange(array.size).reshape(array.shape)[indices]
    given: Any = np.broadcast_to(values, places.shape)
    for index in np.ndindex(places.shape):
        place = np.unravel_index(places[index], array.shape)
        array[place] = ufunc(array[place], given[index])


def _along(array: Any, axis: int) -> list[Any]:
    return [array[(*(slice(None),) * axis, k)] for k in range(array.shape[axis])]


def _outer(ufunc: np.ufunc, p: Any, q: Any, **kwargs: Any) -> Any:
    return ufunc(np.reshape(p, np.shape(p) + (1,) * np.ndim(q)), q, **kwargs)


METHODS: dict[str, Callable[..., Any]] = {"reduce": _folded, "accumulate": _accumulated, "outer": _outer, "at": _at}


def check_options(name: str, kwargs: Mapping[str, Any]) -> None:
    kept = {"casting", "order", "subok"}
    unknown = {k: v for k, v in kwargs.items() if not (k in kept or v is True or (k == "dtype" and is_float64(v)))}
    if unknown:
        given = ", ".join(f"{k}={v!r}" for k, v in unknown.items())
        refuse(f"np.{name} with {given} cannot be traced", "leave it out")


def is_float64(dtype: Any) -> bool:
    """Whether dtype=, as given to NumPy, asks for float64 or for nothing."""
    return dtype is None or np.dtype(dtype) == np.float64
