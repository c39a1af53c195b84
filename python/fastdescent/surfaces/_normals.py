"""Normal numbers and circles for starts and data, computed by Programs: the same bits on every machine."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from fastdescent._base.threads import available_threads
from fastdescent._surface.define import surface
from fastdescent._surface.surface import Surface

Floats = npt.NDArray[np.float64]
#: Random numbers from this index on belong to data; starts have the lower indices.
FIRST_OF_DATA = 2**63
_NUMBERS_AT_ONCE = 1 << 20


def uniforms(seed: int, first: int, n: int, count: int) -> Floats:
    """(n, count): numbers in (0, 1], those of `fastdescent.uniform` with indices first, ..., first + n - 1."""
    from fastdescent.engines.host import core

    window = np.broadcast_to([0.0, 1.0], (count, 2)).copy()
    return np.asarray(core.uniform(window, n, seed, first, available_threads()))


def normals(seed: int, first: int, n: int, count: int) -> Floats:
    """(n, count): numbers 2j and 2j+1 of a row come from its uniform ones 2j and 2j+1 by Box and Muller's formula.

    They are made in chunks, in little more memory than they take.
    """
    out = np.empty((n, count))
    step = max(1, _NUMBERS_AT_ONCE // (count + 1))
    for k in range(0, n, step):
        rows = min(step, n - k)
        pairs = uniforms(seed, first + k, rows, count + count % 2).reshape(-1, 2)
        both = np.stack([_function(f"sqrt(-2*log(x))*{wave}(2*pi*y)")(pairs) for wave in ("cos", "sin")], axis=-1)
        out[k : k + rows] = both.reshape(rows, count + count % 2)[:, :count]
    return out


def circle(angles: Floats) -> Floats:
    """(..., 2): cosines and sines of angles (...)."""
    return np.stack([_function(f"{wave}(x)")(angles[..., np.newaxis]) for wave in ("cos", "sin")], axis=-1)


@functools.cache
def _function(text: str) -> Surface:
    return surface(text)
