"""Optimizers: the built-in ones, and the decorator `optimizer` for others.

Each file of this folder is imported here, and every `Optimizer` in it is built in. `fastdescent/__init__.py` has their
names once more, for type checkers.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from fastdescent.optimizers._optimizer import Optimizer
from fastdescent.optimizers._own import optimizer

__all__ = ["BUILT_IN", "Optimizer", "default_optimizer", "optimizer"]

for _file in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_file.name}")

#: Built-in optimizers by name, in alphabetical order.
BUILT_IN: dict[str, type[Optimizer]] = {
    c.__name__: c for c in sorted(Optimizer.__subclasses__(), key=lambda c: c.__name__.lower())
}
_FLOW_DIM = 2  #: the most coordinates for which the cost of the flow is measured


def default_optimizer(dim: int) -> Optimizer:
    """The optimizer of maps, and of endpoints that descend on: the flow itself, where its cost is measured."""
    return BUILT_IN["GradientFlow" if dim <= _FLOW_DIM else "LineSearch"]()
