"""Where trajectories start: rules that give a point for every index, arrays of points, lazy starts."""

from __future__ import annotations

from typing import Any

from fastdescent._base.former import named_at_top


def __getattr__(name: str) -> Any:
    """Earlier pickles name this package as the module of some classes."""
    if name in ("RandomStarts",):
        return named_at_top(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
