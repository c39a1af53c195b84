"""NumPy functions that only move elements: NumPy moves the numbers of the elements, and they are gathered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.program.build import Builder, view_of
from fastdescent.program.graph import Node
from fastdescent.program.numpy_ufuncs import is_bool, progressions
from fastdescent.program.trace import Traced, as_node, refuse
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
        if isinstance(wanted, list | tuple):
            return [Traced(b, chosen(b, node, part), is_bool=is_bool(a), fresh=True) for part in wanted]
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


_NAMES = ("roll", "flip", "fliplr", "flipud", "rot90", "tile", "repeat", "take", "delete", "diagonal", "split",
          "array_split", "hsplit", "vsplit", "swapaxes", "moveaxis", "atleast_2d")  # fmt: skip
MOVING: dict[str, Callable[..., Any]] = {name: _moving(getattr(np, name)) for name in _NAMES} | {
    "diag": _diag,
    "triu": _part(np.triu),
    "tril": _part(np.tril),
}
