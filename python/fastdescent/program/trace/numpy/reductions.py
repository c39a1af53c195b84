"""NumPy functions that reduce: sums, means, extremes, norms, and cumulative ones along an axis."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.kinds import FLOAT, Kind, counted, kind_of
from fastdescent.program.trace.numpy.arrays import array_of, axes_of, of_kind, refuse_options, result
from fastdescent.program.trace.numpy.joining import stack
from fastdescent.program.trace.numpy.matrices import matrix_norm
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _with_kept_axes(
    b: Builder, node: Node, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool, kind: Kind = FLOAT
) -> Traced:
    full_shape = tuple(1 if k in axes else n for k, n in enumerate(shape))
    return of_kind(b, b.reshape(node, full_shape) if keepdims else node, kind)


def _chosen(b: Builder, node: Node, where: Any, otherwise: float) -> Node:
    """The elements that `where` keeps, and `otherwise` in the places of the others."""
    if where is True or where is np._NoValue:
        return node
    condition = as_node(b, where)
    shape = np.broadcast_shapes(node.shape, condition.shape)
    return b.select(b.broadcast(condition, shape), b.broadcast(node, shape), b.const(otherwise))


def _sum(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = None, where: Any = True,
) -> Traced:  # fmt: skip
    refuse_options(dtype, out)
    node = _chosen(b, as_node(b, a), where, 0.0)
    axes = axes_of(node.shape, axis)
    total = b.sum(node, axes)
    total = total if initial is None else b.add(as_node(b, initial), total)
    kind = FLOAT if dtype is not None else counted(kind_of([a] if initial is None else [a, initial]))
    return _with_kept_axes(b, total, node.shape, axes, bool(keepdims), kind)


def _count_of(b: Builder, shape: tuple[int, ...], axes: tuple[int, ...], where: Any) -> Node:
    """How many elements of the axes are reduced."""
    if where is True or where is np._NoValue:
        return b.const(float(math.prod(shape[k] for k in axes)))
    return b.sum(b.broadcast(as_node(b, where), shape), axes)


def _mean(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *,
    where: Any = True,
) -> Traced:  # fmt: skip
    refuse_options(dtype, out)
    node = _chosen(b, as_node(b, a), where, 0.0)
    axes = axes_of(node.shape, axis)
    if not math.prod(node.shape[k] for k in axes):
        raise ValueError("the mean of no numbers")
    count = _count_of(b, node.shape, axes, where)
    return _with_kept_axes(b, b.div(b.sum(node, axes), count), node.shape, axes, bool(keepdims))


def _folded(
    op: str, b: Builder, a: Any, axis: Any, out: Any, keepdims: Any, initial: Any = None, where: Any = True
) -> Traced:
    """initial op a[0] op a[1] op ..., in C order over the axes."""
    refuse_options(None, out)
    node, kind = as_node(b, a), kind_of(a) if initial is None else kind_of([a, initial])
    if where is not True and where is not np._NoValue:
        if op != "mul" and initial is None:
            raise ValueError(f"the {op} of those that where= keeps may be that of none; give initial=")
        node = _chosen(b, node, where, 1.0 if op == "mul" else -np.inf if op == "max" else np.inf)
    axes = axes_of(node.shape, axis)
    others = [k for k in range(len(node.shape)) if k not in axes]
    count = math.prod(node.shape[k] for k in axes)
    if not count and initial is None and op == "mul":
        initial = 1.0
    if not count and initial is None:
        raise ValueError(f"the {op} of no numbers")
    transposed = b.view(node, operator.methodcaller("transpose", [*axes, *others]))
    lines = b.reshape(transposed, (count, *(node.shape[k] for k in others)))
    terms = [b.view(lines, operator.itemgetter((k, ...))) for k in range(count)]
    if initial is not None:
        terms.insert(0, b.broadcast(as_node(b, initial), lines.shape[1:]))
    total = functools.reduce(functools.partial(b.elementwise, op), terms)
    return _with_kept_axes(b, total, node.shape, axes, bool(keepdims), counted(kind) if op == "mul" else kind)


def _folding(op: str) -> Callable[..., Traced]:
    return lambda b, a, axis=None, out=None, keepdims=False, initial=None, where=True: _folded(
        op, b, a, axis, out, keepdims, initial, where
    )


def _prod(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = None, where: Any = True,
) -> Traced:  # fmt: skip
    refuse_options(dtype, out)
    return _folded("mul", b, a, axis, None, keepdims, initial, where)


def _cumulating(combine: Callable[[Any, Any], Any]) -> Callable[..., Traced]:
    def make(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Traced:
        refuse_options(dtype, out)
        array = array_of(b, a).ravel() if axis is None else array_of(b, a)
        array = of_kind(b, array.node, counted(kind_of(array)))
        (axis,) = axes_of(array.shape, 0 if axis is None else axis)
        terms = (array.view_by(operator.itemgetter((*(slice(None),) * axis, k, ...))) for k in range(array.shape[axis]))
        return stack(b, list(itertools.accumulate(terms, combine)), axis)

    return make


def _cumulative(combine: Callable[[Any, Any], Any], start: float) -> Callable[..., Any]:
    def make(
        b: Builder, x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
    ) -> Any:
        array: Any = array_of(b, x)
        if array.ndim > 1 and axis is None:
            raise ValueError("arrays of more than one axis need axis=")
        line: Any = _cumulating(combine)(b, array, 0 if axis is None else axis, dtype, out)
        if not include_initial:
            return line
        (k,) = axes_of(array.shape, 0 if axis is None else axis)
        first = line[(*(slice(None),) * k, slice(0, 1))]
        return np.concatenate([np.full_like(first, start), line], k)

    return make


def _var(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False,
    *, where: Any = True, mean: Any = None, correction: Any = None,
) -> Traced:  # fmt: skip
    array, ddof = array_of(b, a), ddof if correction is None or correction is np._NoValue else correction
    axes = axes_of(array.shape, axis)
    if not math.prod(array.shape[k] for k in axes):
        raise ValueError("the variance of no numbers")
    if mean is None or mean is np._NoValue:
        mean = _mean(b, array, axis, keepdims=True, where=where)
    deviation = result(b, array.node) - mean
    total = _sum(b, deviation * deviation, axis, dtype, out, keepdims, where=where)
    count = b.sub(_count_of(b, deviation.shape, axes, where), b.const(float(ddof)))
    count = b.elementwise("max", count, b.const(0.0))
    return result(b, b.div(total.node, b.reshape(count, total.shape) if count.shape else count))


def _std(b: Builder, *args: Any, **kwargs: Any) -> Traced:
    return result(b, b.elementwise("sqrt", _var(b, *args, **kwargs).node))


def _average(
    b: Builder, a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    array, shape = array_of(b, a), np.shape(a)
    keepdims = bool(keepdims)
    if weights is None:
        mean: Any = _mean(b, a, axis, keepdims=keepdims)
        return (mean, np.full(mean.shape, array.size / mean.size)[()]) if returned else mean
    if np.shape(weights) != shape:
        if axis is None or np.shape(weights) != (shape[axis],):
            raise ValueError("weights must have the shape of the array, or of its axis")
        weights = np.reshape(weights, [n if k == axis % len(shape) else 1 for k, n in enumerate(shape)])
    factors = Traced(b, b.broadcast(as_node(b, weights), shape))
    total = _sum(b, factors, axis, keepdims=keepdims)
    mean = _sum(b, array * factors, axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


def _ptp(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    return _folded("max", b, a, axis, out, keepdims) - _folded("min", b, a, axis, out, keepdims)


def _truths(op: str) -> Callable[..., Traced]:
    def make(
        b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
    ) -> Traced:
        neutral = 1.0 if op == "min" else 0.0
        truth = _chosen(b, b.elementwise("ne", as_node(b, a), b.const(0.0)), where, neutral)
        initial = None if truth.size else neutral
        return result(b, _folded(op, b, result(b, truth), axis, out, bool(keepdims), initial).node, is_bool=True)

    return make


def _count_nonzero(b: Builder, a: Any, axis: Any = None, *, keepdims: bool = False) -> Traced:
    truth = result(b, b.elementwise("ne", as_node(b, a), b.const(0.0)), is_bool=True)
    return _sum(b, truth, axis, keepdims=keepdims)


# ---------------------------------------------------------------------- without those that are NaN
def _numbers(b: Builder, a: Any) -> Traced:
    """Which elements are numbers."""
    node = as_node(b, a)
    return result(b, b.elementwise("eq", node, node), is_bool=True)


def _without_nan(function: Callable[..., Traced]) -> Callable[..., Traced]:
    return lambda b, a, *args, **given: function(b, a, *args, **given, where=_numbers(b, a))


def _nan_extreme(op: str) -> Callable[..., Traced]:
    """NaN where all are NaN."""

    def make(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
        numbers, start = _numbers(b, a), -np.inf if op == "max" else np.inf
        extreme = _folded(op, b, a, axis, out, keepdims, start, numbers)
        any_number = _truths("max")(b, numbers, axis, keepdims=keepdims)
        return of_kind(b, b.select(any_number.node, extreme.node, b.const(np.nan)), kind_of(a))

    return make


def _norm(b: Builder, a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    node = as_node(b, a)
    axes = axes_of(node.shape, axis)
    frobenius = ord is None or (ord == "fro" and len(axes) == 2)
    if not frobenius and len(axes) == 2:
        return matrix_norm(b, a, ord, axes if axis is None else tuple(np.atleast_1d(axis)), bool(keepdims))
    if not frobenius and (len(axes) != 1 or isinstance(ord, str)):
        refuse(f"np.linalg.norm with ord={ord!r} of {len(axes)} axes cannot be traced", "write the norm out")
    if not frobenius and ord != 2:
        return _vector_norm(b, node, float(ord), axes, keepdims)
    square = b.sum(b.mul(node, node), axes)
    return _with_kept_axes(b, b.elementwise("sqrt", square), node.shape, axes, bool(keepdims))


def _vector_norm(b: Builder, node: Node, order: float, axes: tuple[int, ...], keepdims: bool) -> Traced:
    sizes = b.elementwise("abs", node)
    if abs(order) == np.inf:
        return _folded("max" if order > 0 else "min", b, result(b, sizes), axes, None, keepdims)
    if order == 0:
        total = b.sum(b.elementwise("ne", node, b.const(0.0)), axes)
    else:
        total = b.power(b.sum(b.power(sizes, order), axes), 1.0 / order)
    return _with_kept_axes(b, total, node.shape, axes, bool(keepdims))


REDUCING: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "mean": _mean,
    "norm": _norm,
    "prod": _prod,
    "max": _folding("max"),
    "amax": _folding("max"),
    "min": _folding("min"),
    "amin": _folding("min"),
    "cumsum": _cumulating(operator.add),
    "cumprod": _cumulating(operator.mul),
    "var": _var,
    "std": _std,
    "average": _average,
    "ptp": _ptp,
    "all": _truths("min"),
    "any": _truths("max"),
    "count_nonzero": _count_nonzero,
    "nansum": _without_nan(_sum),
    "nanprod": _without_nan(_prod),
    "nanmean": _without_nan(_mean),
    "nanvar": _without_nan(_var),
    "nanstd": _without_nan(_std),
    "nanmax": _nan_extreme("max"),
    "nanmin": _nan_extreme("min"),
    "cumulative_sum": _cumulative(operator.add, 0.0),
    "cumulative_prod": _cumulative(operator.mul, 1.0),
}
