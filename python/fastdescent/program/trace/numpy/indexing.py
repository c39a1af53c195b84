"""Indices that are not known yet: conditions, and integers such as np.argmin(x).

An integer i of an axis of length n is known but for its value, one of 0 ... n - 1 (or below 0, from the end). The
result is that element of the n candidates whose number i is. NaN stands for the IndexError of NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.trace.indices import is_basic
from fastdescent.program.trace.kinds import BOOL, FLOAT, kind_of
from fastdescent.program.trace.numpy.arrays import array_of, of_kind
from fastdescent.program.trace.numpy.moving import gather
from fastdescent.program.trace.numpy.selection import Selection, assign_selected, condition_of, selected
from fastdescent.program.trace.operands import holds_traced, is_traced_index
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def get(array: Traced, key: Any) -> Any:
    """array[key], if not all parts of the key are constants of which NumPy makes views."""
    if not is_traced_index(key):
        return gather(array, key)
    key = _as_traced(array, key)
    condition = condition_of(key)
    if condition is not None:
        return selected(array, condition)
    parts = _parts(array, key)
    k = next(k for k, p in enumerate(parts) if isinstance(p, Traced))
    if all(is_basic(p) and p is not None for j, p in enumerate(parts) if j != k):
        return _along_an_axis(array, parts, k)
    return _among_candidates(array, parts, k)


def put(array: Traced, key: Any, value: Any) -> None:
    """array[key] = value, if the key is traced."""
    key = _as_traced(array, key)
    array._refuse_change("assignment to", "take a copy first, y = x.copy()")
    array._refuse_other_kind(value)
    condition = condition_of(key)
    if condition is not None:
        assign_selected(array, condition, value)
        return
    parts = _parts(array, key)
    k = next(k for k, p in enumerate(parts) if isinstance(p, Traced))
    index = parts[k]
    if index.ndim:
        _put_each(array, parts, k, value)
        return
    axis = _axis_of(array, parts, k)
    n = array.shape[axis]
    for i in range(n):
        place = (*parts[:k], i, *parts[k + 1 :])
        here = array[place]
        array[place] = np.where((index == i) | (index == i - n), value, here)


def taken(b: Any, a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """np.take with traced indices."""
    array: Any = array_of(b, a)
    if mode != "raise" or out is not None:
        refuse("np.take of traced indices with mode= or out=", "leave it out")
    if axis is None:
        return get(array.reshape(-1), (indices,))
    axis = np.lib.array_utils.normalize_axis_index(axis, array.ndim)
    return get(array, (*(slice(None),) * axis, indices))


def taken_along_axis(b: Any, arr: Any, indices: Any, axis: Any = -1) -> Any:
    """np.take_along_axis with traced indices."""
    array: Any = array_of(b, arr)
    if axis is None:
        array, axis = array.reshape(-1), 0
    axis = np.lib.array_utils.normalize_axis_index(axis, array.ndim)
    if np.ndim(indices) != array.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    n = array.shape[axis]
    lines = np.expand_dims(np.moveaxis(array, axis, -1), -2)  # (..., 1, n): the candidates of each index
    places: Any = array_of(b, indices)
    wanted = np.expand_dims(np.moveaxis(places, axis, -1), -1)  # (..., m, 1)
    return np.moveaxis(_chosen(lines, wanted, n), -1, axis)


# ---------------------------------------------------------------------- helpers
def _as_traced(array: Traced, key: Any) -> Any:
    """The key with traced arrays in place of lists and object arrays of traced values."""

    def one(part: Any) -> Any:
        if isinstance(part, Traced | Selection) or not (holds_traced(part) or isinstance(part, np.ndarray)):
            return part
        if isinstance(part, np.ndarray) and part.dtype != object:
            return part
        return of_kind(array.builder, array_of(array.builder, part).node, kind_of(part))

    return tuple(one(part) for part in key) if isinstance(key, tuple) else one(key)


def _parts(array: Traced, key: Any) -> tuple[Any, ...]:
    """One part per axis, without an ellipsis."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(isinstance(p, Selection) for p in parts):
        refuse("the places of a condition beside other indices", "write np.where(mask, a, b)")
    for part in parts:
        if isinstance(part, Traced) and part._kind == FLOAT:
            refuse("an index that is a traced float", "use an integer, such as i.astype(int) or np.argmin(x)")
        if isinstance(part, Traced) and part._kind == BOOL:
            refuse("a condition beside other indices", "write np.where(mask, a, b)")
    n_missing = array.ndim - sum(p is not None and p is not Ellipsis for p in parts)
    if n_missing < 0:
        refuse(f"{len(parts)} indices of an array of shape {array.shape}", "fix the index")
    where = next((k for k, p in enumerate(parts) if p is Ellipsis), len(parts))
    parts[where : where + 1] = [slice(None)] * n_missing
    return tuple(parts)


def _axis_of(array: Traced, parts: tuple[Any, ...], k: int) -> int:
    return sum(p is not None for p in parts[:k])


def _along_an_axis(array: Traced, parts: tuple[Any, ...], k: int) -> Any:
    """One traced index, arrays of integers included, among numbers and slices."""
    others = tuple(slice(None) if j == k else p for j, p in enumerate(parts))
    rest: Any = array[others] if any(p != slice(None) for p in others) else array
    axis = sum(isinstance(p, slice) for p in others[:k])
    if parts[k].ndim and any(not isinstance(p, slice) for p in others):
        return _among_candidates(array, parts, k)  # NumPy moves axes of indices to the front
    index: Any = parts[k]
    n = rest.shape[axis]
    lines = np.moveaxis(rest, axis, -1)
    wanted = index.reshape((*index.shape, *(1,) * lines.ndim))
    found = _chosen(lines, wanted, n)  # axes of the index, then the other ones
    order = range(index.ndim)
    return np.moveaxis(found, list(order), [axis + j for j in order]) if index.ndim else found


def _chosen(lines: Any, wanted: Any, n: int) -> Any:
    """Of the numbers along the last axis those that are wanted; NaN if there is none."""
    numbers = np.arange(n)
    is_it = (wanted == numbers) | (wanted == numbers - n)
    found = np.sum(np.where(is_it, lines, 0), axis=-1)
    kind = kind_of(lines)
    if kind != FLOAT:
        return of_kind(lines.builder, found.node, kind)
    return np.where((wanted >= -n)[..., 0] & (wanted < n)[..., 0], found, np.nan)


def _among_candidates(array: Traced, parts: tuple[Any, ...], k: int) -> Any:
    """Any key: one candidate for each value of its first traced part."""
    index: Any = parts[k]
    axis = _axis_of(array, parts, k)
    n = array.shape[axis]

    def with_part(part: Any, of: Any) -> tuple[Any, ...]:
        """The key with this part in place of the traced one; of a shape only, other traced parts are 0."""
        fixed = (0 * np.ones(p.shape, int) if isinstance(p, Traced) and of is not None else p for p in parts[k + 1 :])
        return (*parts[:k], part, *fixed)

    shape = (*array.shape[:axis], max(index.size, 1), *array.shape[axis + 1 :])
    along = np.arange(max(index.size, 1)).reshape([-1 if j == axis else 1 for j in range(len(shape))])
    numbers = np.broadcast_to(along, shape)
    part: Any = np.arange(max(index.size, 1)).reshape(index.shape) if index.ndim else 0
    which = numbers[with_part(part, numbers)]  # the number of the index that each element of the result has
    wanted: Any = gather(index.reshape(-1), (which,))
    found: Any = np.nan
    for i in range(n):
        candidate: Any = array[with_part(np.full(index.shape, i) if index.ndim else i, None)]
        found = np.where((wanted == i) | (wanted == i - n), candidate, found)
    return found if kind_of(array) == FLOAT else of_kind(array.builder, found.node, kind_of(array))


def _put_each(array: Traced, parts: tuple[Any, ...], k: int, value: Any) -> None:
    """Index after index, so that the last one wins where two are equal."""
    index: Any = parts[k]
    if len(parts) != 1 and any(not isinstance(p, slice) or p != slice(None) for j, p in enumerate(parts) if j != k):
        refuse("assignment to traced indices beside others", "write a loop over them")
    axis = _axis_of(array, parts, k)
    rest_before = (slice(None),) * axis
    values: Any = np.broadcast_to(value, (*array.shape[:axis], *index.shape, *array.shape[axis + 1 :]))
    for j in np.ndindex(index.shape):
        put(array, (*rest_before, index[j]), values[(*rest_before, *j)])
