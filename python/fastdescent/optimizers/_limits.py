"""Words that rules share: what a rule returns, whether a term is left out, and the limit of heavy-ball steps."""

from __future__ import annotations

import math
from typing import Any

from fastdescent.optimizers._hyperparameters import Hyper, constant

Step = tuple[Any, dict[str, Any]]  #: the new point and the new state


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
