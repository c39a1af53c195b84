"""softmax, log_softmax and logsumexp of scipy.special on traced values.

SciPy's functions are written in Python and compare values, which traced values cannot do. Copies of functions see these
in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy.arrays import array_of


def _softmax(builder: Builder, /, x: Any, axis: Any = None) -> Any:
    array: Any = array_of(builder, x)
    terms = np.exp(array - np.max(array, axis, keepdims=True))
    return terms / np.sum(terms, axis, keepdims=True)


def _log_softmax(builder: Builder, /, x: Any, axis: Any = None) -> Any:
    array: Any = array_of(builder, x)
    shifted = array - _finite(np.max(array, axis, keepdims=True))
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


def _finite(largest: Any) -> Any:
    """The number to subtract from exponents so that none overflows."""
    return np.where(np.isfinite(largest), largest, 0.0)


def _logsumexp(
    builder: Builder, /, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    array: Any = array_of(builder, a)
    if b is not None:  # a term of weight 0 adds nothing, even if it is infinite
        array, b = np.broadcast_arrays(array, array_of(builder, b))
        array = np.where(b == 0, -np.inf, array)
    largest = _finite(np.max(array, axis, keepdims=True))
    terms = np.exp(array - largest)
    total = np.sum(terms if b is None else b * terms, axis, keepdims=True)
    result = np.log(np.abs(total) if return_sign else total) + largest
    result, sign = (v if keepdims else np.squeeze(v, axis) for v in (result, np.sign(total)))
    return (result, sign) if return_sign else result


#: By SciPy's public name: function(builder, *its arguments), called if one of them is traced.
SCIPY: dict[str, Callable[..., Any]] = {
    "scipy.special.softmax": _softmax,
    "scipy.special.log_softmax": _log_softmax,
    "scipy.special.logsumexp": _logsumexp,
}
