"""Gradient descent that backtracks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import OPEN_FRACTION, Hyper, Ranges
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer

_SIGNS_OF_KINKS = 3  #: after so many LineSearch is less demanding


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
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    compares_values: ClassVar[bool] = True
    ranges: ClassVar[Ranges] = {
        "armijo": OPEN_FRACTION,
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
