"""Adam and its kin, in PyTorch's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import NOT_NEGATIVE, Hyper, Ranges, is_zero
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer


def _moments(g: Any, state: Any, betas: Any) -> tuple[Any, Any]:
    """The exponential averages of g and of g^2."""
    beta1, beta2 = betas
    return beta1 * state.m + (1 - beta1) * g, beta2 * state.v + (1 - beta2) * (g * g)


def _adam(x: Any, g: Any, state: Any, t: Any, lr: Any, betas: Any, eps: Any, amsgrad: bool) -> Step:
    m, v = _moments(g, state, betas)
    new = {"m": m, "v": v}
    if amsgrad:
        v = new["v_max"] = np.maximum(state.v_max, v)
    return _moved(x, m, v, t, lr, betas, eps), new


def _moved(x: Any, m: Any, v: Any, t: Any, lr: Any, betas: Any, eps: Any) -> Any:
    """The new point, by averages whose bias towards their first values is corrected."""
    step = lr / (1 - betas[0] ** (t + 1))
    scale = 1 / (1 - betas[1] ** (t + 1))
    return x - step * m / (np.sqrt(v * scale) + eps)


@at_top
@dataclass(frozen=True, eq=False)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), in PyTorch's form.

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
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, betas: Any, eps: Any, amsgrad: bool) -> Step:
        return _adam(x, grad(x), state, t, lr, betas, eps, amsgrad)


@at_top
@dataclass(frozen=True, eq=False)
class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), in PyTorch's form.

    x <- x - lr * weight_decay * x
    x <- x - lr * (the step of Adam)

    The decay is no part of the gradient, and where the steps rest is no critical point of f, nor of f with a penalty.

    Parameters
    ----------
    lr, eps, weight_decay : number, array or schedule
    betas : pair of those
    amsgrad : bool
    """

    lr: Hyper = 0.001
    betas: tuple[Hyper, Hyper] = (0.9, 0.999)
    eps: Hyper = 1e-8
    weight_decay: Hyper = 0.01
    amsgrad: bool = False
    velocity: ClassVar[tuple[str, ...]] = ("m",)

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *, lr: Any, betas: Any, eps: Any, weight_decay: Any, amsgrad: bool
    ) -> Step:
        g = grad(x)
        return _adam(_shrunk(x, lr, weight_decay), g, state, t, lr, betas, eps, amsgrad)


@at_top
@dataclass(frozen=True, eq=False)
class Adamax(Optimizer):
    """Adamax, Adam in the infinity norm (Kingma and Ba 2015), in PyTorch's form.

    m <- beta1 * m + (1 - beta1) * g
    u <- max(beta2 * u, |g| + eps)
    x <- x - lr / (1 - beta1^(t+1)) * m / u

    Parameters
    ----------
    lr, eps, weight_decay : number, array or schedule
    betas : pair of those
    """

    lr: Hyper = 0.002
    betas: tuple[Hyper, Hyper] = (0.9, 0.999)
    eps: Hyper = 1e-8
    weight_decay: Hyper = 0.0
    velocity: ClassVar[tuple[str, ...]] = ("m",)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, betas: Any, eps: Any) -> Step:
        g, (beta1, beta2) = grad(x), betas
        m = beta1 * state.m + (1 - beta1) * g
        u = np.maximum(beta2 * state.u, np.abs(g) + eps)
        return x - lr / (1 - beta1 ** (t + 1)) * m / u, {"m": m, "u": u}


@at_top
@dataclass(frozen=True, eq=False)
class NAdam(Optimizer):
    """NAdam, Adam with Nesterov's momentum (Dozat 2016), in PyTorch's form.

    b  = beta1 * (1 - 0.96^((t+1) * momentum_decay) / 2),   b' the same of t + 1
    p <- p * b                                      (the first p is 1)
    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g^2
    x <- x - lr * ((1 - b) / (1 - p) * g + b' / (1 - p * b') * m) / (sqrt(v / (1 - beta2^(t+1))) + eps)

    Parameters
    ----------
    lr, eps, weight_decay, momentum_decay : number, array or schedule
    betas : pair of those
    decoupled_weight_decay : bool
        True: the decay is AdamW's, x <- x - lr * weight_decay * x, and no part of g.
    """

    lr: Hyper = 0.002
    betas: tuple[Hyper, Hyper] = (0.9, 0.999)
    eps: Hyper = 1e-8
    weight_decay: Hyper = 0.0
    momentum_decay: Hyper = 0.004
    decoupled_weight_decay: bool = False
    velocity: ClassVar[tuple[str, ...]] = ("m",)
    init: ClassVar[dict[str, float]] = {"product": 1.0}
    ranges: ClassVar[Ranges] = {"momentum_decay": NOT_NEGATIVE}

    @property
    def decouples(self) -> bool:
        return self.decoupled_weight_decay

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *,
        lr: Any, betas: Any, eps: Any, weight_decay: Any, momentum_decay: Any, decoupled_weight_decay: bool,
    ) -> Step:  # fmt: skip
        g, beta1 = grad(x), betas[0]
        if decoupled_weight_decay:
            x = _shrunk(x, lr, weight_decay)
        m, v = _moments(g, state, betas)
        now, then = (beta1 * (1 - 0.5 * 0.96 ** ((t + k) * momentum_decay)) for k in (1, 2))
        product = state.product * now
        size = np.sqrt(v / (1 - betas[1] ** (t + 1))) + eps
        by_slope, by_average = lr * (1 - now) / (1 - product), lr * then / (1 - product * then)
        return x - by_slope * (g / size) - by_average * (m / size), {"m": m, "v": v, "product": product}


@at_top
@dataclass(frozen=True, eq=False)
class RAdam(Optimizer):
    """RAdam, Adam whose variance is rectified (Liu et al. 2020), in PyTorch's form.

    m <- beta1 * m + (1 - beta1) * g,               m' = m / (1 - beta1^(t+1))
    v <- beta2 * v + (1 - beta2) * g^2
    r_inf = 2 / (1 - beta2) - 1,                    r = r_inf - 2 (t+1) beta2^(t+1) / (1 - beta2^(t+1))
    x <- x - lr * m' * sqrt((r - 4) (r - 2) r_inf / ((r_inf - 4) (r_inf - 2) r) * (1 - beta2^(t+1))) / (sqrt(v) + eps)
    where r > 5, else x <- x - lr * m'

    Parameters
    ----------
    lr, eps, weight_decay : number, array or schedule
    betas : pair of those
    decoupled_weight_decay : bool
        True: the decay is AdamW's, x <- x - lr * weight_decay * x, and no part of g.
    """

    lr: Hyper = 0.001
    betas: tuple[Hyper, Hyper] = (0.9, 0.999)
    eps: Hyper = 1e-8
    weight_decay: Hyper = 0.0
    decoupled_weight_decay: bool = False
    velocity: ClassVar[tuple[str, ...]] = ("m",)

    @property
    def decouples(self) -> bool:
        return self.decoupled_weight_decay

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *,
        lr: Any, betas: Any, eps: Any, weight_decay: Any, decoupled_weight_decay: bool,
    ) -> Step:  # fmt: skip
        g, (beta1, beta2) = grad(x), betas
        if decoupled_weight_decay:
            x = _shrunk(x, lr, weight_decay)
        m, v = _moments(g, state, betas)
        power = beta2 ** (t + 1)
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * (t + 1) * power / (1 - power)
        is_known = rho > 5.0
        squared = (rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho) * (1 - power)
        factor = np.where(is_known, np.sqrt(np.where(is_known, squared, 1.0)), 1.0)
        step = lr / (1 - beta1 ** (t + 1)) * m
        return x - np.where(is_known, step * factor / (np.sqrt(v) + eps), step), {"m": m, "v": v}


@at_top
@dataclass(frozen=True, eq=False)
class Yogi(Optimizer):
    """Yogi, Adam whose variance changes additively (Zaheer et al. 2018), in optax's form.

    m <- beta1 * m + (1 - beta1) * g                (the first m and v are initial_accumulator_value)
    v <- v - (1 - beta2) * sign(v - g^2) * g^2
    x <- x - lr / (1 - beta1^(t+1)) * m / (sqrt(v / (1 - beta2^(t+1))) + eps)

    Parameters
    ----------
    lr, eps, initial_accumulator_value : number, array or schedule
    betas : pair of those
    """

    lr: Hyper = 0.01
    betas: tuple[Hyper, Hyper] = (0.9, 0.999)
    eps: Hyper = 1e-3
    weight_decay: Hyper = 0.0
    initial_accumulator_value: Hyper = 1e-6
    velocity: ClassVar[tuple[str, ...]] = ("m",)
    ranges: ClassVar[Ranges] = {"initial_accumulator_value": NOT_NEGATIVE}

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *, lr: Any, betas: Any, eps: Any, initial_accumulator_value: Any
    ) -> Step:
        g, (beta1, beta2), begins = grad(x), betas, t == 0
        square = g * g
        v = np.where(begins, initial_accumulator_value, state.v)
        m = beta1 * np.where(begins, initial_accumulator_value, state.m) + (1 - beta1) * g
        v = v - (1 - beta2) * np.sign(v - square) * square
        return _moved(x, m, v, t, lr, betas, eps), {"m": m, "v": v}


@at_top
@dataclass(frozen=True, eq=False)
class AdaBelief(Optimizer):
    """AdaBelief, Adam by the variance of g around its average (Zhuang et al. 2020), in optax's form.

    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * (g - m)^2 + eps
    x <- x - lr / (1 - beta1^(t+1)) * m / (sqrt(v / (1 - beta2^(t+1))) + eps)

    Parameters
    ----------
    lr, eps : number, array or schedule
    betas : pair of those
    """

    lr: Hyper = 0.001
    betas: tuple[Hyper, Hyper] = (0.9, 0.999)
    eps: Hyper = 1e-16
    weight_decay: Hyper = 0.0
    velocity: ClassVar[tuple[str, ...]] = ("m",)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, betas: Any, eps: Any) -> Step:
        g, (beta1, beta2) = grad(x), betas
        m = beta1 * state.m + (1 - beta1) * g
        v = beta2 * state.v + (1 - beta2) * ((g - m) * (g - m)) + eps
        return _moved(x, m, v, t, lr, betas, eps), {"m": m, "v": v}


def _shrunk(x: Any, lr: Any, weight_decay: Any) -> Any:
    """Decoupled decay of a point."""
    return x if is_zero(weight_decay) else x * (1 - lr * weight_decay)
