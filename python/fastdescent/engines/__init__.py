"""Engines run Programs. Each offers the same few functions (`protocol.Engine`) and gives the same bits."""

from __future__ import annotations

from typing import Any

from fastdescent._base.former import named_at_top


def __getattr__(name: str) -> Any:
    """Earlier pickles name this package as the module of `get_engine`."""
    if name == "get_engine":
        return named_at_top(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
