"""Gradient descent in a heat bath."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import NOT_NEGATIVE, Hyper, Ranges
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer


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

    lr: Hyper
    temperature: Hyper = 1.0
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    ranges: ClassVar[Ranges] = {"temperature": NOT_NEGATIVE}

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, rng: Any, *, lr: Any, temperature: Any) -> Step:
        return x - lr * grad(x) + np.sqrt(2.0 * lr * temperature) * rng.standard_normal(x.shape), {}
