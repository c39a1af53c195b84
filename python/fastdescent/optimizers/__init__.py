"""Optimizers: five built in, and `optimizer` to write one's own."""

from __future__ import annotations

from fastdescent.optimizers._base import Optimizer, optimizer
from fastdescent.optimizers._rules import GD, Adam, LineSearch, Momentum, RMSprop

#: Built-in optimizers by name.
BUILT_IN: dict[str, type[Optimizer]] = {c.__name__: c for c in (GD, Momentum, RMSprop, Adam, LineSearch)}

__all__ = ["BUILT_IN", "GD", "Adam", "LineSearch", "Momentum", "Optimizer", "RMSprop", "optimizer"]
