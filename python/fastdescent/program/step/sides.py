"""What the sides of a box do: one word for all of them, or two for each coordinate, the lower side first.

>>> where((("reflect", "stop"), ("clip", "clip")), 2, "stop", "clip").tolist()
[[False, True], [True, True]]
>>> has("wrap", *KEEPING), has((("stop", "ignore"),), *KEEPING)
(True, False)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Words of sides that move points back into the box.
KEEPING = ("clip", "reflect", "wrap")
Boundary = str | tuple[tuple[str, str], ...]


def where(boundary: Boundary, dim: int, *words: str) -> npt.NDArray[np.bool_]:
    """(2, dim): whether lower and upper sides have one of these words."""
    pairs = ((boundary, boundary),) * dim if isinstance(boundary, str) else boundary
    return np.array([[pair[k] in words for pair in pairs] for k in range(2)], np.bool_).reshape(2, dim)


def has(boundary: Boundary, *words: str) -> bool:
    """Whether a side has one of these words."""
    return boundary in words if isinstance(boundary, str) else any(w in words for pair in boundary for w in pair)


def sides_with(boundary: Boundary, bounds: npt.NDArray[np.float64], *words: str) -> npt.NDArray[np.float64]:
    """(2, dim): the bounds, infinite at sides that have none of these words."""
    nowhere = np.array([[-np.inf], [np.inf]])
    return np.ascontiguousarray(np.where(where(boundary, bounds.shape[1], *words), bounds, nowhere))
