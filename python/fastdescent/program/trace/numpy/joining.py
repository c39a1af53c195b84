"""NumPy functions that join arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy.arrays import array_of, result
from fastdescent.program.trace.numpy.moving import arranged
from fastdescent.program.trace.numpy.ufuncs import is_bool
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _concatenate(b: Builder, arrays: Any, axis: Any = 0) -> Traced:
    parts = [as_node(b, a) for a in arrays]
    if axis is None:
        parts, axis = [b.reshape(p, (p.size,)) for p in parts], 0
    axis = np.lib.array_utils.normalize_axis_index(axis, len(parts[0].shape))
    rest = {tuple(n for k, n in enumerate(p.shape) if k != axis) for p in parts}
    if len(rest) > 1 or len({len(p.shape) for p in parts}) > 1:
        refuse(f"np.concatenate of shapes {[p.shape for p in parts]}", "mend the shapes")
    return result(b, b.concatenate(parts, axis), all(is_bool(a) for a in arrays))


def stack(b: Builder, arrays: Any, axis: int = 0) -> Traced:
    parts = [as_node(b, a) for a in arrays]
    if len({p.shape for p in parts}) > 1:
        refuse(f"np.stack of shapes {[p.shape for p in parts]}", "mend the shapes")
    axis = np.lib.array_utils.normalize_axis_index(axis, len(parts[0].shape) + 1)
    rows = [b.view(p, lambda a: np.expand_dims(a, axis)) for p in parts]
    return result(b, b.concatenate(rows, axis), all(is_bool(a) for a in arrays))


def _hstack(b: Builder, arrays: Any) -> Traced:
    parts = [array_of(b, a).showing(np.atleast_1d) for a in arrays]
    return _concatenate(b, parts, 0 if parts[0].ndim == 1 else 1)


def _vstack(b: Builder, tup: Any) -> Traced:
    rows = [array_of(b, a) for a in tup]
    return _concatenate(b, [a if a.ndim > 1 else a.reshape(1, -1) for a in rows])


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
    """As np.concatenate of the innermost lists along the last axis, of those that hold them along the one before."""

    def leaves(nested: Any) -> list[Any]:
        return [leaf for part in nested for leaf in leaves(part)] if isinstance(nested, list) else [nested]

    def shaped(nested: Any, numbered: Iterator[Any]) -> Any:
        return [shaped(part, numbered) for part in nested] if isinstance(nested, list) else next(numbered)

    return arranged(b, leaves(arrays), lambda *numbered: np.block(shaped(arrays, iter(numbered))))


def _insert(b: Builder, arr: Any, obj: Any, values: Any, axis: int | None = None) -> Traced:
    return arranged(b, [arr, values], lambda places, inserted: np.insert(places, obj, inserted, axis))


def _broadcast_arrays(b: Builder, *args: Any, subok: bool = False) -> tuple[Any, ...]:
    arrays = [array_of(b, a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return tuple(np.broadcast_to(a, shape) for a in arrays)


def _meshgrid(b: Builder, *xi: Any, copy: bool = True, **options: Any) -> tuple[Traced, ...]:
    axes = [array_of(b, a).ravel() for a in xi]
    shapes: list[Any] = [np.empty(a.size, np.int8) for a in axes]

    def part(k: int) -> Traced:
        view = axes[k].showing(lambda a: np.meshgrid(*shapes[:k], a, *shapes[k + 1 :], copy=False, **options)[k])
        return view.copy() if copy else view

    return tuple(part(k) for k in range(len(axes)))


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
