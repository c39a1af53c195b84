"""Functions of numpy.linalg: norms, and functions of the last axes as in the array API standard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.numpy.arrays import array_of
from fastdescent.program.trace.numpy.products import product_of
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.products import vecdot
from fastdescent.program.trace.tracer import Traced


def _vector_norm(b: Builder, x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of all elements, or of those along some axes, which become one axis."""
    array = array_of(b, x)
    axes = tuple(range(array.ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, array.ndim)
    others = [k for k in range(array.ndim) if k not in axes]
    lines = array.transpose(*others, *axes).reshape([array.shape[k] for k in others] + [-1])
    norms = np.linalg.norm(lines, ord, axis=-1)
    return np.expand_dims(norms, axes) if keepdims else norms


def _matrix_norm(b: Builder, x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(array_of(b, x), ord, (-2, -1), keepdims)


def _vecdot(b: Builder, p: Any, q: Any, axis: int = -1) -> Traced:
    def lines(a: Any) -> Node:
        array: Any = array_of(b, a)
        return as_node(b, np.moveaxis(array, axis, -1))

    return product_of(b, vecdot(b, lines(p), lines(q)), p, q)


LINALG: dict[str, Callable[..., Any]] = {
    "linalg.vector_norm": _vector_norm,
    "linalg.matrix_norm": _matrix_norm,
    "linalg.vecdot": _vecdot,
    "linalg.matmul": lambda b, p, q: np.matmul(array_of(b, p), q),
    "linalg.trace": lambda b, x, offset=0, dtype=None: np.trace(array_of(b, x), offset, -2, -1, dtype),
    "linalg.diagonal": lambda b, x, offset=0: np.diagonal(array_of(b, x), offset, -2, -1),
}
