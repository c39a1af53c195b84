"""NumPy functions that join arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.build import Builder
from fastdescent.program.numpy_arrays import array_of, result
from fastdescent.program.numpy_ufuncs import is_bool
from fastdescent.program.source import refuse
from fastdescent.program.trace import Traced, as_node


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
    parts = [array_of(b, a).view(np.atleast_1d) for a in arrays]
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


JOINING: dict[str, Callable[..., Any]] = {
    "concatenate": _concatenate,
    "stack": stack,
    "hstack": _hstack,
    "vstack": _vstack,
    "column_stack": _column_stack,
    "append": _append,
}
