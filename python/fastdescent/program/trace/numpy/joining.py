"""NumPy functions that join arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.kinds import kind_of
from fastdescent.program.trace.numpy.arrays import array_of, of_kind
from fastdescent.program.trace.numpy.moving import rearranged
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _concatenate(b: Builder, arrays: Any, axis: Any = 0) -> Traced:
    nodes = [as_node(b, a) for a in arrays]
    if axis is None:
        nodes, axis = [b.reshape(node, (node.size,)) for node in nodes], 0
    axis = np.lib.array_utils.normalize_axis_index(axis, len(nodes[0].shape))
    other_lengths = {tuple(n for k, n in enumerate(node.shape) if k != axis) for node in nodes}
    if len(other_lengths) > 1 or len({len(node.shape) for node in nodes}) > 1:
        refuse(f"np.concatenate of shapes {[node.shape for node in nodes]}", "fix the shapes")
    return of_kind(b, b.concatenate(nodes, axis), kind_of(list(arrays)))


def stack(b: Builder, arrays: Any, axis: int = 0) -> Traced:
    nodes = [as_node(b, a) for a in arrays]
    if len({n.shape for n in nodes}) > 1:
        refuse(f"np.stack of shapes {[n.shape for n in nodes]}", "fix the shapes")
    axis = np.lib.array_utils.normalize_axis_index(axis, len(nodes[0].shape) + 1)
    expanded = [b.view(n, lambda a: np.expand_dims(a, axis)) for n in nodes]
    return of_kind(b, b.concatenate(expanded, axis), kind_of(list(arrays)))


def _hstack(b: Builder, arrays: Any) -> Traced:
    lines = [array_of(b, a).view_by(np.atleast_1d) for a in arrays]
    return _concatenate(b, lines, 0 if lines[0].ndim == 1 else 1)


def _vstack(b: Builder, tup: Any) -> Traced:
    matrices = [array_of(b, a) for a in tup]
    return _concatenate(b, [a if a.ndim > 1 else a.reshape(1, -1) for a in matrices])


def _column_stack(b: Builder, tup: Any) -> Traced:
    columns = [array_of(b, a) for a in tup]
    return _concatenate(b, [a if a.ndim > 1 else a.reshape(-1, 1) for a in columns], 1)


def _append(b: Builder, arr: Any, values: Any, axis: Any = None) -> Traced:
    if axis is None:
        arr, values = array_of(b, arr).ravel(), array_of(b, values).ravel()
    return _concatenate(b, [arr, values], axis or 0)


def _dstack(b: Builder, tup: Any) -> Traced:
    return _concatenate(b, [np.atleast_3d(array_of(b, a)) for a in tup], 2)


def _block(b: Builder, arrays: Any) -> Traced:
    """np.block: innermost lists are joined along the last axis, the lists around them along the axis before."""

    def leaves(nested: Any) -> list[Any]:
        return [leaf for inner in nested for leaf in leaves(inner)] if isinstance(nested, list) else [nested]

    def nested_as(nested: Any, flat: Iterator[Any]) -> Any:
        return [nested_as(inner, flat) for inner in nested] if isinstance(nested, list) else next(flat)

    return rearranged(b, leaves(arrays), lambda *indexed: np.block(nested_as(arrays, iter(indexed))))


def _insert(b: Builder, arr: Any, obj: Any, values: Any, axis: int | None = None) -> Traced:
    return rearranged(b, [arr, values], lambda indices, inserted: np.insert(indices, obj, inserted, axis))


def _broadcast_arrays(b: Builder, *args: Any, subok: bool = False) -> tuple[Any, ...]:
    arrays = [array_of(b, a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return tuple(np.broadcast_to(a, shape) for a in arrays)


def _meshgrid(b: Builder, *xi: Any, copy: bool = True, **options: Any) -> tuple[Traced, ...]:
    axes = [array_of(b, a).ravel() for a in xi]
    shapes: list[Any] = [np.empty(a.size, np.int8) for a in axes]

    def coordinate(k: int) -> Traced:
        view = axes[k].view_by(lambda a: np.meshgrid(*shapes[:k], a, *shapes[k + 1 :], copy=False, **options)[k])
        return view.copy() if copy else view

    return tuple(coordinate(k) for k in range(len(axes)))


JOINING: dict[str, Callable[..., Any]] = {
    "concatenate": _concatenate,
    "stack": stack,
    "hstack": _hstack,
    "vstack": _vstack,
    "column_stack": _column_stack,
    "append": _append,
    "dstack": _dstack,
    "block": _block,
    "insert": _insert,
    "broadcast_arrays": _broadcast_arrays,
    "meshgrid": _meshgrid,
}
