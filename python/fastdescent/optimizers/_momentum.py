"""Gradient descent and its momenta. Each is its update equation; names, symbols and defaults are PyTorch's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import Hyper, is_zero
from fastdescent.optimizers._limits import Step, heavy_ball_limit
from fastdescent.optimizers._optimizer import Optimizer


@at_top
@dataclass(frozen=True, eq=False)
class GD(Optimizer):
    """Gradient descent.

    x <- x - lr * g

    Parameters
    ----------
    lr : number, array or schedule
        The learning rate, greater than 0.
    """

    lr: Hyper
    weight_decay: Hyper = field(default=0.0, kw_only=True)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any) -> Step:
        return x - lr * grad(x), {}

    @property
    def sharpness_limit(self) -> float:
        return heavy_ball_limit(self.lr)


@at_top
@dataclass(frozen=True, eq=False)
class Momentum(Optimizer):
    """Heavy-ball momentum (Polyak 1964), in PyTorch's form.

    v <- momentum * v + g
    x <- x - lr * v

    Parameters
    ----------
    lr, momentum : number, array or schedule
    """

    lr: Hyper
    momentum: Hyper = 0.9
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    velocity: ClassVar[tuple[str, ...]] = ("v",)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, momentum: Any) -> Step:
        v = momentum * state.v + grad(x)
        return x - lr * v, {"v": v}

    @property
    def sharpness_limit(self) -> float:
        return heavy_ball_limit(self.lr, self.momentum)


@at_top
@dataclass(frozen=True, eq=False)
class Nesterov(Optimizer):
    """Nesterov's momentum (Nesterov 1983; Sutskever et al. 2013), in PyTorch's form.

    v <- momentum * v + g
    x <- x - lr * (g + momentum * v)

    Parameters
    ----------
    lr, momentum : number, array or schedule
    """

    lr: Hyper
    momentum: Hyper = 0.9
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    velocity: ClassVar[tuple[str, ...]] = ("v",)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, momentum: Any) -> Step:
        g = grad(x)
        v = momentum * state.v + g
        return x - lr * (g + momentum * v), {"v": v}

    @property
    def sharpness_limit(self) -> float:
        return heavy_ball_limit(self.lr, self.momentum, nesterov=True)


@at_top
@dataclass(frozen=True, eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent, in PyTorch's form. Without noise or minibatches it is gradient descent.

    b <- momentum * b + (1 - dampening) * g         (the first b is g)
    x <- x - lr * b, or x - lr * (g + momentum * b) if nesterov; x - lr * g without momentum

    Parameters
    ----------
    lr, momentum, dampening, weight_decay : number, array or schedule
    nesterov : bool
        Needs a momentum, and no dampening.

    Examples
    --------
    >>> import fastdescent as fd
    >>> fd.descend(fd.surface("x**2"), [1.0], fd.SGD(lr=0.1), noise=0.1, max_steps=50)
    <Descent on x**2 by SGD(lr=0.1, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0) (gradient: noise 0.1). 1 trajectory: 1 max steps; steps: median 50, most 50>
    """  # noqa: E501

    lr: Hyper
    momentum: Hyper = 0.0
    dampening: Hyper = 0.0
    nesterov: bool = False
    weight_decay: Hyper = 0.0
    velocity: ClassVar[tuple[str, ...]] = ("b",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and (is_zero(self.momentum) or not is_zero(self.dampening)):
            raise ValueError(f"SGD: nesterov needs a momentum, and dampening 0; got momentum={self.momentum!r}, "
                             f"dampening={self.dampening!r}")  # fmt: skip

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *,
        lr: Any, momentum: Any, dampening: Any, nesterov: bool,
    ) -> Step:  # fmt: skip
        g = grad(x)
        if is_zero(momentum):
            return x - lr * g, {}
        if is_zero(dampening):
            b = momentum * state.b + g
        else:
            b = np.where(t == 0, g, momentum * state.b + (1 - dampening) * g)
        return x - lr * (g + momentum * b if nesterov else b), {"b": b}

    @property
    def sharpness_limit(self) -> float:
        dampening = 0.0 if is_zero(self.momentum) else self.dampening  # without momentum it plays no part
        return heavy_ball_limit(self.lr, self.momentum, dampening, self.nesterov)
