"""NumPy functions that only move elements. Where NumPy gives views so do they; else NumPy moves the numbers of the
elements, and they are gathered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.program.build import Builder, view_of
from fastdescent.program.graph import Node
from fastdescent.program.numpy_arrays import array_of
from fastdescent.program.numpy_ufuncs import is_bool, progressions
from fastdescent.program.source import refuse
from fastdescent.program.trace import Traced, as_node
from fastdescent.program.views import View


def gather(array: Traced, key: Any) -> Traced:
    """array[key] where the key holds constant lists or arrays of integers (or of booleans)."""
    node = array.node
    try:
        wanted = np.arange(node.size).reshape(node.shape)[key]
    except IndexError as error:
        refuse(f"an index of an array of shape {node.shape} ({error})", "mend the index")
    return Traced(array.builder, chosen(array.builder, node, wanted), is_bool=array.is_bool, fresh=True)


def chosen(b: Builder, node: Node, wanted: npt.NDArray[np.int64]) -> Node:
    """The elements whose numbers, in C order, are `wanted`."""
    base, view = view_of(node)
    rows = view.rows().ravel()[wanted.ravel()]
    pieces = [(b.place(base, shown), View(cut.start, (1,), shown.shape)) for cut, shown in progressions(rows)]
    return b.assemble(wanted.shape, pieces)


def _moving(function: Callable[..., Any]) -> Callable[..., Any]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> Any:
        node = as_node(b, a)
        wanted = function(np.arange(node.size).reshape(node.shape), *args, **kwargs)
        return Traced(b, chosen(b, node, np.asarray(wanted)), is_bool=is_bool(a), fresh=True)

    return make


def _diag(b: Builder, v: Any, k: int = 0) -> Traced:
    node = as_node(b, v)
    if len(node.shape) != 1:
        return Traced(b, chosen(b, node, np.diag(np.arange(node.size).reshape(node.shape), k)), fresh=True)
    places = np.diag(np.arange(1, node.size + 1), k)
    spread = chosen(b, node, np.maximum(places - 1, 0))
    return Traced(b, b.select(b.const(places > 0), spread, b.const(0.0)), fresh=True)


def _part(mask: Callable[..., Any]) -> Callable[..., Traced]:
    def make(b: Builder, m: Any, k: int = 0) -> Traced:
        node = as_node(b, m)
        return Traced(b, b.select(b.const(mask(np.ones(node.shape), k)), node, b.const(0.0)), fresh=True)

    return make


def _viewing(change: Callable[..., Any]) -> Callable[..., Traced]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> Traced:
        return array_of(b, a).view(lambda array: change(array, *args, **kwargs))

    return make


def _dividing(function: Callable[..., Any]) -> Callable[..., list[Traced]]:
    def make(b: Builder, a: Any, *args: Any, **kwargs: Any) -> list[Traced]:
        array = array_of(b, a)
        n_parts = len(function(np.empty(array.shape, np.int8), *args, **kwargs))

        def part(k: int) -> Traced:
            return array.view(lambda v: function(v, *args, **kwargs)[k])

        return [part(k) for k in range(n_parts)]

    return make


_COPYING = ("roll", "tile", "repeat", "take", "delete")
_VIEWING = ("transpose", "squeeze", "expand_dims", "broadcast_to", "atleast_1d", "atleast_2d", "swapaxes", "moveaxis",
            "diagonal", "flip", "fliplr", "flipud", "rot90")  # fmt: skip
_DIVIDING = ("split", "array_split", "hsplit", "vsplit")
MOVING: dict[str, Callable[..., Any]] = (
    {name: _moving(getattr(np, name)) for name in _COPYING}
    | {name: _viewing(getattr(np, name)) for name in _VIEWING}
    | {name: _dividing(getattr(np, name)) for name in _DIVIDING}
    | {
        "reshape": lambda b, a, shape, order="C", copy=None: array_of(b, a).reshape(shape, order=order),
        "ravel": lambda b, a, order="C": array_of(b, a).ravel(order),
        "diag": _diag,
        "triu": _part(np.triu),
        "tril": _part(np.tril),
    }
)
