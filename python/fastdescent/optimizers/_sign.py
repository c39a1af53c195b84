"""Optimizers whose steps do not depend on the gradient's length: by its signs, or by its direction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import FRACTION, LEFT_OUT, OPEN_FRACTION, POSITIVE, Hyper, Ranges, is_zero
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer


@at_top
@dataclass(frozen=True, eq=False)
class SignSGD(Optimizer):
    """Descent by the signs of the gradient, or of its average (Bernstein et al. 2018, signSGD and Signum).

    m <- momentum * m + (1 - momentum) * g
    x <- x - lr * sign(m)

    Parameters
    ----------
    lr, momentum : number, array or schedule
        The momentum is below 1; 0 by default.
    """

    lr: Hyper = LEFT_OUT
    momentum: Hyper = 0.0
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    velocity: ClassVar[tuple[str, ...]] = ("m",)
    ranges: ClassVar[Ranges] = {"momentum": FRACTION}

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, momentum: Any) -> Step:
        g = grad(x)
        if is_zero(momentum):
            return x - lr * np.sign(g), {}
        m = momentum * state.m + (1 - momentum) * g
        return x - lr * np.sign(m), {"m": m}


@at_top
@dataclass(frozen=True, eq=False)
class Lion(Optimizer):
    """Lion, the evolved sign momentum (Chen et al. 2023).

    u  = sign(beta1 * m + (1 - beta1) * g)
    m <- beta2 * m + (1 - beta2) * g
    x <- x - lr * (u + weight_decay * x)

    The decay is decoupled: it is no part of g.

    Parameters
    ----------
    lr, weight_decay : number, array or schedule
    betas : pair of those
    """

    lr: Hyper = 1e-4
    betas: tuple[Hyper, Hyper] = (0.9, 0.99)
    weight_decay: Hyper = 0.0
    velocity: ClassVar[tuple[str, ...]] = ("m",)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, betas: Any, weight_decay: Any) -> Step:
        g, (beta1, beta2) = grad(x), betas
        u = np.sign(beta1 * state.m + (1 - beta1) * g)
        if not is_zero(weight_decay):
            u = u + weight_decay * x
        return x - lr * u, {"m": beta2 * state.m + (1 - beta2) * g}


@at_top
@dataclass(frozen=True, eq=False)
class NormalizedGD(Optimizer):
    """Gradient descent with steps of one length (Nesterov 1984; Hazan, Levy and Shalev-Shwartz 2015).

    x <- x - lr * g / |g|;   x stays where g is 0

    Parameters
    ----------
    lr : number, array or schedule
        The length of each step.
    """

    lr: Hyper = LEFT_OUT
    weight_decay: Hyper = field(default=0.0, kw_only=True)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any) -> Step:
        g = grad(x)
        norm = np.linalg.norm(g)
        return x - lr * (g / np.where(norm > 0, norm, 1.0)), {}


@at_top
@dataclass(frozen=True, eq=False)
class Rprop(Optimizer):
    """Resilient backpropagation (Riedmiller and Braun 1993), in PyTorch's form. Each coordinate has its own step h.

    g * g_before > 0:   h <- min(etaplus * h, largest)
    g * g_before < 0:   h <- max(etaminus * h, smallest),   g <- 0
    x <- x - h * sign(g)                            (the first h is lr)

    Parameters
    ----------
    lr : number, array or schedule
    etas : pair of those
        etaminus, in (0, 1), and etaplus, above 1.
    step_sizes : pair of those
        The smallest and the largest step.
    """

    lr: Hyper = 0.01
    etas: tuple[Hyper, Hyper] = (0.5, 1.2)
    step_sizes: tuple[Hyper, Hyper] = (1e-6, 50.0)
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    ranges: ClassVar[Ranges] = {
        "etas[0]": OPEN_FRACTION,
        "etas[1]": (lambda v: v > 1, "greater than 1"),
        "step_sizes": POSITIVE,
    }

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, etas: Any, step_sizes: Any) -> Step:
        g = grad(x)
        turn = g * state.g
        factor = np.where(turn > 0, etas[1], np.where(turn < 0, etas[0], 1.0))
        h = np.minimum(np.maximum(np.where(t == 0, lr, state.h) * factor, step_sizes[0]), step_sizes[1])
        g = np.where(turn < 0, 0.0, g)
        return x - h * np.sign(g), {"h": h, "g": g}


@at_top
@dataclass(frozen=True, eq=False)
class SAM(Optimizer):
    """Sharpness-aware minimization (Foret et al. 2021): the gradient at the worst point near by.

    b <- momentum * b + g(x + rho * g / |g|)
    x <- x - lr * b

    Steps do not rest at the minima of f, but near them: where the slope at the point rho uphill is 0.

    Parameters
    ----------
    lr, rho, momentum : number, array or schedule
        rho is the distance uphill, greater than 0.
    """

    lr: Hyper = LEFT_OUT
    rho: Hyper = 0.05
    momentum: Hyper = 0.0
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    velocity: ClassVar[tuple[str, ...]] = ("b",)
    ranges: ClassVar[Ranges] = {"rho": POSITIVE}

    @property
    def rests_elsewhere(self) -> bool:
        return True

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, rho: Any, momentum: Any) -> Step:
        g = grad(x)
        norm = np.linalg.norm(g)
        g = grad(x + rho * (g / np.where(norm > 0, norm, 1.0)))
        if is_zero(momentum):
            return x - lr * g, {}
        b = momentum * state.b + g
        return x - lr * b, {"b": b}
