"""Engines by name."""

from __future__ import annotations

import functools

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import nearest
from fastdescent.engines.core_engine import CoreEngine
from fastdescent.engines.host import core, why_missing
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
        from fastdescent.engines.auto import AutoEngine

        return AutoEngine(core, get_engine)
    if name == "native":
        return CoreEngine(name, core)
    from fastdescent.engines.compiled_engine import JitEngine

    if name == "jit":
        return JitEngine(name, core)
    from fastdescent.engines.numba import core as without_extension

    return JitEngine(name, without_extension)
