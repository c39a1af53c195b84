"""The built-in optimizers. Each is its update equation; names, symbols and defaults are PyTorch's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import LEFT_OUT, Hyper, Ranges, constant
from fastdescent.optimizers._optimizer import Optimizer

Step = tuple[Any, dict[str, Any]]

_SIGNS_OF_KINKS = 3  #: after so many LineSearch is less demanding


def is_zero(value: Any) -> bool:
    """Whether a hyperparameter is the number 0, so that the rule leaves its term out."""
    return isinstance(value, int | float) and value == 0


def heavy_ball_limit(lr: Hyper, momentum: Hyper = 0.0, dampening: Hyper = 0.0, nesterov: bool = False) -> float:
    """The largest curvature c of a bowl into which steps lead, NaN if a number is not constant.

    With b <- momentum * b + (1 - dampening) * c * x and x <- x - lr * b, the roots of
    z^2 - (1 + momentum - lr * (1 - dampening) * c) * z + momentum are inside the unit circle if
    lr * c < 2 * (1 + momentum) / (1 - dampening). Nesterov's steps, x <- x - lr * (c * x + momentum * b), need
    lr * c < 2 * (1 + momentum) / (1 + 2 * momentum). (Polyak 1964; Lessard, Recht and Packard 2016.)
    """
    a, m, d = constant(lr), constant(momentum), constant(dampening)
    if not (a > 0 and 0 <= m < 1 and d < 1):
        return math.nan
    return 2 * (1 + m) / (1 + 2 * m if nesterov else 1 - d) / a


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

    lr: Hyper = LEFT_OUT

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

    lr: Hyper = LEFT_OUT
    momentum: Hyper = 0.9
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
class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012), in PyTorch's form.

    g <- g + weight_decay * x
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
        lr: Any, alpha: Any, eps: Any, weight_decay: Any, momentum: Any, centered: bool,
    ) -> Step:  # fmt: skip
        g = grad(x) if is_zero(weight_decay) else grad(x) + weight_decay * x
        new = {"v": alpha * state.v + (1 - alpha) * (g * g)}
        variance = new["v"]
        if centered:
            new["a"] = alpha * state.a + (1 - alpha) * g
            variance = variance - new["a"] * new["a"]
        step = g / (np.sqrt(variance) + eps)
        if not is_zero(momentum):
            step = new["b"] = momentum * state.b + step
        return x - lr * step, new


@at_top
@dataclass(frozen=True, eq=False)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), in PyTorch's form.

    g <- g + weight_decay * x
    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g^2
    u  = v, or the largest v so far if amsgrad
    x <- x - lr / (1 - beta1^(t+1)) * m / (sqrt(u / (1 - beta2^(t+1))) + eps)

    Parameters
    ----------
    lr, eps, weight_decay : number, array or schedule
    betas : pair of those
    amsgrad : bool
    """

    lr: Hyper = 0.001
    betas: tuple[Hyper, Hyper] = (0.9, 0.999)
    eps: Hyper = 1e-8
    weight_decay: Hyper = 0.0
    amsgrad: bool = False
    velocity: ClassVar[tuple[str, ...]] = ("m",)

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *, lr: Any, betas: Any, eps: Any, weight_decay: Any, amsgrad: bool
    ) -> Step:
        beta1, beta2 = betas
        g = grad(x) if is_zero(weight_decay) else grad(x) + weight_decay * x
        m = beta1 * state.m + (1 - beta1) * g
        v = beta2 * state.v + (1 - beta2) * (g * g)
        new = {"m": m, "v": v}
        if amsgrad:
            v = new["v_max"] = np.maximum(state.v_max, v)
        step = lr / (1 - beta1 ** (t + 1))
        scale = 1 / (1 - beta2 ** (t + 1))
        return x - step * m / (np.sqrt(v * scale) + eps), new


@at_top
@dataclass(frozen=True, eq=False)
class LineSearch(Optimizer):
    """Gradient descent that backtracks; needs no learning rate.

    One trial per step, x' = x - h * g:

    f(x') <= f(x) - armijo * h * |g|^2   (Armijo 1966):   x <- x',   h <- grow * h
    otherwise:                                            x stays,   h <- h / 2

    If h * |g|^2 is below the rounding of f (relative to the largest |f| so far), slopes decide instead: x' is accepted
    unless f rises at x' along the step, and h grows as long as more than half of the slope is left.

    Before a kink, steps that lower f by half of the slope are too short to get anywhere. Two rejections in a row are
    taken as a sign, and after three signs armijo is at most 1/100; on most smooth surfaces there are fewer. Where x' is
    x to rounding, the trajectory ends with status STALLED.

    With the default armijo = 1/2 a step never passes the minimum along its ray on a quadratic. h starts small, at
    0.001, so that no early step crosses into another basin. Within bounds, x' is first put back into them, and
    g . (x - x') takes the place of h * |g|^2.

    Parameters
    ----------
    armijo : number in (0, 1)
    grow : number, 1 or greater
    """

    armijo: Hyper = 0.5
    grow: Hyper = 1.25
    ranges: ClassVar[Ranges] = {
        "armijo": (lambda v: 0 < v < 1, "in (0, 1)"),
        "grow": (lambda v: v >= 1, "1 or greater"),
    }
    init: ClassVar[dict[str, float]] = {"h": 1e-3, "size": 0.0, "rejections": 0.0, "signs": 0.0}

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, wall: Any, *, armijo: Any, grow: Any) -> Step:
        g, f, h = grad(x), grad.fun(x), state.h
        trial = x - h * g
        slope = h * np.sum(g * g)
        if wall is not None:
            trial, _ = wall(trial)
            slope = np.sum(g * (x - trial))
        size = np.maximum(state.size, np.abs(f))
        is_rounding = slope <= 500 * grad.resolution * size
        slope_left = np.sum(grad(trial) * (x - trial))
        armijo = np.where(state.signs >= _SIGNS_OF_KINKS, np.minimum(armijo, 0.01), armijo)
        descends = grad.fun(trial) - f <= -armijo * slope
        accepted = np.where(is_rounding, slope_left >= 0, descends)
        grows = np.where(is_rounding, slope_left > 0.5 * slope, descends)
        h = np.where(accepted, np.where(grows, grow * h, h), 0.5 * h)
        rejections = np.where(accepted, 0.0, state.rejections + 1)
        kept = {"h": h, "size": size, "rejections": rejections, "signs": state.signs + (rejections == 2)}
        return np.where(accepted, trial, x), kept | {"accepted": accepted, "stalled": np.all(trial == x)}
