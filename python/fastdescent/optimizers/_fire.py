"""The fast inertial relaxation engine of molecular dynamics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import FRACTION, NOT_NEGATIVE, OPEN_FRACTION, POSITIVE, Hyper, Ranges
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer


@at_top
@dataclass(frozen=True, eq=False)
class FIRE(Optimizer):
    """FIRE, a mass that slides downhill and stops where it would climb (Bitzek et al. 2006), by Euler's steps.

    g . v < 0 (down):   v <- (1 - alpha) * v - alpha * |v| * g / |g|;   after more than n_min such steps in a row
                        dt <- min(f_inc * dt, lr_max), alpha <- f_alpha * alpha
    otherwise:          v <- 0,   dt <- f_dec * dt,   alpha <- its first value
    v <- v - dt * g
    x <- x + dt * v

    Parameters
    ----------
    lr : number, array or schedule
        The first time step dt. Mass is 1, so that it goes with one over the square root of the curvature.
    lr_max : number, array or schedule
        The largest one.
    n_min, f_inc, f_dec, alpha, f_alpha : number, array or schedule
    """

    lr: Hyper = 0.1
    lr_max: Hyper = 1.0
    n_min: Hyper = 5.0
    f_inc: Hyper = 1.1
    f_dec: Hyper = 0.5
    alpha: Hyper = 0.1
    f_alpha: Hyper = 0.99
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    velocity: ClassVar[tuple[str, ...]] = ("v",)
    init: ClassVar[dict[str, float]] = {"dt": 0.0, "alpha": 0.0, "n": 0.0}
    ranges: ClassVar[Ranges] = {
        "lr_max": POSITIVE,
        "n_min": NOT_NEGATIVE,
        "f_inc": (lambda v: v >= 1, "1 or greater"),
        "f_dec": OPEN_FRACTION,
        "alpha": FRACTION,
        "f_alpha": FRACTION,
    }

    @staticmethod
    def rule(
        x: Any, grad: Any, state: Any, t: Any, *,
        lr: Any, lr_max: Any, n_min: Any, f_inc: Any, f_dec: Any, alpha: Any, f_alpha: Any,
    ) -> Step:  # fmt: skip
        g, v, first = grad(x), state.v, t == 0
        dt, mix, n = np.where(first, lr, state.dt), np.where(first, alpha, state.alpha), state.n
        descends = np.sum(g * v) < 0
        norm = np.linalg.norm(g)
        turned = (1 - mix) * v - mix * np.linalg.norm(v) * (g / np.where(norm > 0, norm, 1.0))
        hurries = descends & (n > n_min)
        v = np.where(descends, turned, 0.0)
        dt = np.where(hurries, np.minimum(f_inc * dt, lr_max), np.where(descends | first, dt, f_dec * dt))
        mix = np.where(hurries, f_alpha * mix, np.where(descends, mix, alpha))
        v = v - dt * g
        return x + dt * v, {"v": v, "dt": dt, "alpha": mix, "n": np.where(descends, n + 1, 0.0)}
