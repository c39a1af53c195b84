"""Engines run Programs. Each offers the same few functions (`protocol.Engine`) and gives the same bits."""

from __future__ import annotations

from fastdescent.engines.protocol import Engine


def get_engine(name: str) -> Engine:
    """The engine of this name; "auto" is the best one for the work."""
    from fastdescent.engines.native import NATIVE

    if name in ("auto", "native"):
        return NATIVE
    raise ValueError(f'engine must be "auto" or "native"; got {name!r}')
