"""Where gradient descent ends, from everywhere.

Millions of trajectories with SIMD and threads, every endpoint classified. `import fastdescent as fd`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fastdescent import reduce, surfaces
from fastdescent._define import surface
from fastdescent._descent import Descent, descend
from fastdescent._errors import TraceError
from fastdescent._record import Path, Record
from fastdescent._starts import grid, repeat, uniform
from fastdescent._status import Outcome, Status
from fastdescent._surface import Surface
from fastdescent.optimizers import GD, Adam, LineSearch, Momentum, Optimizer, RMSprop, optimizer

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fastdescent import plot
    from fastdescent._basins import BasinMap, basin_map
    from fastdescent._classify import Endpoints, classify
    from fastdescent._info import info
    from fastdescent._points import CriticalPoints, merge
    from fastdescent._resume import resume

__all__ = [
    "GD",
    "Adam",
    "BasinMap",
    "CriticalPoints",
    "Descent",
    "Endpoints",
    "LineSearch",
    "Momentum",
    "Optimizer",
    "Outcome",
    "Path",
    "RMSprop",
    "Record",
    "Status",
    "Surface",
    "TraceError",
    "basin_map",
    "classify",
    "descend",
    "grid",
    "info",
    "merge",
    "optimizer",
    "plot",
    "reduce",
    "repeat",
    "resume",
    "surface",
    "surfaces",
    "uniform",
]

#: Public names that are imported when first used, and where they are.
_LAZY = {
    "BasinMap": "_basins",
    "CriticalPoints": "_points",
    "Endpoints": "_classify",
    "basin_map": "_basins",
    "classify": "_classify",
    "info": "_info",
    "merge": "_points",
    "resume": "_resume",
}


if not TYPE_CHECKING:  # which would otherwise believe in any name

    def __getattr__(name: str) -> object:
        if name == "plot":
            return import_module(f"{__name__}.plot")
        if name not in _LAZY:
            raise AttributeError(_unknown(name))
        value = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
        globals()[name] = value
        return value


def _unknown(name: str) -> str:
    from fastdescent._check import nearest

    close = f" (did you mean 'surfaces.{name}'?)" if name in surfaces.names() else nearest(name, __all__)
    return f"module {__name__!r} has no attribute {name!r}{close}"


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
