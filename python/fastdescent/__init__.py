"""Where gradient descent ends, from everywhere.

Millions of trajectories with SIMD and threads, every endpoint classified. `import fastdescent as fd`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fastdescent import data, noise, plot, reduce, surfaces
    from fastdescent._basins import BasinMap, basin_map
    from fastdescent._classify import Endpoints, classify
    from fastdescent._critical import critical_points
    from fastdescent._define import surface
    from fastdescent._descent import Descent, descend
    from fastdescent._errors import TraceError
    from fastdescent._finite_sum import finite_sum
    from fastdescent._info import info
    from fastdescent._lazy import LazyStarts
    from fastdescent._path import Path
    from fastdescent._points import CriticalPoints, merge
    from fastdescent._record import Record
    from fastdescent._resume import resume
    from fastdescent._starts import grid, repeat, sobol, uniform
    from fastdescent._status import Outcome, Status
    from fastdescent._surface import Surface
    from fastdescent._swarm import Swarm
    from fastdescent.optimizers import (
        GD,
        SGD,
        Adam,
        Langevin,
        LineSearch,
        Momentum,
        Optimizer,
        RMSprop,
        optimizer,
    )

__all__ = [
    "GD",
    "SGD",
    "Adam",
    "BasinMap",
    "CriticalPoints",
    "Descent",
    "Endpoints",
    "Langevin",
    "LazyStarts",
    "LineSearch",
    "Momentum",
    "Optimizer",
    "Outcome",
    "Path",
    "RMSprop",
    "Record",
    "Status",
    "Surface",
    "Swarm",
    "TraceError",
    "basin_map",
    "classify",
    "critical_points",
    "data",
    "descend",
    "finite_sum",
    "grid",
    "info",
    "merge",
    "noise",
    "optimizer",
    "plot",
    "reduce",
    "repeat",
    "resume",
    "sobol",
    "surface",
    "surfaces",
    "uniform",
]

#: Where public names are. They are imported when they are first used, so that the command can answer Ctrl-C and
#: --version before NumPy and the rest are loaded.
_HOMES = {
    "_basins": ("BasinMap", "basin_map"),
    "_classify": ("Endpoints", "classify"),
    "_critical": ("critical_points",),
    "_define": ("surface",),
    "_descent": ("Descent", "descend"),
    "_errors": ("TraceError",),
    "_finite_sum": ("finite_sum",),
    "_info": ("info",),
    "_lazy": ("LazyStarts",),
    "_path": ("Path",),
    "_points": ("CriticalPoints", "merge"),
    "_record": ("Record",),
    "_resume": ("resume",),
    "_starts": ("grid", "repeat", "sobol", "uniform"),
    "_status": ("Outcome", "Status"),
    "_surface": ("Surface",),
    "_swarm": ("Swarm",),
    "optimizers": ("GD", "SGD", "Adam", "Langevin", "LineSearch", "Momentum", "Optimizer", "RMSprop", "optimizer"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # which would otherwise believe in any name

    def __getattr__(name: str) -> object:
        if name in ("data", "noise", "plot", "reduce", "surfaces"):
            return import_module(f"{__name__}.{name}")
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_suggestion(name)}")
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value


def _suggestion(name: str) -> str:
    if name.startswith("_"):  # `from fastdescent import _module` asks before it imports
        return ""
    from fastdescent import surfaces
    from fastdescent._check import nearest

    return f" (did you mean 'surfaces.{name}'?)" if name in surfaces.names() else nearest(name, __all__)


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
