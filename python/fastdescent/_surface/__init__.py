"""Surfaces are made of text, functions or data; they are evaluated, differentiated and combined."""

from __future__ import annotations

from typing import Any

from fastdescent._base.former import named_at_top


def __getattr__(name: str) -> Any:
    """Earlier pickles name this package as the module of some classes."""
    if name in ("KnownMinima", "Surface"):
        return named_at_top(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
