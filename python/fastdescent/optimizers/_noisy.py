"""Optimizers that are mostly used with noise or minibatches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import LEFT_OUT, NOT_NEGATIVE, Hyper, Ranges, constant
from fastdescent.optimizers._optimizer import Optimizer
from fastdescent.optimizers._rules import Step, heavy_ball_limit, is_zero


@at_top
@dataclass(frozen=True, eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent, in PyTorch's form. Without noise or minibatches it is gradient descent.

    g <- g + weight_decay * x
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

    lr: Hyper = LEFT_OUT
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
        lr: Any, momentum: Any, dampening: Any, nesterov: bool, weight_decay: Any,
    ) -> Step:  # fmt: skip
        g = grad(x) if is_zero(weight_decay) else grad(x) + weight_decay * x
        if is_zero(momentum):
            return x - lr * g, {}
        if is_zero(dampening):
            b = momentum * state.b + g
        else:
            b = np.where(t == 0, g, momentum * state.b + (1 - dampening) * g)
        return x - lr * (g + momentum * b if nesterov else b), {"b": b}

    @property
    def sharpness_limit(self) -> float:
        if math.isnan(constant(self.weight_decay)):
            return math.nan
        dampening = 0.0 if is_zero(self.momentum) else self.dampening  # without momentum it plays no part
        return heavy_ball_limit(self.lr, self.momentum, dampening, self.nesterov)


@at_top
@dataclass(frozen=True, eq=False)
class Langevin(Optimizer):
    """Overdamped Langevin dynamics by Euler and Maruyama: gradient descent in a heat bath.

    x <- x - lr * g + sqrt(2 * lr * temperature) * xi, xi standard normal for each coordinate and step

    For small lr the points have density exp(-f / temperature). A schedule as temperature anneals.

    Parameters
    ----------
    lr, temperature : number, array or schedule

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> cold = fd.Langevin(lr=0.01, temperature=lambda t: 0.5 * 0.99**t)
    >>> run = fd.descend(fd.surface("(x**2 - 1)**2"), fd.repeat([-1.0], 1000), cold, max_steps=2000, gtol=None)
    >>> bool(np.all(np.abs(np.abs(run.x) - 1) < 0.01)), bool(np.any(run.x > 0))
    (True, True)
    """

    lr: Hyper = LEFT_OUT
    temperature: Hyper = 1.0
    ranges: ClassVar[Ranges] = {"temperature": NOT_NEGATIVE}

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, rng: Any, *, lr: Any, temperature: Any) -> Step:
        return x - lr * grad(x) + np.sqrt(2.0 * lr * temperature) * rng.standard_normal(x.shape), {}
