"""What NumPy functions that are not ufuncs become: reductions, joining, shaping, choosing."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent._check import nearest
from fastdescent._errors import TraceError
from fastdescent.program import composites
from fastdescent.program.build import Builder
from fastdescent.program.graph import Node
from fastdescent.program.numpy_moving import MOVING
from fastdescent.program.numpy_products import PRODUCTS
from fastdescent.program.numpy_ufuncs import is_bool, is_float64
from fastdescent.program.products import dot
from fastdescent.program.trace import Traced, as_node, refuse


def apply_function(b: Builder, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The traced result of a NumPy function."""
    make = FUNCTIONS.get(func.__name__)
    if make is None:
        refuse(f"np.{func.__name__} cannot be traced{nearest(func.__name__, FUNCTIONS)}",
               "write it with others; the documentation's page on programs says which do")  # fmt: skip
    try:
        return make(b, *args, **kwargs)
    except TraceError:
        raise
    except (np.exceptions.AxisError, ValueError, TypeError) as error:
        refuse(f"np.{func.__name__}: {str(error).rpartition('() ')[2]}", "mend the call")


def _result(b: Builder, node: Node, is_bool: bool = False) -> Traced:
    return Traced(b, node, is_bool=is_bool, fresh=True)


def _axes(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(len(shape)))
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(np.lib.array_utils.normalize_axis_index(k, len(shape)) for k in given))
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis={axis} names an axis twice")
    return axes


def _check_reduction(dtype: Any, out: Any) -> None:
    if out is not None or not is_float64(dtype):
        refuse("out=, or a dtype that is not float64,", "leave it out")


def _kept(b: Builder, node: Node, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> Traced:
    kept = tuple(1 if k in axes else n for k, n in enumerate(shape))
    return _result(b, b.reshape(node, kept) if keepdims else node)


def _sum(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    _check_reduction(dtype, out)
    node = as_node(b, a)
    axes = _axes(node.shape, axis)
    return _kept(b, b.sum(node, axes), node.shape, axes, bool(keepdims))


def _mean(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    _check_reduction(dtype, out)
    node = as_node(b, a)
    axes = _axes(node.shape, axis)
    count = int(np.prod([node.shape[k] for k in axes]))
    if not count:
        raise ValueError("the mean of no numbers")
    return _kept(b, b.div(b.sum(node, axes), b.const(float(count))), node.shape, axes, bool(keepdims))


def _folded(op: str, b: Builder, a: Any, axis: Any, out: Any, keepdims: Any) -> Traced:
    """a[0] op a[1] op ..., in C order over the axes."""
    _check_reduction(None, out)
    node = as_node(b, a)
    axes = _axes(node.shape, axis)
    rest = [k for k in range(len(node.shape)) if k not in axes]
    count = int(np.prod([node.shape[k] for k in axes]))
    if not count:
        raise ValueError(f"the {op} of no numbers")
    turned = b.view(node, operator.methodcaller("transpose", [*axes, *rest]))
    lines = b.reshape(turned, (count, *(node.shape[k] for k in rest)))
    terms = (b.view(lines, operator.itemgetter((k, ...))) for k in range(count))
    return _kept(b, functools.reduce(functools.partial(b.elementwise, op), terms), node.shape, axes, bool(keepdims))


def _folding(op: str) -> Callable[..., Traced]:
    return lambda b, a, axis=None, out=None, keepdims=False: _folded(op, b, a, axis, out, keepdims)


def _prod(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    _check_reduction(dtype, out)
    return _folded("mul", b, a, axis, None, keepdims)


def _cumulating(combine: Callable[[Any, Any], Any]) -> Callable[..., Traced]:
    def make(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Traced:
        _check_reduction(dtype, out)
        array = _array(b, a).ravel() if axis is None else _array(b, a)
        (axis,) = _axes(array.shape, 0 if axis is None else axis)
        terms = (array.view(operator.itemgetter((*(slice(None),) * axis, k, ...))) for k in range(array.shape[axis]))
        return _stack(b, list(itertools.accumulate(terms, combine)), axis)

    return make


def _var(
    b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False
) -> Traced:
    array = _array(b, a)
    count = int(np.prod([array.shape[k] for k in _axes(array.shape, axis)]))
    if not count:
        raise ValueError("the variance of no numbers")
    away = array - _mean(b, array, axis, keepdims=True)
    total = _sum(b, away * away, axis, dtype, out, keepdims)
    return _result(b, b.div(total.node, b.const(float(max(count - ddof, 0)))))


def _std(b: Builder, *args: Any, **kwargs: Any) -> Traced:
    return _result(b, b.elementwise("sqrt", _var(b, *args, **kwargs).node))


def _average(b: Builder, a: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return _mean(b, a, axis)
    array, shape = _array(b, a), np.shape(a)
    if np.shape(weights) != shape:
        if axis is None or np.shape(weights) != (shape[axis],):
            raise ValueError("weights must have the shape of the array, or of its axis")
        weights = np.reshape(weights, [n if k == axis % len(shape) else 1 for k, n in enumerate(shape)])
    factors = Traced(b, b.broadcast(as_node(b, weights), shape))
    return _sum(b, array * factors, axis) / _sum(b, factors, axis)


def _ptp(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    return _folded("max", b, a, axis, out, keepdims) - _folded("min", b, a, axis, out, keepdims)


def _round(b: Builder, a: Any, decimals: int = 0, out: Any = None) -> Traced:
    _check_reduction(None, out)
    unit, node = b.const(10.0 ** abs(decimals)), as_node(b, a)
    scaled = b.mul(node, unit) if decimals >= 0 else b.div(node, unit)
    nearest = b.elementwise("rint", scaled)
    return _result(b, b.div(nearest, unit) if decimals >= 0 else b.mul(nearest, unit))


def _all(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    truth = _result(b, b.elementwise("ne", as_node(b, a), b.const(0.0)))
    return _result(b, _folded("min", b, truth, axis, out, bool(keepdims)).node, is_bool=True)


def _any(b: Builder, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    truth = _result(b, b.elementwise("ne", as_node(b, a), b.const(0.0)))
    return _result(b, _folded("max", b, truth, axis, out, bool(keepdims)).node, is_bool=True)


def _select(b: Builder, condlist: Any, choicelist: Any, default: Any = 0) -> Traced:
    """The first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("as many conditions as choices are needed")
    total = as_node(b, default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        total = b.select(as_node(b, condition), as_node(b, choice), total)
    return _result(b, total)


def _trapezoid(b: Builder, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    if axis not in (-1, np.ndim(y) - 1) or np.ndim(x) > 1:
        refuse("np.trapezoid along an axis that is not the last", "transpose first")
    steps = dx if x is None else _diff(b, x)
    return np.sum(steps * (_array(b, y)[..., 1:] + _array(b, y)[..., :-1]) / 2.0, axis=-1)


def _diff(b: Builder, a: Any, n: int = 1, axis: int = -1) -> Traced:
    array = _array(b, a)
    (axis,) = _axes(array.shape, axis)
    before = (slice(None),) * axis
    for _ in range(n):
        array = array[(*before, slice(1, None))] - array[(*before, slice(None, -1))]
    return array


def _clip(
    b: Builder, a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None
) -> Traced:
    _check_reduction(None, out)
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    array = _array(b, a)
    array = array if low is None else np.maximum(array, low)
    return array if high is None else np.minimum(array, high)


def _outer(b: Builder, p: Any, q: Any, out: Any = None) -> Traced:
    _check_reduction(None, out)
    column = _array(b, p).ravel()[:, np.newaxis]
    return _result(b, b.mul(column.node, _array(b, q).ravel().node))


def _norm(b: Builder, a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Traced:
    node = as_node(b, a)
    axes = _axes(node.shape, axis)
    frobenius = ord is None or (ord == "fro" and len(axes) == 2)
    if not frobenius and (len(axes) != 1 or isinstance(ord, str)):
        refuse(f"np.linalg.norm with ord={ord!r} of {len(axes)} axes cannot be traced", "write the norm out")
    if not frobenius and ord != 2:
        return _vector_norm(b, node, float(ord), axes, keepdims)
    square = b.sum(b.mul(node, node), axes)
    return _kept(b, b.elementwise("sqrt", square), node.shape, axes, bool(keepdims))


def _vector_norm(b: Builder, node: Node, order: float, axes: tuple[int, ...], keepdims: bool) -> Traced:
    sizes = b.elementwise("abs", node)
    if abs(order) == np.inf:
        return _folded("max" if order > 0 else "min", b, _result(b, sizes), axes, None, keepdims)
    if order == 0:
        total = b.sum(b.elementwise("ne", node, b.const(0.0)), axes)
    else:
        total = b.power(b.sum(b.power(sizes, order), axes), 1.0 / order)
    return _kept(b, total, node.shape, axes, bool(keepdims))


def _where(b: Builder, condition: Any, *choices: Any) -> Traced:
    if len(choices) != 2:
        refuse("np.where with one argument cannot be traced", "write np.where(condition, a, b)")
    node = b.select(as_node(b, condition), *(as_node(b, c) for c in choices))
    return _result(b, node, all(is_bool(c) for c in choices))


def _concatenate(b: Builder, arrays: Any, axis: Any = 0) -> Traced:
    parts = [as_node(b, a) for a in arrays]
    if axis is None:
        parts, axis = [b.reshape(p, (p.size,)) for p in parts], 0
    axis = np.lib.array_utils.normalize_axis_index(axis, len(parts[0].shape))
    rest = {tuple(n for k, n in enumerate(p.shape) if k != axis) for p in parts}
    if len(rest) > 1 or len({len(p.shape) for p in parts}) > 1:
        refuse(f"np.concatenate of shapes {[p.shape for p in parts]}", "mend the shapes")
    return _result(b, b.concatenate(parts, axis), all(is_bool(a) for a in arrays))


def _stack(b: Builder, arrays: Any, axis: int = 0) -> Traced:
    parts = [as_node(b, a) for a in arrays]
    if len({p.shape for p in parts}) > 1:
        refuse(f"np.stack of shapes {[p.shape for p in parts]}", "mend the shapes")
    axis = np.lib.array_utils.normalize_axis_index(axis, len(parts[0].shape) + 1)
    rows = [b.view(p, lambda a: np.expand_dims(a, axis)) for p in parts]
    return _result(b, b.concatenate(rows, axis), all(is_bool(a) for a in arrays))


def _hstack(b: Builder, arrays: Any) -> Traced:
    parts = [_array(b, a).view(np.atleast_1d) for a in arrays]
    return _concatenate(b, parts, 0 if parts[0].ndim == 1 else 1)


def _vstack(b: Builder, tup: Any) -> Traced:
    rows = [_array(b, a) for a in tup]
    return _concatenate(b, [a if a.ndim > 1 else a.reshape(1, -1) for a in rows])


def _column_stack(b: Builder, tup: Any) -> Traced:
    columns = [_array(b, a) for a in tup]
    return _concatenate(b, [a if a.ndim > 1 else a.reshape(-1, 1) for a in columns], 1)


def _append(b: Builder, arr: Any, values: Any, axis: Any = None) -> Traced:
    if axis is None:
        arr, values = _array(b, arr).ravel(), _array(b, values).ravel()
    return _concatenate(b, [arr, values], axis or 0)


def _array(b: Builder, a: Any) -> Traced:
    return a if isinstance(a, Traced) else Traced(b, as_node(b, a))


def _viewing(change: Callable[..., Any]) -> Callable[..., Traced]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> Traced:
        return _array(b, a).view(lambda array: change(array, *args, **kwargs))

    return make


def _full_like(b: Builder, a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True) -> Traced:
    if not is_float64(dtype):
        refuse(f"a traced array stays float64 (dtype={dtype!r} was asked for)", "leave dtype out")
    return _result(b, b.broadcast(as_node(b, fill_value), as_node(b, a).shape))


FUNCTIONS: dict[str, Callable[..., Any]] = (
    MOVING
    | PRODUCTS
    | {
        "sum": _sum,
        "mean": _mean,
        "dot": lambda b, p, q, out=None: _result(b, dot(b, as_node(b, p), as_node(b, q))),
        "where": _where,
        "concatenate": _concatenate,
        "stack": _stack,
        "hstack": _hstack,
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
        "round": _round,
        "around": _round,
        "fix": lambda b, x, out=None: _result(b, composites.trunc(b, as_node(b, x))),
        "sinc": lambda b, x: _result(b, composites.sinc(b, as_node(b, x))),
        "all": _all,
        "any": _any,
        "select": _select,
        "trapezoid": _trapezoid,
        "vstack": _vstack,
        "column_stack": _column_stack,
        "append": _append,
        "diff": _diff,
        "clip": _clip,
        "outer": _outer,
        "reshape": lambda b, a, shape, order="C", copy=None: _array(b, a).reshape(shape, order=order),
        "ravel": lambda b, a, order="C": _array(b, a).ravel(order),
        "transpose": _viewing(np.transpose),
        "squeeze": _viewing(np.squeeze),
        "expand_dims": _viewing(np.expand_dims),
        "atleast_1d": lambda b, a: _array(b, a).view(np.atleast_1d),
        "broadcast_to": _viewing(np.broadcast_to),
        "copy": lambda b, a, order="K", subok=False: _result(b, as_node(b, a), is_bool(a)),
        "empty_like": lambda b, a, *args, **kwargs: _full_like(b, a, 0.0, *args, **kwargs),
        "zeros_like": lambda b, a, *args, **kwargs: _full_like(b, a, 0.0, *args, **kwargs),
        "ones_like": lambda b, a, *args, **kwargs: _full_like(b, a, 1.0, *args, **kwargs),
        "full_like": _full_like,
        "shape": lambda b, a: as_node(b, a).shape,
        "size": lambda b, a, axis=None: as_node(b, a).size if axis is None else as_node(b, a).shape[axis],
        "ndim": lambda b, a: len(as_node(b, a).shape),
    }
)
