"""The limited-memory BFGS method, one trial a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers._hyperparameters import OPEN_FRACTION, Hyper, Ranges
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer
from fastdescent.optimizers._trials import downhill, slope_of, tried

_LEAST_CURVATURE = 1e-10  #: s . y / (|s| |y|) of pairs that are kept


@at_top
@dataclass(frozen=True, eq=False)
class LBFGS(Optimizer):
    """Limited-memory BFGS (Nocedal 1980; Liu and Nocedal 1989).

    s  = x - x_before,   y = g - g_before           (of those with s . y > 0 the last `memory` are kept)
    d  = -B g, B from the pairs by the two-loop recursion, which begins with s . y / |y|^2 of the last pair
    x <- x + h * d

    One trial a step: h is lr, and without pairs lr / max(1, |g|_1), as in PyTorch. If f falls by less than
    armijo * h * |g . d|, x stays and the next h is half as long. (Nocedal and Wright 2006, algorithm 7.4.)

    Parameters
    ----------
    lr : number, array or schedule
    memory : int
        How many pairs are kept.
    armijo : number, array or schedule
        In (0, 1).
    """

    memory: int = 5
    lr: Hyper = 1.0
    armijo: Hyper = 1e-4
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    compares_values: ClassVar[bool] = True
    counts: ClassVar[tuple[str, ...]] = ("memory",)
    init: ClassVar[dict[str, float]] = {"part": 1.0}
    ranges: ClassVar[Ranges] = {"armijo": OPEN_FRACTION}

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, wall: Any, *, memory: int, lr: Any, armijo: Any) -> Step:
        g, held = slope_of(x, grad, wall)
        s, y = _pairs(x, g, state, t, memory)
        direction, has_pairs = _two_loops(g, s, y)
        h = state.part * np.where(has_pairs, lr, lr / np.maximum(np.sum(np.abs(g)), 1.0))
        trial, accepted = tried(x, grad, wall, g, h * downhill(direction, g, held), armijo)
        kept = {"s": s, "y": y, "x": x, "g": g, "part": np.where(accepted, 1.0, 0.5 * state.part)}
        return np.where(accepted, trial, x), kept | {"accepted": accepted, "stalled": np.all(trial == x)}


def _pairs(x: Any, g: Any, state: Any, t: Any, memory: int) -> tuple[Any, Any]:
    """The pairs s and y that are kept, (memory, dim) each, the latest last; 0 where there is none."""
    s, y = x - state.x, g - state.g
    curvature = np.sum(s * y)
    is_good = (t > 0) & (curvature > 0) & (curvature**2 > _LEAST_CURVATURE**2 * np.sum(s * s) * np.sum(y * y))
    kept = []
    for before, new in ((state.s, s), (state.y, y)):
        before = np.broadcast_to(before, (memory, *x.shape))
        kept.append(np.where(is_good, np.concatenate([before[1:], new[np.newaxis]]), before))
    return kept[0], kept[1]


def _two_loops(g: Any, s: Any, y: Any) -> tuple[Any, Any]:
    """-B g, and whether there are pairs to make B of (Nocedal 1980)."""
    curvature = np.sum(s * y, axis=1)
    inverse = np.where(curvature > 0, 1.0 / np.where(curvature > 0, curvature, 1.0), 0.0)
    has_pairs, parts = curvature[-1] > 0, []
    for k in reversed(range(len(s))):
        parts.append(inverse[k] * np.sum(s[k] * g))
        g = g - parts[-1] * y[k]
    length = np.sum(y[-1] * y[-1])
    d = np.where(has_pairs, curvature[-1] / np.where(has_pairs, length, 1.0), 1.0) * g
    for k, part in enumerate(reversed(parts)):
        d = d + s[k] * (part - inverse[k] * np.sum(y[k] * d))
    return -d, has_pairs
