"""Engines run Programs. Each offers the same few functions (`protocol.Engine`) and gives the same bits."""

from __future__ import annotations

from importlib.util import find_spec

from fastdescent._check import nearest
from fastdescent.engines.protocol import Engine

#: Names that `engine=` may have, besides "auto".
ENGINES = ("native", "jit", "numba")


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
    if name == "jit":
        from fastdescent.engines.jit.engine import JIT

        return JIT
    if name == "native":
        from fastdescent.engines.native import NATIVE

        return NATIVE
    from fastdescent.engines.auto import AUTO

    return AUTO


def why_missing(name: str) -> str | None:
    """Why an engine cannot be used here, or None where it can. Nothing heavy is imported to find out."""
    if name == "numba":
        return "this version does not have it"
    from fastdescent.engines import native

    try:
        native.isa()
    except ValueError as error:
        return str(error)
    if name == "jit" and find_spec("llvmlite") is None:
        return "pip install 'fastdescent[jit]'"
    return None
