"""The table of NumPy's functions that are not ufuncs, and the functions that choose and round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent._base.errors import TraceError
from fastdescent.program.graph import composites
from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy.arrays import array_of, refuse_options, result
from fastdescent.program.trace.numpy.joining import JOINING
from fastdescent.program.trace.numpy.linalg import LINALG
from fastdescent.program.trace.numpy.moving import MOVING
from fastdescent.program.trace.numpy.products import PRODUCTS
from fastdescent.program.trace.numpy.reductions import REDUCING
from fastdescent.program.trace.numpy.samples import SAMPLES
from fastdescent.program.trace.numpy.setting import SETTING
from fastdescent.program.trace.numpy.ufuncs import is_bool, is_float64
from fastdescent.program.trace.operands import as_node, numbers_in
from fastdescent.program.trace.products import dot
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

#: Functions whose result depends on the order of values.
_COMPARING = {
    "sort", "argsort", "lexsort", "partition", "argpartition", "searchsorted", "digitize", "unique", "median",
    "quantile", "percentile", "argmax", "argmin", "nonzero", "flatnonzero", "argwhere", "histogram",
}  # fmt: skip


def apply_function(b: Builder, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The traced result of a NumPy function."""
    make = FUNCTIONS.get(func.__name__)
    if func.__module__ == "numpy.linalg":  # some names are those of two functions
        make = LINALG.get(f"linalg.{func.__name__}", make)
    if make is None and (known := numbers_in([args, dict(kwargs)])) is not None:
        return func(*known[0], **known[1])
    if make is None and func.__name__ in _COMPARING:
        refuse(f"np.{func.__name__} cannot be traced: it compares values that are not known yet",
               "write np.minimum, np.maximum, np.where or np.select")  # fmt: skip
    if make is None:
        refuse(f"np.{func.__name__} cannot be traced",
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
    return result(b, b.div(nearest, unit) if decimals >= 0 else b.mul(nearest, unit))


def _select(b: Builder, condlist: Any, choicelist: Any, default: Any = 0) -> Traced:
    """The first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("as many conditions as choices are needed")
    total = as_node(b, default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        total = b.select(as_node(b, condition), as_node(b, choice), total)
    return result(b, total)


def _clip(
    b: Builder, a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    refuse_options(None, out)
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    array: Any = +array_of(b, a)
    array = array if low is None else np.maximum(array, low)
    return array if high is None else np.minimum(array, high)


def _outer(b: Builder, p: Any, q: Any, out: Any = None) -> Traced:
    refuse_options(None, out)
    column = array_of(b, p).ravel()[:, np.newaxis]
    return result(b, b.mul(column.node, array_of(b, q).ravel().node))


def _where(b: Builder, condition: Any, *choices: Any) -> Traced:
    if len(choices) != 2:
        refuse("np.where with one argument cannot be traced", "write np.where(condition, a, b)")
    node = b.select(as_node(b, condition), *(as_node(b, c) for c in choices))
    return result(b, node, all(is_bool(c) for c in choices))


def _full_like(b: Builder, a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True) -> Traced:
    if not is_float64(dtype):
        refuse(f"a traced array stays float64 (dtype={dtype!r} was asked for)", "leave dtype out")
    return result(b, b.broadcast(as_node(b, fill_value), as_node(b, a).shape))


FUNCTIONS: dict[str, Callable[..., Any]] = (
    MOVING
    | JOINING
    | REDUCING
    | PRODUCTS
    | SAMPLES
    | SETTING
    | LINALG
    | {
        "dot": lambda b, p, q, out=None: result(b, dot(b, as_node(b, p), as_node(b, q))),
        "where": _where,
        "select": _select,
        "clip": _clip,
        "round": _round,
        "around": _round,
        "fix": lambda b, x, out=None: result(b, composites.trunc(b, as_node(b, x))),
        "sinc": lambda b, x: result(b, composites.sinc(b, as_node(b, x))),
        "outer": _outer,
        "copy": lambda b, a, order="K", subok=False: result(b, as_node(b, a), is_bool(a)),
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
