"""Optimizers: the built-in ones, and the decorator `optimizer` for others."""

from __future__ import annotations

from fastdescent.optimizers._flow import GradientFlow
from fastdescent.optimizers._noisy import SGD, Langevin
from fastdescent.optimizers._optimizer import Optimizer, optimizer
from fastdescent.optimizers._rules import GD, Adam, LineSearch, Momentum, RMSprop

#: Built-in optimizers by name.
BUILT_IN: dict[str, type[Optimizer]] = {
    c.__name__: c for c in (GD, SGD, Momentum, RMSprop, Adam, GradientFlow, LineSearch, Langevin)
}


def default_optimizer(dim: int) -> Optimizer:
    """The optimizer of maps, and of endpoints that descend on: the flow itself, as far as its cost is measured."""
    return GradientFlow() if dim <= _FLOW_DIM else LineSearch()


_FLOW_DIM = 2

__all__ = [
    "BUILT_IN", "GD", "SGD", "Adam", "GradientFlow", "Langevin", "LineSearch", "Momentum", "Optimizer", "RMSprop",
    "default_optimizer", "optimizer",
]  # fmt: skip
