"""Engines run Programs. Each offers the same few functions (`protocol.Engine`) and gives the same bits."""

from __future__ import annotations

from fastdescent._check import nearest
from fastdescent.engines.protocol import Engine

#: Names that `engine=` may have, besides "auto".
ENGINES = ("native", "jit", "numba")


def get_engine(name: str) -> Engine:
    """The engine of this name; "auto" is the best one for the work.

    Raises
    ------
    ValueError
        Where there is no such engine, or it is missing here.
    """
    from fastdescent.engines.native import NATIVE

    if name not in ("auto", *ENGINES):
        names = ", ".join(f'"{e}"' for e in ("auto", *ENGINES))
        raise ValueError(f"engine must be one of {names}; got {name!r}{nearest(name, ENGINES)}")
    reason = None if name == "auto" else why_missing(name)
    if reason:
        raise ValueError(f'engine "{name}" is missing: {reason}; fd.info() tells what is there')
    return NATIVE


def why_missing(name: str) -> str | None:
    """Why an engine cannot be used here, or None where it can."""
    if name != "native":
        return "this version does not have it"
    from fastdescent.engines import native

    try:
        native.isa()
    except ValueError as error:
        return str(error)
    return None
