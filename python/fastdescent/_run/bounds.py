"""The options bounds= and boundary=, checked.

What is given as `boundary` is read in this order; so two words are always the lower and the upper side, even if there
are two coordinates:

    "clip"                                every side
    ("reflect", "stop")                   the lower side and the upper side of every coordinate
    ["wrap", ("reflect", "stop"), ...]    an entry for each coordinate: a word for both sides, or two
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._surface.surface import Surface
from fastdescent.program.step.sides import KEEPING, Boundary, where

BOUNDARIES = ("ignore", "stop", *KEEPING)
_NAMES = ", ".join(map(repr, BOUNDARIES))


def checked_bounds(bounds: Any, boundary: Any, surface: Surface) -> tuple[npt.NDArray[np.float64] | None, Boundary]:
    """Lows and highs, (2, dim), and what happens there. A side that mirrors must be finite, both sides that wrap."""
    words = None if boundary is None else _checked_boundary(boundary, surface.dim)
    given = surface.bounds if bounds is True else bounds
    if given is None or given is False:
        if bounds is True:
            raise ValueError(f"bounds=True means the surface's own, but {surface.name} has none; give (lo, hi) pairs")
        if words not in (None, "ignore"):
            raise ValueError(f"boundary={boundary!r} needs bounds: (lo, hi) pairs, or True for the surface's own")
        return None, "ignore"
    words = "clip" if words is None else words
    finite = where(words, surface.dim, "reflect", "wrap")
    pairs = np.array(checks.intervals("bounds", given, surface.dim, finite=bool(finite.all()))).T
    bad = np.argwhere(finite & ~np.isfinite(pairs))
    if len(bad):
        side, k = (int(i) for i in bad[0])
        name = ("lower", "upper")[side]
        raise ValueError(
            f"bounds must be finite where points are mirrored or wrapped; the {name} one of coordinate {k} is "
            f"{pairs[side, k]:g}"
        )
    return np.ascontiguousarray(pairs), words


def _checked_boundary(boundary: Any, dim: int) -> Boundary:
    """One word where all sides have the same one."""
    if isinstance(boundary, str):
        return _word(boundary, boundary)
    if not isinstance(boundary, tuple | list):
        raise TypeError(f"boundary must be one of {_NAMES}, or None, or two of them; got {checks.shown(boundary)}")
    if len(boundary) == 2 and all(isinstance(entry, str) for entry in boundary):
        pairs = (_pair(boundary, boundary),) * dim
    elif len(boundary) == dim:
        pairs = tuple(_pair((entry, entry) if isinstance(entry, str) else entry, boundary) for entry in boundary)
    else:
        raise ValueError(
            f"boundary must be a word, two words (lower side, upper side), or {dim} entries, one a coordinate, each a "
            f"word or two; got {checks.shown(boundary)}"
        )
    for k, pair in enumerate(pairs):
        if "wrap" in pair and pair != ("wrap", "wrap"):
            raise ValueError(f'boundary: "wrap" must be on both sides; coordinate {k} has {pair}')
    words = {word for pair in pairs for word in pair}
    return words.pop() if len(words) == 1 else pairs


def _pair(entry: Any, boundary: Any) -> tuple[str, str]:
    if not (isinstance(entry, tuple | list) and len(entry) == 2):
        raise TypeError(
            f"boundary must have a word or two for each coordinate, (lower side, upper side); got {checks.shown(entry)}"
        )
    return _word(entry[0], boundary), _word(entry[1], boundary)


def _word(word: Any, boundary: Any) -> str:
    if not isinstance(word, str):
        raise TypeError(f"boundary must be one of {_NAMES}, or None; got {checks.shown(word)}")
    if word not in BOUNDARIES:
        of = "" if word is boundary else f", in {checks.shown(boundary)}"
        raise ValueError(f"boundary must be one of {_NAMES}, or None; got {word!r}{of}")
    return word
