"""Engines run Programs. Each offers the same few functions (`protocol.Engine`) and gives the same bits."""

from __future__ import annotations

import functools
from importlib.util import find_spec

from fastdescent._at_top import at_top
from fastdescent._check import nearest
from fastdescent.engines.protocol import Engine

#: Names that `engine=` may have, besides "auto".
ENGINES = ("native", "jit", "numba")


@at_top
def get_engine(name: str) -> Engine:
    """The engine of this name; "auto" chooses by the work.

    Raises
    ------
    ValueError
        Where there is no such engine, or it is missing here.
    """
    if name not in ("auto", *ENGINES):
        names = ", ".join(f'"{e}"' for e in ("auto", *ENGINES))
        raise ValueError(f"engine must be one of {names}; got {name!r}{nearest(name, ENGINES)}")
    reason = None if name == "auto" else why_missing(name)
    if reason:
        raise ValueError(f'engine "{name}" is missing: {reason}; fd.info() tells what is there')
    return _made(name)


@functools.cache
def _made(name: str) -> Engine:
    if name == "auto":
        from fastdescent.engines.auto import AUTO

        return AUTO
    if name == "native":
        from fastdescent import _core
        from fastdescent.engines.core_engine import CoreEngine

        return CoreEngine(name, _core)
    from fastdescent.engines.jit.engine import JitEngine

    if name == "jit":
        from fastdescent import _core

        return JitEngine(name, _core)
    from fastdescent.engines.numba import core

    return JitEngine(name, core)


def why_missing(name: str) -> str | None:
    """Why an engine cannot be used here, or None where it can. Nothing heavy is imported to find out."""
    from fastdescent.engines.host import WHY_NO_EXTENSION, isa

    if name != "numba" and WHY_NO_EXTENSION:
        return WHY_NO_EXTENSION
    needed = {"jit": "llvmlite", "numba": "numba"}.get(name)
    if needed and find_spec(needed) is None:
        return f"{needed} is not installed: pip install {needed}"
    try:
        isa()
    except ValueError as error:
        return str(error)
    return None
