"""What f does beyond points that are no critical points: whether it falls for ever, and towards a limit or without one.

Example. Along its descent, exp(-x) falls towards a limit, and -x^2 ever faster:

>>> from fastdescent import surface
>>> for text in ("exp(-x)", "-x**2", "x**2"):
...     beyond = beyond_points(Landscape.of(surface(text, window=(-2, 2))), np.array([[14.0]]))
...     print(Reason(beyond[0]).name)
INFIMUM
NO_LOWER_BOUND
NONE
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Reason
from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape

_DISTANCES = (1.0, 10.0, 100.0)  #: windows along the direction of steepest descent


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def beyond_points(landscape: Landscape, x: Floats) -> npt.NDArray[np.int8]:
    """For each point (m, dim): INFIMUM, NO_LOWER_BOUND or NONE."""
    surface, width = landscape.surface, landscape.frame.width
    gradient = surface.gradient(x) * width
    slope = np.linalg.norm(gradient, axis=-1, keepdims=True)
    direction = -np.divide(gradient, slope, out=np.zeros_like(gradient), where=slope > 0)
    fun, slopes = [surface(x)], [-slope[:, 0]]
    for distance in _DISTANCES:
        y = landscape.put_inside(x + distance * direction * width)
        fun.append(surface(y))
        slopes.append((surface.gradient(y) * width * direction).sum(axis=-1))
    falls = (np.diff(fun, axis=0) <= 0).all(axis=0) & (np.array(slopes) <= 0).all(axis=0) & (slope[:, 0] > 0)
    flattens = (np.diff(np.abs(slopes), axis=0) <= 0).all(axis=0) & (np.abs(slopes[-1]) < 1e-3 * np.abs(slopes[0]))
    steady = falls & ~flattens & (np.abs(slopes[-1]) >= np.abs(slopes[0]))
    found = np.full(len(x), Reason.NONE, np.int8)
    found[falls & flattens] = Reason.INFIMUM
    found[steady] = Reason.NO_LOWER_BOUND
    return found
