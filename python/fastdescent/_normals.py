"""Normal numbers and angles for starts and data, computed by our own programs: the same bits on every machine."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from fastdescent._define import surface
from fastdescent._lazy import Uniform
from fastdescent._surface import Surface

Floats = npt.NDArray[np.float64]
#: Indices of random numbers from here on belong to data; starts have those below.
FIRST_OF_DATA = 2**63


def uniforms(seed: int, first: int, n: int, count: int) -> Floats:
    """(n, count): numbers in (0, 1], those of `fastdescent.uniform` with indices first, ..., first + n - 1."""
    return Uniform(((0.0, 1.0),) * count, seed).points(first, n)


def normals(seed: int, first: int, n: int, count: int) -> Floats:
    """(n, count): numbers 2j and 2j+1 of a row come from its uniform ones 2j and 2j+1 by Box and Muller's formula."""
    pairs = uniforms(seed, first, n, count + count % 2).reshape(-1, 2)
    both = np.stack([_function(f"sqrt(-2*log(x))*{wave}(2*pi*y)")(pairs) for wave in ("cos", "sin")], axis=-1)
    return both.reshape(n, -1)[:, :count]


def circle(angles: Floats) -> Floats:
    """(..., 2): cosines and sines of angles (...)."""
    return np.stack([_function(f"{wave}(x)")(angles[..., np.newaxis]) for wave in ("cos", "sin")], axis=-1)


@functools.cache
def _function(text: str) -> Surface:
    return surface(text)
