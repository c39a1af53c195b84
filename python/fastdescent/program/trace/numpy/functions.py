"""The table of NumPy's functions that are not ufuncs, and the functions that choose and round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent._base.checks import nearest
from fastdescent._base.errors import TraceError
from fastdescent.program.graph import composites
from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.kinds import BOOL, FLOAT, INT, kind_of
from fastdescent.program.trace.numpy.arrays import array_of, of_kind, refuse_options, result
from fastdescent.program.trace.numpy.choosing import CHOOSING
from fastdescent.program.trace.numpy.joining import JOINING
from fastdescent.program.trace.numpy.linalg import LINALG
from fastdescent.program.trace.numpy.matrices import MATRICES
from fastdescent.program.trace.numpy.moving import MOVING
from fastdescent.program.trace.numpy.products import PRODUCTS
from fastdescent.program.trace.numpy.reductions import REDUCING
from fastdescent.program.trace.numpy.samples import SAMPLES
from fastdescent.program.trace.numpy.setting import SETTING
from fastdescent.program.trace.numpy.sorting import SORTING
from fastdescent.program.trace.operands import as_node, numbers_in
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

#: Functions that cannot be traced, and what to write.
_INSTEAD = {
    "unique": ("it has as many values as are different", "np.sort(x), if the values may occur twice"),
    "argwhere": ("it has as many rows as there are values that are not 0", "np.where(condition, a, b)"),
    "histogram": ("its counts are constant but for jumps", "a smooth sum, such as np.sum(np.exp(-((x - c) / w)**2))"),
    "bincount": ("its places must be constant", "np.bincount(constant, weights=x)"),
    "lexsort": ("it orders by several keys", "np.argsort(x)"),
    "fft": ("it is complex", "cosines and sines by np.cos and np.sin, or a constant matrix"),
}


def apply_function(b: Builder, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The traced result of a NumPy function."""
    make = FUNCTIONS.get(func.__name__)
    if func.__module__ == "numpy.linalg":  # some names are those of two functions
        make = FUNCTIONS.get(f"linalg.{func.__name__}", make)
    if make is None and (known := numbers_in([args, dict(kwargs)])) is not None:
        return func(*known[0], **known[1])
    if make is None and func.__name__ in _INSTEAD:
        why, instead = _INSTEAD[func.__name__]
        refuse(f"np.{func.__name__} cannot be traced: {why}", f"write {instead}")
    if make is None:
        refuse(f"np.{func.__name__} cannot be traced{nearest(func.__name__, FUNCTIONS)}",
               "write it with other functions; the documentation's page on programs lists those that can")  # fmt: skip
    try:
        return make(b, *args, **kwargs)
    except TraceError:
        raise
    except (np.exceptions.AxisError, ValueError, TypeError) as error:
        refuse(f"np.{func.__name__}: {str(error).rpartition('() ')[2]}", "fix the call")


def _round(b: Builder, a: Any, decimals: int = 0, out: Any = None) -> Traced:
    refuse_options(None, out)
    unit, node = b.const(10.0 ** abs(decimals)), as_node(b, a)
    scaled = b.mul(node, unit) if decimals >= 0 else b.div(node, unit)
    nearest = b.elementwise("rint", scaled)
    if kind_of(a) == BOOL and decimals:
        refuse("np.round of booleans to decimals", "leave the decimals out")
    rounded = b.div(nearest, unit) if decimals >= 0 else b.mul(nearest, unit)
    return of_kind(b, rounded, kind_of(a) if kind_of(a) == INT else FLOAT)


def _outer(b: Builder, p: Any, q: Any, out: Any = None) -> Traced:
    refuse_options(None, out)
    column = array_of(b, p).ravel()[:, np.newaxis]
    return of_kind(b, b.mul(column.node, array_of(b, q).ravel().node), kind_of([p, q]))


def _full_like(b: Builder, a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True) -> Any:
    """Of the dtype of the array, as NumPy has it: booleans like booleans."""
    wanted = kind_of(a) if dtype is None else np.dtype(dtype)
    filled: Any = of_kind(b, b.broadcast(as_node(b, fill_value), as_node(b, a).shape), kind_of(fill_value))
    return filled.astype(wanted)


def _apply_along_axis(b: Builder, func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    array: Any = array_of(b, arr)
    lines = np.moveaxis(array, axis, -1)
    found = [func1d(lines[index], *args, **kwargs) for index in np.ndindex(lines.shape[:-1])]
    stacked: Any = np.stack([array_of(b, value) for value in found])
    shape = stacked.shape[1:]
    apart = stacked.reshape((*lines.shape[:-1], *shape))
    places = range(axis % array.ndim, axis % array.ndim + len(shape))
    return np.moveaxis(apart, range(apart.ndim - len(shape), apart.ndim), places) if shape else apart


FUNCTIONS: dict[str, Callable[..., Any]] = (
    MOVING
    | JOINING
    | REDUCING
    | PRODUCTS
    | SAMPLES
    | SORTING
    | CHOOSING
    | SETTING
    | LINALG
    | MATRICES
    | {
        "round": _round,
        "around": _round,
        "fix": lambda b, x, out=None: of_kind(b, composites.trunc(b, as_node(b, x)), kind_of(x)),
        "sinc": lambda b, x: result(b, composites.sinc(b, as_node(b, x))),
        "outer": _outer,
        "apply_along_axis": _apply_along_axis,
        "copy": lambda b, a, order="K", subok=False: of_kind(b, as_node(b, a), kind_of(a)),
        "empty_like": lambda b, a, *args, **kwargs: _full_like(b, a, 0.0, *args, **kwargs),
        "zeros_like": lambda b, a, *args, **kwargs: _full_like(b, a, 0.0, *args, **kwargs),
        "ones_like": lambda b, a, *args, **kwargs: _full_like(b, a, 1.0, *args, **kwargs),
        "full_like": _full_like,
        "astype": lambda b, x, dtype, copy=True, device=None: array_of(b, x).astype(dtype, copy=copy),
        "real_if_close": lambda b, a, tol=100: array_of(b, a),
        "real": lambda b, val: array_of(b, val).real,
        "imag": lambda b, val: array_of(b, val).imag,
        "result_type": lambda b, *arrays: np.dtype(np.float64),
        "iscomplexobj": lambda b, x: False,
        "isrealobj": lambda b, x: True,
        "shape": lambda b, a: as_node(b, a).shape,
        "size": lambda b, a, axis=None: as_node(b, a).size if axis is None else as_node(b, a).shape[axis],
        "ndim": lambda b, a: len(as_node(b, a).shape),
    }
)
