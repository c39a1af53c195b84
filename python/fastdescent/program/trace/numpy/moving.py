"""NumPy functions that only move elements.

If NumPy gives a view, so do they. Otherwise NumPy itself moves the *flat indices* of the elements, 0, 1, 2, ... in C
order, and the elements with these indices are gathered: np.roll(x, 1) of three elements is x[2], x[0], x[1], since
np.roll([0, 1, 2], 1) is [2, 0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.views import View
from fastdescent.program.trace.kinds import Kind, kind_of
from fastdescent.program.trace.numpy.arrays import array_of, of_kind
from fastdescent.program.trace.numpy.ufuncs import progressions
from fastdescent.program.trace.operands import as_node, holds_traced
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def gather(array: Traced, key: Any) -> Traced:
    """array[key], for a key with constant lists or arrays of integers or booleans."""
    node = array.node
    try:
        flat_indices = np.arange(node.size).reshape(node.shape)[key]
    except IndexError as error:
        refuse(f"an index of an array of shape {node.shape} ({error})", "fix the index")
    return of_kind(array.builder, elements_at(array.builder, node, flat_indices), kind_of(array))


def elements_at(b: Builder, node: Node, flat_indices: npt.NDArray[np.int64]) -> Node:
    """The elements with these flat indices; the result has the shape of `flat_indices`."""
    base, view = view_of(node)
    in_base = view.rows().ravel()[flat_indices.ravel()]
    pieces = [(b.place(base, source), View(cut.start, (1,), source.shape)) for cut, source in progressions(in_base)]
    return b.assemble(flat_indices.shape, pieces)


def rearranged(b: Builder, arrays: Sequence[Any], function: Callable[..., Any]) -> Traced:
    """A function of several arrays that only moves elements, counted through from the first array to the last."""
    nodes = [as_node(b, a) for a in arrays]
    starts = np.cumsum([0, *(n.size for n in nodes)])
    indexed = [start + np.arange(n.size).reshape(n.shape) for start, n in zip(starts, nodes, strict=False)]
    flat = b.concatenate([b.reshape(n, (n.size,)) for n in nodes], 0)
    return of_kind(b, elements_at(b, flat, function(*indexed)), kind_of(list(arrays)))


def _copying(function: Callable[..., Any]) -> Callable[..., Any]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> Any:
        if holds_traced((*args, *kwargs.values())):
            refuse(f"np.{function.__name__} with a traced value that is not the first argument", "give a constant")
        node = as_node(b, a)
        flat_indices = function(np.arange(node.size).reshape(node.shape), *args, **kwargs)
        return of_kind(b, elements_at(b, node, np.asarray(flat_indices)), kind_of(a))

    return make


def _diag(b: Builder, v: Any, k: int = 0) -> Traced:
    node = as_node(b, v)
    if len(node.shape) != 1:
        return array_of(b, v).view_by(lambda a: np.diag(a, k))
    return _placed(b, node, np.diag(np.arange(1, node.size + 1), k), 0.0, kind_of(v))


def _diagflat(b: Builder, v: Any, k: int = 0) -> Traced:
    node = as_node(b, v)
    return _placed(b, node, np.diagflat(np.arange(1, node.size + 1), k), 0.0, kind_of(v))


def _placed(b: Builder, node: Node, places: npt.NDArray[np.int64], default: Any, kind: Kind) -> Traced:
    """The elements whose flat indices plus 1 are in `places`, and `default` where `places` is 0."""
    moved = elements_at(b, node, np.maximum(places - 1, 0))
    return of_kind(b, b.select(b.const(places > 0), moved, as_node(b, default)), kind)


def _pad(b: Builder, array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Traced:
    if holds_traced(list(options.values())):
        refuse("np.pad with values that are traced", "write np.concatenate")
    node = as_node(b, array)
    places = np.arange(1, node.size + 1).reshape(node.shape)
    if mode == "constant":
        default = np.pad(np.zeros(node.shape), pad_width, mode, **options)
        return _placed(b, node, np.pad(places, pad_width), default, kind_of(array))
    if mode not in _PADDING or options.get("reflect_type", "even") != "even":
        refuse(f"np.pad with mode={mode!r} cannot be traced", f"use one of {', '.join(_PADDING)}, or np.concatenate")
    return _placed(b, node, np.pad(places, pad_width, mode, **options), 0.0, kind_of(array))


def _triangle(mask: Callable[..., Any]) -> Callable[..., Traced]:
    def make(b: Builder, m: Any, k: int = 0) -> Traced:
        node = as_node(b, m)
        return of_kind(b, b.select(b.const(mask(np.ones(node.shape), k)), node, b.const(0.0)), kind_of(m))

    return make


def _viewing(change: Callable[..., Any]) -> Callable[..., Traced]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> Traced:
        return array_of(b, a).view_by(lambda array: change(array, *args, **kwargs))

    return make


def _viewing_each(change: Callable[..., Any]) -> Callable[..., Any]:
    def make(b: Builder, *arrays: Any) -> Any:
        views = tuple(array_of(b, a).view_by(change) for a in arrays)
        return views[0] if len(views) == 1 else views

    return make


def _dividing(function: Callable[..., Any]) -> Callable[..., list[Traced]]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> list[Traced]:
        array = array_of(b, a)
        n_pieces = len(function(np.empty(array.shape, np.int8), *args, **kwargs))

        def piece(k: int) -> Traced:
            return array.view_by(lambda v: function(v, *args, **kwargs)[k])

        return [piece(k) for k in range(n_pieces)]

    return make


def _unstack(b: Builder, x: Any, axis: int = 0) -> tuple[Traced, ...]:
    return tuple(array_of(b, x).view_by(lambda a: np.moveaxis(a, axis, 0)))


_PADDING = ("constant", "edge", "reflect", "symmetric", "wrap")
_COPYING = ("roll", "tile", "repeat", "take", "delete", "take_along_axis", "resize")
_VIEWING = ("transpose", "squeeze", "expand_dims", "broadcast_to", "swapaxes", "moveaxis", "rollaxis", "diagonal",
            "matrix_transpose", "flip", "fliplr", "flipud", "rot90")  # fmt: skip
_VIEWING_EACH = ("atleast_1d", "atleast_2d", "atleast_3d")
_DIVIDING = ("split", "array_split", "hsplit", "vsplit")
MOVING: dict[str, Callable[..., Any]] = (
    {name: _copying(getattr(np, name)) for name in _COPYING}
    | {name: _viewing(getattr(np, name)) for name in _VIEWING}
    | {name: _viewing_each(getattr(np, name)) for name in _VIEWING_EACH}
    | {"sliding_window_view": _viewing(np.lib.stride_tricks.sliding_window_view)}
    | {name: _dividing(getattr(np, name)) for name in _DIVIDING}
    | {
        "reshape": lambda b, a, shape, order="C", copy=None: array_of(b, a).reshape(shape, order=order, copy=copy),
        "unstack": _unstack,
        "ravel": lambda b, a, order="C": array_of(b, a).ravel(order),
        "diag": _diag,
        "diagflat": _diagflat,
        "pad": _pad,
        "triu": _triangle(np.triu),
        "tril": _triangle(np.tril),
    }
)
