"""Strides at which rows compete for the same sets of the cache, and strides at which they do not.

A cache puts a line into one of a few places that its address chooses. Rows whose distance is a multiple of a large
power of two share these places, and evict each other long before the cache is full.
"""

from __future__ import annotations

from fastdescent.program.graph.views import View


def conflict(stride: int, n: int) -> bool:
    """Whether `n` rows at this stride evict each other."""
    return n >= 16 and stride > 0 and stride % 64 == 0


def padded(width: int) -> int:
    """The width, or a slightly larger one that is no multiple of 16 rows."""
    return width + 2 if width % 16 == 0 else width


def padded_strides(view: View) -> tuple[tuple[int, ...], int]:
    """Strides for a copy of the view whose rows do not evict each other, and the number of rows that the copy takes.

    The order of the axes in memory stays. Axes that the view repeats (stride 0) are repeated in the copy.

    >>> padded_strides(View(0, (64, 0, 1), (20, 7, 64)))
    ((66, 0, 1), 1320)
    """
    strides, width = [0] * len(view.shape), 1
    for k in sorted(range(len(view.shape)), key=lambda k: view.strides[k]):
        if view.strides[k]:
            strides[k] = width
            width = padded(width * view.shape[k])
    return tuple(strides), width
