"""NumPy functions that choose between values by conditions, and those that compare arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.kinds import BOOL, FLOAT, kind_of
from fastdescent.program.trace.numpy.arrays import array_of, of_kind, refuse_options, result
from fastdescent.program.trace.numpy.indexing import taken, taken_along_axis
from fastdescent.program.trace.numpy.moving import MOVING
from fastdescent.program.trace.numpy.selection import places, selected
from fastdescent.program.trace.operands import as_node, holds_traced
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _where(b: Builder, condition: Any, *choices: Any) -> Any:
    if not choices:
        return places(array_of(b, condition))
    if len(choices) != 2:
        raise ValueError("either both or neither of x and y should be given")
    node = b.select(as_node(b, condition), *(as_node(b, c) for c in choices))
    return of_kind(b, node, kind_of(choices))


def _select(b: Builder, condlist: Any, choicelist: Any, default: Any = 0) -> Traced:
    """The first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("as many conditions as choices are needed")
    total = as_node(b, default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        total = b.select(as_node(b, condition), as_node(b, choice), total)
    return of_kind(b, total, kind_of([*choicelist, default]))


def _piecewise(b: Builder, x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Functions of the elements for which conditions hold; the last condition that holds decides."""
    array: Any = array_of(b, x)
    is_one = not isinstance(condlist, list | tuple) and np.ndim(condlist) <= array.ndim
    is_one = is_one or (isinstance(condlist, list | tuple) and not np.ndim(condlist[0]) and array.ndim > 0)
    given = [condlist] if is_one else list(condlist)
    conditions: list[Any] = [of_kind(b, b.broadcast(as_node(b, c), array.shape), BOOL) for c in given]
    if len(funclist) == len(conditions) + 1:
        none: Any = conditions[0]
        for condition in conditions[1:]:
            none = none | condition
        conditions.append(~none)
    elif len(funclist) != len(conditions):
        n = len(conditions)
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    y: Any = result(b, b.broadcast(b.const(0.0), array.shape))
    for condition, function in zip(conditions, funclist, strict=True):
        if not callable(function):
            y = np.where(condition, function, y)
            continue
        value = function(selected(array, condition), *args, **kw)
        value = value.array.reshape(array.shape) if hasattr(value, "condition") else value
        y = np.where(condition, value, y)
    return of_kind(b, y.node, kind_of(array))


def _choose(b: Builder, a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """choices[a], element by element; NaN if there is no such choice."""
    refuse_options(None, out)
    if mode != "raise":
        refuse(f"np.choose with mode={mode!r}", "leave it out")
    index: Any = array_of(b, a)
    total: Any = np.nan
    for k, choice in reversed(list(enumerate(choices))):
        total = np.where(index == k, choice, total)
    return total


def _clip(
    b: Builder,
    a: Any,
    a_min: Any = np._NoValue,
    a_max: Any = np._NoValue,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
) -> Any:
    refuse_options(None, out)
    if (a_min is np._NoValue) != (a_max is np._NoValue):
        raise TypeError("both a_min and a_max are needed; one of them may be None")
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    array: Any = array_of(b, a).copy()
    low, high = (None if v is np._NoValue else v for v in (low, high))
    array = array if low is None else np.maximum(array, low)
    return array if high is None else np.minimum(array, high)


def _nan_to_num(b: Builder, x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if not copy:
        refuse("np.nan_to_num with copy=False", "write x = np.nan_to_num(x)")
    largest = float(np.finfo(float).max)
    array: Any = array_of(b, x)
    if kind_of(array) != FLOAT:
        return array.copy()
    array = np.where(np.isnan(array), nan, array)
    array = np.where(array == np.inf, largest if posinf is None else posinf, array)
    return np.where(array == -np.inf, -largest if neginf is None else neginf, array)


def _isclose(b: Builder, p: Any, q: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    one, other = (1.0 * array_of(b, v) for v in (p, q))
    both_finite = np.isfinite(one) & np.isfinite(other)
    close = (both_finite & (np.abs(one - other) <= atol + rtol * np.abs(other))) | (one == other)
    return close | (np.isnan(one) & np.isnan(other)) if equal_nan else close


def _array_equal(b: Builder, p: Any, q: Any, equal_nan: bool = False) -> Any:
    one, other = array_of(b, p), array_of(b, q)
    if one.shape != other.shape:
        return False
    equal = one == other
    return np.all(equal | (np.isnan(one) & np.isnan(other)) if equal_nan else equal)


def _taking(name: str, traced: Callable[..., Any]) -> Callable[..., Any]:
    def make(b: Builder, a: Any, indices: Any, *args: Any, **given: Any) -> Any:
        return (traced if holds_traced(indices) else MOVING[name])(b, a, indices, *args, **given)

    return make


def _compress(b: Builder, condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    refuse_options(None, out)
    array: Any = array_of(b, a)
    if not holds_traced(condition):
        return MOVING["take"](b, array, np.flatnonzero(condition), axis)
    if axis not in (None, 0) or array.ndim > 1:
        refuse("np.compress by a traced condition along an axis", "write np.where(condition, a, b)")
    return selected(array, array_of(b, condition))


def _nonzero(b: Builder, a: Any) -> Any:
    return places(array_of(b, a))


CHOOSING: dict[str, Callable[..., Any]] = {
    "where": _where,
    "select": _select,
    "piecewise": _piecewise,
    "choose": _choose,
    "clip": _clip,
    "nan_to_num": _nan_to_num,
    "isclose": _isclose,
    "allclose": lambda b, *args, **given: np.all(_isclose(b, *args, **given)),
    "array_equal": _array_equal,
    "take": _taking("take", taken),
    "take_along_axis": _taking("take_along_axis", taken_along_axis),
    "compress": _compress,
    "extract": lambda b, condition, arr: _compress(b, np.ravel(condition), np.ravel(arr)),
    "nonzero": _nonzero,
    "flatnonzero": lambda b, a: places(array_of(b, a).reshape(-1))[0],
}
