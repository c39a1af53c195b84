"""What NumPy would have for traced values, which are all floats here: booleans, integers or floats.

NumPy itself is asked what a ufunc makes of them: a sum of two booleans is a boolean, of a boolean and an integer an
integer, and the difference of two booleans an error.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from fastdescent.program.trace.array import TracedArray
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.unknown import Unknown

Kind = np.dtype[Any]
BOOL, INT, FLOAT = np.dtype(bool), np.dtype(np.int64), np.dtype(np.float64)


def kind_of(value: Any) -> Kind:
    """BOOL, INT or FLOAT."""
    if isinstance(value, TracedArray):
        return value._kind
    if isinstance(value, Unknown):
        return kind_of(getattr(value, "array", 0.0))
    if isinstance(value, list | tuple):
        return max((kind_of(v) for v in value), key=_RANKS.__getitem__, default=FLOAT)
    array = np.asarray(value)
    if array.dtype == object and array.ndim:
        return max((kind_of(v) for v in array.flat), key=_RANKS.__getitem__, default=FLOAT)
    return BOOL if array.dtype.kind == "b" else INT if array.dtype.kind in "iu" else FLOAT


_RANKS = {BOOL: 0, INT: 1, FLOAT: 2}


def counted(kind: Kind) -> Kind:
    """The kind of a sum: booleans are counted."""
    return INT if kind == BOOL else kind


def flags(kind: Kind) -> dict[str, bool]:
    """The arguments of a traced array of this kind."""
    return {"is_bool": kind == BOOL, "is_int": kind == INT}


@functools.cache
def result_kinds(ufunc: np.ufunc, *kinds: Kind) -> tuple[Kind, ...]:
    """The kinds of the results. Raises TraceError if NumPy has none, or results with fewer digits."""
    try:
        dtypes = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout))[ufunc.nin :]
    except TypeError:
        what = "booleans" if all(k == BOOL for k in kinds) else "numbers"
        refuse(f"np.{ufunc.__name__} of {what}, which NumPy refuses", "multiply them by 1.0 first")
    if any(dtype.kind == "f" and dtype.itemsize < 8 for dtype in dtypes) and not _is_exact(ufunc):
        refuse(f"np.{ufunc.__name__} of booleans, for which NumPy has few digits only", "multiply them by 1.0 first")
    return tuple(BOOL if d.kind == "b" else INT if d.kind in "iu" else FLOAT for d in dtypes)


def _is_exact(ufunc: np.ufunc) -> bool:
    """Whether the few digits that NumPy gives results of booleans are all that they have."""
    with np.errstate(all="ignore"):
        pairs = itertools.product((False, True), repeat=ufunc.nin)
        few, all_digits = zip(*((ufunc(*p), ufunc(*map(float, p))) for p in pairs), strict=True)
    return np.array_equal(np.asarray(few, float), np.asarray(all_digits, float), equal_nan=True)
