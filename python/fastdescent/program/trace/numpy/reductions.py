"""NumPy functions that reduce: sums, means, extremes, norms, and cumulative ones along an axis."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.numpy.arrays import array_of, axes_of, refuse_options, result
from fastdescent.program.trace.numpy.joining import stack
from fastdescent.program.trace.numpy.matrices import matrix_norm
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _with_kept_axes(b: Builder, node: Node, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> Traced:
    full_shape = tuple(1 if k in axes else n for k, n in enumerate(shape))
    return result(b, b.reshape(node, full_shape) if keepdims else node)


def _sum(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None
) -> Traced:
    refuse_options(dtype, out)
    node = as_node(b, a)
    axes = axes_of(node.shape, axis)
    total = b.sum(node, axes)
    total = total if initial is None else b.add(as_node(b, initial), total)
    return _with_kept_axes(b, total, node.shape, axes, bool(keepdims))


def _mean(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    refuse_options(dtype, out)
    node = as_node(b, a)
    axes = axes_of(node.shape, axis)
    count = int(np.prod([node.shape[k] for k in axes]))
    if not count:
        raise ValueError("the mean of no numbers")
    return _with_kept_axes(b, b.div(b.sum(node, axes), b.const(float(count))), node.shape, axes, bool(keepdims))


def _folded(op: str, b: Builder, a: Any, axis: Any, out: Any, keepdims: Any, initial: Any = None) -> Traced:
    """initial op a[0] op a[1] op ..., in C order over the axes."""
    refuse_options(None, out)
    node = as_node(b, a)
    axes = axes_of(node.shape, axis)
    others = [k for k in range(len(node.shape)) if k not in axes]
    count = int(np.prod([node.shape[k] for k in axes]))
    if not count and initial is None:
        raise ValueError(f"the {op} of no numbers")
    transposed = b.view(node, operator.methodcaller("transpose", [*axes, *others]))
    lines = b.reshape(transposed, (count, *(node.shape[k] for k in others)))
    terms = [b.view(lines, operator.itemgetter((k, ...))) for k in range(count)]
    if initial is not None:
        terms.insert(0, b.broadcast(as_node(b, initial), lines.shape[1:]))
    return _with_kept_axes(
        b, functools.reduce(functools.partial(b.elementwise, op), terms), node.shape, axes, bool(keepdims)
    )


def _folding(op: str) -> Callable[..., Traced]:
    return lambda b, a, axis=None, out=None, keepdims=False, initial=None: _folded(
        op, b, a, axis, out, keepdims, initial
    )


def _prod(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None
) -> Traced:
    refuse_options(dtype, out)
    return _folded("mul", b, a, axis, None, keepdims, initial)


def _cumulating(combine: Callable[[Any, Any], Any]) -> Callable[..., Traced]:
    def make(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Traced:
        refuse_options(dtype, out)
        array = array_of(b, a).ravel() if axis is None else array_of(b, a)
        (axis,) = axes_of(array.shape, 0 if axis is None else axis)
        terms = (array.view_by(operator.itemgetter((*(slice(None),) * axis, k, ...))) for k in range(array.shape[axis]))
        return stack(b, list(itertools.accumulate(terms, combine)), axis)

    return make


def _var(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False
) -> Traced:
    array = array_of(b, a)
    count = int(np.prod([array.shape[k] for k in axes_of(array.shape, axis)]))
    if not count:
        raise ValueError("the variance of no numbers")
    deviation = array - _mean(b, array, axis, keepdims=True)
    total = _sum(b, deviation * deviation, axis, dtype, out, keepdims)
    return result(b, b.div(total.node, b.const(float(max(count - ddof, 0)))))


def _std(b: Builder, *args: Any, **kwargs: Any) -> Traced:
    return result(b, b.elementwise("sqrt", _var(b, *args, **kwargs).node))


def _average(b: Builder, a: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return _mean(b, a, axis)
    array, shape = array_of(b, a), np.shape(a)
    if np.shape(weights) != shape:
        if axis is None or np.shape(weights) != (shape[axis],):
            raise ValueError("weights must have the shape of the array, or of its axis")
        weights = np.reshape(weights, [n if k == axis % len(shape) else 1 for k, n in enumerate(shape)])
    factors = Traced(b, b.broadcast(as_node(b, weights), shape))
    return _sum(b, array * factors, axis) / _sum(b, factors, axis)


def _ptp(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    return _folded("max", b, a, axis, out, keepdims) - _folded("min", b, a, axis, out, keepdims)


def _all(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    truth = result(b, b.elementwise("ne", as_node(b, a), b.const(0.0)))
    return result(b, _folded("min", b, truth, axis, out, bool(keepdims)).node, is_bool=True)


def _any(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    truth = result(b, b.elementwise("ne", as_node(b, a), b.const(0.0)))
    return result(b, _folded("max", b, truth, axis, out, bool(keepdims)).node, is_bool=True)


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
    "all": _all,
    "any": _any,
}
