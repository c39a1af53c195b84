"""What runs Programs here: the C++ extension or, where it is missing, what `engines/numba` has in its place."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn


def _why_no_extension() -> str | None:
    if os.environ.get("FASTDESCENT_NO_NATIVE", "0") not in ("", "0"):
        return "FASTDESCENT_NO_NATIVE is set"
    return None if find_spec("fastdescent._core") else "fastdescent was installed without its C++ extension"


#: None where the extension is there.
WHY_NO_EXTENSION = _why_no_extension()

#: None where something can run Programs.
WHY_NO_CORE = (
    f"{WHY_NO_EXTENSION}, and Numba, which takes its place, is not installed either: pip install numba"
    if WHY_NO_EXTENSION and find_spec("numba") is None
    else None
)


class _NoCore:
    """Whatever is asked of it says what is missing."""

    def __getattr__(self, name: str) -> NoReturn:
        raise ImportError(WHY_NO_CORE)


core: Any
if WHY_NO_EXTENSION is None:
    core = import_module("fastdescent._core")
elif WHY_NO_CORE is None:
    from fastdescent.engines.numba import core
else:
    core = _NoCore()

__all__ = ["WHY_NO_CORE", "WHY_NO_EXTENSION", "core", "isa", "isas", "n_lanes", "why_missing"]


def isas() -> tuple[str, ...]:
    """The instruction sets that this machine runs, the best one first."""
    return tuple(core.isas())


def isa() -> str:
    """The instruction set in use: the machine's best, unless FASTDESCENT_ISA names another that it has."""
    available = isas()
    wanted = os.environ.get("FASTDESCENT_ISA")
    if wanted and wanted not in available:
        raise ValueError(f"FASTDESCENT_ISA must be one of {', '.join(available)} on this machine; got {wanted!r}")
    return wanted or available[0]


def n_lanes() -> int:
    """Trajectories in flight on a thread; 0 leaves it to the core. Results do not depend on it."""
    forced = os.environ.get("FASTDESCENT_LANES", "0")
    if not forced.isdecimal():
        raise ValueError(f"FASTDESCENT_LANES must be a number of lanes; got {forced!r}")
    return int(forced)


def why_missing(name: str) -> str | None:
    """Why an engine cannot be used here, or None where it can. Nothing heavy is imported to find out."""
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
