"""NumPy functions of the order of values: sort, quantiles, places of extremes, searches.

A sorting network (Batcher 1968, "Sorting networks and their applications") compares the same pairs for all values, so
it can be traced: min and max of a pair, n log(n)^2 / 4 of them. Derivatives follow the values to their places. Here
for four values, in stages of pairs that do not meet: (0 1)(2 3), (0 3)(1 2), (0 1)(2 3). The first stage of each merge
compares from the outside in; lengths are filled up to a power of two by +inf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.kinds import FLOAT, INT, kind_of
from fastdescent.program.trace.numpy.arrays import array_of, axes_of, of_kind, refuse_options
from fastdescent.program.trace.operands import holds_traced
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

_MOST = 4096  #: values in a line; a network of twice as many has a hundred stages


# ---------------------------------------------------------------------- networks
def _stages(n: int) -> Iterator[tuple[int, bool]]:
    """For n = 2**m values: the length of the halves that are compared, and whether from the outside in."""
    half = 1
    while half < n:
        yield half, True
        inner = half // 2
        while inner:
            yield inner, False
            inner //= 2
        half *= 2


def _halves(lines: Any, half: int, is_mirrored: bool) -> tuple[Any, Any]:
    """Both sides of all pairs of a stage: shapes (..., n / 2 / half, half)."""
    blocks = lines.reshape((*lines.shape[:-1], -1, 2, half))
    return blocks[..., 0, :], blocks[..., 1, ::-1] if is_mirrored else blocks[..., 1, :]


def _joined(low: Any, high: Any, is_mirrored: bool) -> Any:
    blocks = np.stack([low, high[..., ::-1] if is_mirrored else high], axis=-2)
    return blocks.reshape((*blocks.shape[:-3], -1))


def _filled(b: Builder, lines: Any, value: float) -> Any:
    """Lines of a power of two numbers."""
    n = lines.shape[-1]
    if n > _MOST:
        refuse(f"an order of {n} values", f"sort lines of at most {_MOST}")
    n_more = (1 << max(n - 1, 0).bit_length()) - n
    return np.concatenate([lines, np.full((*lines.shape[:-1], n_more), value)], axis=-1) if n_more else lines


def _sorted_lines(b: Builder, lines: Any) -> Any:
    n = lines.shape[-1]
    values = _filled(b, lines, np.inf)
    for half, is_mirrored in _stages(values.shape[-1]):
        one, other = _halves(values, half, is_mirrored)
        values = _joined(np.minimum(one, other), np.maximum(one, other), is_mirrored)
    return values[..., :n]


def _order(b: Builder, lines: Any) -> Any:
    """The places of the values in their order, equal values in the order of their places: a stable argsort."""
    n = lines.shape[-1]
    values = _filled(b, 1.0 * lines, np.inf)
    numbers: Any = Traced(b, b.broadcast(b.const(np.arange(values.shape[-1], dtype=float)), values.shape), is_int=True)
    for half, is_mirrored in _stages(values.shape[-1]):
        one, other = _halves(values, half, is_mirrored)
        k, m = _halves(numbers, half, is_mirrored)
        swap = (one > other) | ((one == other) & (k > m))
        pairs = ((one, other), (k, m))
        values, numbers = (_joined(np.where(swap, q, p), np.where(swap, p, q), is_mirrored) for p, q in pairs)
    return of_kind(b, numbers[..., :n].node, INT)


# ---------------------------------------------------------------------- order
def _along(make: Callable[[Builder, Any], Any]) -> Callable[..., Any]:
    def function(b: Builder, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
        if order is not None:
            refuse("order= of traced values, which have no fields", "leave it out")
        array: Any = array_of(b, a)
        if axis is None:
            array, axis = array.reshape(-1), 0
        (axis,) = axes_of(array.shape, axis)
        lines = np.moveaxis(array, axis, -1)
        result = np.moveaxis(make(b, lines), -1, axis)
        return of_kind(b, result.node, INT if make is _order else kind_of(array))

    return function


_sort, _argsort = _along(_sorted_lines), _along(_order)


def sorted_in_place(array: Traced) -> Callable[..., None]:
    """The method sort."""

    def sort(axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
        array[...] = _sort(array.builder, array, axis, kind, order)

    return sort


def _arg_extreme(name: str) -> Callable[..., Any]:
    def function(b: Builder, a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        refuse_options(None, out)
        array: Any = array_of(b, a)
        n_axes = array.ndim
        if axis is None:
            array = array.reshape(-1)
        (k,) = axes_of(array.shape, 0 if axis is None else axis)
        n = array.shape[k]
        if not n:
            raise ValueError(f"attempt to get {name} of an empty sequence")
        extreme = (np.max if name == "argmax" else np.min)(array, axis=k, keepdims=True)
        numbers = np.arange(n).reshape([-1 if j == k else 1 for j in range(array.ndim)])
        first = np.min(np.where(array == extreme, numbers, n - 1), axis=k, keepdims=bool(keepdims) and axis is not None)
        if keepdims and axis is None:
            first = first.reshape((1,) * n_axes)
        return of_kind(b, first.node, INT)

    return function


# ---------------------------------------------------------------------- quantiles
def _median(
    b: Builder, a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    refuse_options(None, out)
    lines, shape = _lines(b, a, axis)
    n = lines.shape[-1]
    if not n:
        raise ValueError("the median of no numbers")
    values = _sorted_lines(b, lines)
    middle = values[..., n // 2] if n % 2 else (values[..., n // 2 - 1] + values[..., n // 2]) / 2.0
    return middle.reshape(shape) if keepdims else middle


def _quantile_of(scale: float) -> Callable[..., Any]:
    def quantile(
        b: Builder, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
    ) -> Any:  # fmt: skip
        refuse_options(None, out)
        if holds_traced(q) or weights is not None:
            refuse("quantiles at traced places, or with weights,", "give constant places, without weights")
        lines, shape = _lines(b, a, axis)
        n = lines.shape[-1]
        if not n:
            raise ValueError("the quantile of no numbers")
        chosen: Any = method
        places = np.quantile(np.arange(float(n)), np.asarray(q) / scale, method=chosen)
        values = _sorted_lines(b, lines)
        results = [_between(values, float(place)) for place in np.ravel(places)]
        results = [r.reshape(shape) if keepdims else r for r in results]
        return np.stack(results).reshape(np.shape(q) + results[0].shape) if np.ndim(q) else results[0]

    return quantile


def _between(values: Any, place: float) -> Any:
    """The value at a place between two numbers, by NumPy's formula, which is exact at both."""
    below = int(np.floor(place))
    part = place - below
    if not part:
        return values[..., below]
    low, high = values[..., below], values[..., below + 1]
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1.0 - part)


def _lines(b: Builder, a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """The array with the axes that are reduced as one last axis; the shape of the result if they are kept."""
    array: Any = array_of(b, a)
    axes = axes_of(array.shape, axis)
    others = [k for k in range(array.ndim) if k not in axes]
    lines = array.transpose([*others, *axes]).reshape((*(array.shape[k] for k in others), -1))
    return of_kind(b, lines.node, FLOAT), tuple(1 if k in axes else n for k, n in enumerate(array.shape))


# ---------------------------------------------------------------------- searches
def _searchsorted(b: Builder, a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """How many numbers of the sorted line are below v (or not above it)."""
    if sorter is not None or side not in ("left", "right") or np.ndim(a) != 1:
        raise ValueError('a must have one axis, side be "left" or "right", and sorter be left out')
    line, wanted = array_of(b, a), np.expand_dims(array_of(b, v), -1)
    return np.sum(line < wanted if side == "left" else line <= wanted, axis=-1)


def _digitize(b: Builder, x: Any, bins: Any, right: bool = False) -> Any:
    if holds_traced(bins):
        refuse("np.digitize with traced bins", "write np.sum(bins <= x)")
    edges = np.asarray(bins, float)
    if edges.ndim != 1 or (np.any(np.diff(edges) < 0) and np.any(np.diff(edges) > 0)):
        raise ValueError("bins must be monotonically increasing or decreasing")
    if edges.size > 1 and edges[0] > edges[-1]:
        return edges.size - _searchsorted(b, edges[::-1], x, "left" if not right else "right")
    return _searchsorted(b, edges, x, "right" if not right else "left")


SORTING: dict[str, Callable[..., Any]] = {
    "sort": _sort,
    "argsort": _argsort,
    "partition": lambda b, a, kth, axis=-1, kind="introselect", order=None: _sort(b, a, axis, None, order),
    "argpartition": lambda b, a, kth, axis=-1, kind="introselect", order=None: _argsort(b, a, axis, None, order),
    "argmax": _arg_extreme("argmax"),
    "argmin": _arg_extreme("argmin"),
    "median": _median,
    "percentile": _quantile_of(100.0),
    "quantile": _quantile_of(1.0),
    "searchsorted": _searchsorted,
    "digitize": _digitize,
}
