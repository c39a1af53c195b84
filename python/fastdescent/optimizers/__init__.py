"""Optimizers: seven built-in ones, and the decorator `optimizer` for others."""

from __future__ import annotations

from fastdescent.optimizers._noisy import SGD, Langevin
from fastdescent.optimizers._optimizer import Optimizer, optimizer
from fastdescent.optimizers._rules import GD, Adam, LineSearch, Momentum, RMSprop

#: Built-in optimizers by name.
BUILT_IN: dict[str, type[Optimizer]] = {c.__name__: c for c in (GD, SGD, Momentum, RMSprop, Adam, LineSearch, Langevin)}

__all__ = ["BUILT_IN", "GD", "SGD", "Adam", "Langevin", "LineSearch", "Momentum", "Optimizer", "RMSprop", "optimizer"]
