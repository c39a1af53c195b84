"""Random starts, as cpp/include/fastdescent/philox.hpp and cpp/src/starts.cpp."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.engines.numba.intrinsics import body, compiled

_LOW = np.uint64(0xFFFFFFFF)
_A, _B = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_GOLDEN, _ROOT = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_32, _11, _ONE = np.uint64(32), np.uint64(11), np.uint64(1)
_STARTS = np.uint64(2 << 24)  #: the stream


@compiled
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Four random words of 32 bits, by Philox4x32-10; all are uint64."""
    for _ in range(10):
        a, b = _A * c0, _B * c2
        c0, c1, c2, c3 = (b >> _32) ^ c1 ^ k0, b & _LOW, (a >> _32) ^ c3 ^ k1, a & _LOW
        k0, k1 = (k0 + _GOLDEN) & _LOW, (k1 + _ROOT) & _LOW
    return c0, c1, c2, c3


@compiled
def unit(low: Any, high: Any) -> float:
    """A multiple of 2^-53 in (0, 1]."""
    return np.float64(((high << _32 | low) >> _11) + _ONE) * 2.0**-53


@body
def uniform(window: Any, first: Any, key: Any, out: Any) -> None:
    """Fills out (n, dim) with the random points first, first + 1, ... of the seed `key`."""
    n, dim = out.shape
    zero = np.uint64(0)
    for i in range(n):
        index = first + np.uint64(i)
        for k in range(0, dim, 2):
            block = _STARTS | np.uint64(k // 2)
            w0, w1, w2, w3 = philox(index & _LOW, index >> _32, zero, block, key & _LOW, key >> _32)
            out[i, k] = window[k, 0] + (window[k, 1] - window[k, 0]) * unit(w0, w1)
            if k + 1 < dim:
                out[i, k + 1] = window[k + 1, 0] + (window[k + 1, 1] - window[k + 1, 0]) * unit(w2, w3)
