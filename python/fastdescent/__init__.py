"""Where gradient descent ends, from everywhere.

Millions of trajectories with SIMD and threads, every endpoint classified. `import fastdescent as fd`.
"""

from __future__ import annotations

import sys
from importlib import import_module

from fastdescent._base.former import FormerModules
from fastdescent._base.version import __version__ as __version__

TYPE_CHECKING = False  # type checkers know this name; `typing` itself takes longer to import than the rest of this file

if TYPE_CHECKING:
    from fastdescent import data, noise, plot, reduce, schedules, surfaces, symmetry
    from fastdescent._base.errors import TraceError
    from fastdescent._base.status import Form, Outcome, Reason, Status
    from fastdescent._endpoints.agreement import Agreement, agreement
    from fastdescent._endpoints.classify import Endpoints, classify
    from fastdescent._endpoints.critical_points import critical_points
    from fastdescent._endpoints.table.merging import merge
    from fastdescent._endpoints.table.points import CriticalPoints
    from fastdescent._maps.basin_map import BasinMap, basin_map
    from fastdescent._run.descent import Descent, descend
    from fastdescent._run.listing import listing_of as listing_of
    from fastdescent._run.path import Path
    from fastdescent._run.record import Record
    from fastdescent._run.resume import resume
    from fastdescent._starts.arrays import grid, repeat, sobol, uniform
    from fastdescent._starts.lazy import LazyStarts
    from fastdescent._surface.define import surface
    from fastdescent._surface.finite_sum import finite_sum
    from fastdescent._surface.surface import Surface
    from fastdescent._swarm.swarm import Swarm
    from fastdescent._sweep.sweep import Sweep, sweep
    from fastdescent.engines.info import info
    from fastdescent.engines.registry import get_engine as get_engine
    from fastdescent.optimizers._adam import AdaBelief, Adam, Adamax, AdamW, NAdam, RAdam, Yogi
    from fastdescent.optimizers._adaptive import Adadelta, Adagrad, RMSprop
    from fastdescent.optimizers._conjugate_gradient import CG
    from fastdescent.optimizers._fire import FIRE
    from fastdescent.optimizers._flow import GradientFlow
    from fastdescent.optimizers._langevin import Langevin
    from fastdescent.optimizers._lbfgs import LBFGS
    from fastdescent.optimizers._line_search import LineSearch
    from fastdescent.optimizers._momentum import GD, SGD, Momentum, Nesterov
    from fastdescent.optimizers._optimizer import Optimizer
    from fastdescent.optimizers._own import optimizer
    from fastdescent.optimizers._sign import SAM, Lion, NormalizedGD, Rprop, SignSGD
    from fastdescent.plot._colours import map_rgba as map_rgba
    from fastdescent.plot._save import html_image as html_image
    from fastdescent.program.trace.loops.fori import fori

__all__ = [
    "CG",
    "FIRE",
    "GD",
    "LBFGS",
    "SAM",
    "SGD",
    "AdaBelief",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Agreement",
    "BasinMap",
    "CriticalPoints",
    "Descent",
    "Endpoints",
    "Form",
    "GradientFlow",
    "Langevin",
    "LazyStarts",
    "LineSearch",
    "Lion",
    "Momentum",
    "NAdam",
    "Nesterov",
    "NormalizedGD",
    "Optimizer",
    "Outcome",
    "Path",
    "RAdam",
    "RMSprop",
    "Reason",
    "Record",
    "Rprop",
    "SignSGD",
    "Status",
    "Surface",
    "Swarm",
    "Sweep",
    "TraceError",
    "Yogi",
    "agreement",
    "basin_map",
    "classify",
    "critical_points",
    "data",
    "descend",
    "finite_sum",
    "fori",
    "grid",
    "info",
    "merge",
    "noise",
    "optimizer",
    "plot",
    "reduce",
    "repeat",
    "resume",
    "schedules",
    "sobol",
    "surface",
    "surfaces",
    "sweep",
    "symmetry",
    "uniform",
]

#: Where public names stand. They are imported when they are first used, so that the command can answer Ctrl-C and
#: --version before NumPy and the rest are loaded.
_HOMES = {
    "_maps.basin_map": ("BasinMap", "basin_map"),
    "_endpoints.agreement": ("Agreement", "agreement"),
    "_endpoints.classify": ("Endpoints", "classify"),
    "_endpoints.critical_points": ("critical_points",),
    "_surface.define": ("surface",),
    "_run.descent": ("Descent", "descend"),
    "_base.errors": ("TraceError",),
    "_surface.finite_sum": ("finite_sum",),
    "engines.info": ("info",),
    "_starts.lazy": ("LazyStarts",),
    "_endpoints.table.merging": ("merge",),
    "_endpoints.table.points": ("CriticalPoints",),
    "_run.path": ("Path",),
    "_run.record": ("Record",),
    "_run.resume": ("resume",),
    "_starts.arrays": ("grid", "repeat", "sobol", "uniform"),
    "_base.status": ("Form", "Outcome", "Reason", "Status"),
    "_surface.surface": ("Surface",),
    "_swarm.swarm": ("Swarm",),
    "_sweep.sweep": ("Sweep", "sweep"),
    "program.trace.loops.fori": ("fori",),
    "optimizers._adam": ("AdaBelief", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Yogi"),
    "optimizers._adaptive": ("Adadelta", "Adagrad", "RMSprop"),
    "optimizers._conjugate_gradient": ("CG",),
    "optimizers._fire": ("FIRE",),
    "optimizers._flow": ("GradientFlow",),
    "optimizers._langevin": ("Langevin",),
    "optimizers._lbfgs": ("LBFGS",),
    "optimizers._line_search": ("LineSearch",),
    "optimizers._momentum": ("GD", "SGD", "Momentum", "Nesterov"),
    "optimizers._optimizer": ("Optimizer",),
    "optimizers._own": ("optimizer",),
    "optimizers._sign": ("SAM", "Lion", "NormalizedGD", "Rprop", "SignSGD"),
}
#: Names that are not public: what methods reach that are below it, and what pickles hold besides.
_INNER = {
    "_maps.bands": ("GridPart",),
    "_run.hyperparameters": ("Hyperparameters",),
    "_maps.image": ("Image",),
    "engines.info": ("EngineInfo", "Info"),
    "_surface.known": ("KnownMinima",),
    "_run.options": ("Options",),
    "_run.listing": ("listing_of",),
    "_starts.rules": ("Grid", "Sobol", "Uniform"),
    "_starts.arrays": ("RandomStarts",),
    "_run.stochastic": ("Stochastic",),
    "_sweep.selection": ("Runs",),
    "engines.registry": ("get_engine",),
    "engines.protocol": ("Recording",),
    "noise": ("Noise",),
    "schedules": ("Schedule",),
    "optimizers._optimizer": ("optimizer_of_pickle",),
    "optimizers._schedules": ("Tabulated",),
    "plot._colours": ("map_rgba",),
    "plot._save": ("html_image",),
    "program.step.minibatch": ("BatchSpec",),
    "program.step.formula": ("formula_of_pickle",),
    "program.program": ("Program",),
    "program.step.averages": ("AverageSince",),
    "program.step.reductions": ("Exponential", "Max", "Mean", "Min", "PathLength", "Std", "TailMean"),
    "program.step.occurrences": ("ArgMin", "Count", "First"),
    "program.step.period": ("Period",),
    "program.step.inertia": ("Index",),
    "program.step.sharpness": ("Sharpness",),
    "program.step.tangent": ("Lyapunov",),
    "program.step.data_rows": ("Rows",),
    "program.step.spec": ("Leaf", "NoiseSpec"),
    "program.step.stops": ("StopRule",),
    "program.graph.scan.loop": ("Loop",),
    "program.section": ("Section", "Slot", "Strips"),
    "surfaces._networks": ("Network",),
}
_HOME_OF = {name: home for homes in (_HOMES, _INNER) for home, names in homes.items() for name in names}

sys.meta_path.append(FormerModules())


if not TYPE_CHECKING:  # which would otherwise believe in any name

    def __getattr__(name: str) -> object:
        if name in ("data", "noise", "plot", "reduce", "schedules", "surfaces", "symmetry"):
            return import_module(f"{__name__}.{name}")
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_suggestion(name)}")
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value


def _suggestion(name: str) -> str:
    if name.startswith("_"):  # `from fastdescent import _module` asks before it imports
        return ""
    surfaces, checks = (import_module(f"{__name__}.{module}") for module in ("surfaces", "_base.checks"))
    return f" (did you mean 'surfaces.{name}'?)" if name in surfaces.names() else str(checks.nearest(name, __all__))


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
