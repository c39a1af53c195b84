"""What NumPy functions that are not ufuncs become: reductions, joining, shaping, choosing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent.program.build import Builder, view_of
from fastdescent.program.graph import Node
from fastdescent.program.products import dot
from fastdescent.program.trace import Traced, as_node, refuse
from fastdescent.program.views import View, runs


def apply_function(b: Builder, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The traced result of a NumPy function."""
    make = FUNCTIONS.get(func.__name__)
    if make is None:
        refuse(f"np.{func.__name__} cannot be traced", "use " + ", ".join(sorted(FUNCTIONS)))
    try:
        return make(b, *args, **kwargs)
    except (np.exceptions.AxisError, ValueError) as error:
        refuse(f"np.{func.__name__}: {error}", "mend the call")


def _result(b: Builder, node: Node) -> Traced:
    return Traced(b, node, fresh=True)


def _axes(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(len(shape)))
    given = axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(np.lib.array_utils.normalize_axis_index(k, len(shape)) for k in given))


def _kept(b: Builder, node: Node, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> Node:
    return b.reshape(node, tuple(1 if k in axes else n for k, n in enumerate(shape))) if keepdims else node


def _sum(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    node = as_node(b, a)
    axes = _axes(node.shape, axis)
    return _result(b, _kept(b, b.sum(node, axes), node.shape, axes, bool(keepdims)))


def _mean(b: Builder, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Traced:
    node = as_node(b, a)
    axes = _axes(node.shape, axis)
    count = int(np.prod([node.shape[k] for k in axes]))
    mean = b.div(b.sum(node, axes), b.const(float(count)))
    return _result(b, _kept(b, mean, node.shape, axes, bool(keepdims)))


def _where(b: Builder, condition: Any, *choices: Any) -> Traced:
    if len(choices) != 2:
        refuse("np.where with one argument cannot be traced", "write np.where(condition, a, b)")
    return _result(b, b.select(as_node(b, condition), *(as_node(b, c) for c in choices)))


def _concatenate(b: Builder, arrays: Any, axis: Any = 0) -> Traced:
    parts = [as_node(b, a) for a in arrays]
    if axis is None:
        parts, axis = [b.reshape(p, (p.size,)) for p in parts], 0
    axis = np.lib.array_utils.normalize_axis_index(axis, len(parts[0].shape))
    rest = {tuple(n for k, n in enumerate(p.shape) if k != axis) for p in parts}
    if len(rest) > 1:
        refuse(f"np.concatenate of shapes {[p.shape for p in parts]}", "mend the shapes")
    return _result(b, b.concatenate(parts, axis))


def _stack(b: Builder, arrays: Any, axis: int = 0) -> Traced:
    parts = [as_node(b, a) for a in arrays]
    if len({p.shape for p in parts}) > 1:
        refuse(f"np.stack of shapes {[p.shape for p in parts]}", "mend the shapes")
    axis = np.lib.array_utils.normalize_axis_index(axis, len(parts[0].shape) + 1)
    return _result(b, b.concatenate([b.view(p, lambda a: np.expand_dims(a, axis)) for p in parts], axis))


def _hstack(b: Builder, arrays: Any) -> Traced:
    parts = [b.view(as_node(b, a), np.atleast_1d) for a in arrays]
    return _concatenate(b, [Traced(b, p) for p in parts], 0 if len(parts[0].shape) == 1 else 1)


def _viewing(change: Callable[..., Any]) -> Callable[..., Traced]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> Traced:
        return Traced(b, as_node(b, a)).view(lambda array: change(array, *args, **kwargs))

    return make


def _full_like(b: Builder, a: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Traced:
    return _result(b, b.broadcast(as_node(b, fill_value), as_node(b, a).shape))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "mean": _mean,
    "dot": lambda b, p, q, out=None: _result(b, dot(b, as_node(b, p), as_node(b, q))),
    "where": _where,
    "concatenate": _concatenate,
    "stack": _stack,
    "hstack": _hstack,
    "reshape": _viewing(np.reshape),
    "ravel": _viewing(lambda a: np.reshape(a, -1)),
    "transpose": _viewing(np.transpose),
    "squeeze": _viewing(np.squeeze),
    "expand_dims": _viewing(np.expand_dims),
    "atleast_1d": _viewing(np.atleast_1d),
    "broadcast_to": _viewing(np.broadcast_to),
    "copy": lambda b, a, *args, **kwargs: _result(b, as_node(b, a)),
    "zeros_like": lambda b, a, *args, **kwargs: _full_like(b, a, 0.0),
    "ones_like": lambda b, a, *args, **kwargs: _full_like(b, a, 1.0),
    "full_like": _full_like,
    "shape": lambda b, a: as_node(b, a).shape,
    "size": lambda b, a, axis=None: as_node(b, a).size if axis is None else as_node(b, a).shape[axis],
    "ndim": lambda b, a: len(as_node(b, a).shape),
}


def gather(array: Traced, key: Any) -> Traced:
    """array[key] where the key holds constant lists or arrays of integers (or of booleans)."""
    b, node = array.builder, array.node
    try:
        wanted = np.arange(node.size).reshape(node.shape)[key]
    except IndexError as error:
        refuse(f"an index of an array of shape {node.shape} ({error})", "mend the index")
    base, view = view_of(node)
    rows = view.rows().ravel()[wanted.ravel()]
    pieces, start = [], 0
    for cut in runs(rows[np.newaxis]):
        n = cut.stop - cut.start
        step = int(rows[cut.start + 1] - rows[cut.start]) if n > 1 else 1
        pieces.append((b.place(base, View(int(rows[cut.start]), (step,), (n,))), View(start, (1,), (n,))))
        start += n
    return Traced(b, b.assemble(wanted.shape, pieces), is_bool=array.is_bool)
