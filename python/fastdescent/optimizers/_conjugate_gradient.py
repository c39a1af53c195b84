"""Nonlinear conjugate gradients, one trial a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import OPEN_FRACTION, Hyper, Ranges
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer
from fastdescent.optimizers._trials import downhill, slope_of, tried


@at_top
@dataclass(frozen=True, eq=False)
class CG(Optimizer):
    """Nonlinear conjugate gradients by Polak and Ribiere (1969), restarted where beta is negative (PR+).

    beta = max(0, g . (g - g_before) / |g_before|^2)
    d <- -g + beta * d                              (or -g, where that does not lead down)
    h  = -g . d / (d . H d)                         (the minimum of f along d, to second order)
    x <- x + h * d

    One trial a step: if f falls by less than armijo * h * |g . d|, x and d stay, and the next h is half as long. Where
    f is not convex along d, h is twice the last one, at first lr. On a quadratic these are linear conjugate gradients,
    done in dim steps. (Nocedal and Wright 2006, chapter 5.)

    Parameters
    ----------
    lr, armijo : number, array or schedule
        armijo in (0, 1).
    """

    lr: Hyper = 0.001
    armijo: Hyper = 1e-4
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    compares_values: ClassVar[bool] = True
    velocity: ClassVar[tuple[str, ...]] = ("d",)
    init: ClassVar[dict[str, float]] = {"h": 0.0, "fails": 0.0}
    ranges: ClassVar[Ranges] = {"armijo": OPEN_FRACTION}

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, wall: Any, *, lr: Any, armijo: Any) -> Step:
        g, held = slope_of(x, grad, wall)
        is_new, before = state.fails == 0, np.sum(state.g * state.g)
        beta = np.where(before > 0, np.maximum(np.sum(g * (g - state.g)), 0.0) / np.where(before > 0, before, 1.0), 0.0)
        d = downhill(np.where(is_new, beta * state.d - g, state.d), g, held)
        curvature = np.sum(d * grad.hvp(x, d))
        is_convex = curvature > 0
        longer = np.where(t == 0, lr, 2.0 * state.h)
        h = np.where(is_convex, -np.sum(g * d) / np.where(is_convex, curvature, 1.0), longer)
        h = np.where(is_new, h, 0.5 * state.h)
        trial, accepted = tried(x, grad, wall, g, h * d, armijo)
        kept = {"d": d, "g": g, "h": h, "fails": np.where(accepted, 0.0, state.fails + 1)}
        return np.where(accepted, trial, x), kept | {"accepted": accepted, "stalled": np.all(trial == x)}
