"""Optimizers that scale each coordinate by the gradients that it has seen, in PyTorch's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import FRACTION, NOT_NEGATIVE, Hyper, Ranges, is_zero
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer


@at_top
@dataclass(frozen=True, eq=False)
class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer 2011), in PyTorch's form.

    s <- s + g^2                                    (the first s is initial_accumulator_value)
    x <- x - lr / (1 + t * lr_decay) * g / (sqrt(s) + eps)

    Parameters
    ----------
    lr, lr_decay, weight_decay, initial_accumulator_value, eps : number, array or schedule
    """

    lr: Hyper = 0.01
    lr_decay: Hyper = 0.0
    weight_decay: Hyper = 0.0
    initial_accumulator_value: Hyper = 0.0
    eps: Hyper = 1e-10
    ranges: ClassVar[Ranges] = {"lr_decay": NOT_NEGATIVE, "initial_accumulator_value": NOT_NEGATIVE}

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *, lr: Any, lr_decay: Any, initial_accumulator_value: Any, eps: Any
    ) -> Step:
        g = grad(x)
        total = np.where(t == 0, initial_accumulator_value, state.total) + g * g
        rate = lr if is_zero(lr_decay) else lr / (1 + t * lr_decay)
        return x - rate * (g / (np.sqrt(total) + eps)), {"total": total}


@at_top
@dataclass(frozen=True, eq=False)
class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012), in PyTorch's form.

    v <- rho * v + (1 - rho) * g^2
    d  = sqrt(u + eps) / sqrt(v + eps) * g
    u <- rho * u + (1 - rho) * d^2
    x <- x - lr * d

    Parameters
    ----------
    lr, rho, eps, weight_decay : number, array or schedule
    """

    lr: Hyper = 1.0
    rho: Hyper = 0.9
    eps: Hyper = 1e-6
    weight_decay: Hyper = 0.0
    ranges: ClassVar[Ranges] = {"rho": FRACTION}

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, rho: Any, eps: Any) -> Step:
        g = grad(x)
        v = rho * state.v + (1 - rho) * (g * g)
        d = np.sqrt(state.u + eps) / np.sqrt(v + eps) * g
        return x - lr * d, {"v": v, "u": rho * state.u + (1 - rho) * (d * d)}


@at_top
@dataclass(frozen=True, eq=False)
class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012), in PyTorch's form.

    v <- alpha * v + (1 - alpha) * g^2
    a <- alpha * a + (1 - alpha) * g                (centered)
    d  = sqrt(v), or sqrt(v - a^2) if centered
    b <- momentum * b + g / (d + eps)
    x <- x - lr * b

    Parameters
    ----------
    lr, alpha, eps, weight_decay, momentum : number, array or schedule
    centered : bool
    """

    lr: Hyper = 0.01
    alpha: Hyper = 0.99
    eps: Hyper = 1e-8
    weight_decay: Hyper = 0.0
    momentum: Hyper = 0.0
    centered: bool = False
    velocity: ClassVar[tuple[str, ...]] = ("b",)

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *,
        lr: Any, alpha: Any, eps: Any, momentum: Any, centered: bool,
    ) -> Step:  # fmt: skip
        g = grad(x)
        new = {"v": alpha * state.v + (1 - alpha) * (g * g)}
        variance = new["v"]
        if centered:
            new["a"] = alpha * state.a + (1 - alpha) * g
            variance = variance - new["a"] * new["a"]
        step = g / (np.sqrt(variance) + eps)
        if not is_zero(momentum):
            step = new["b"] = momentum * state.b + step
        return x - lr * step, new
