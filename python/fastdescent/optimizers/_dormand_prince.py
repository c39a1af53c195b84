"""A step of the gradient flow by the Runge-Kutta pair of Dormand and Prince.

J. R. Dormand, P. J. Prince: A family of embedded Runge-Kutta formulae. J. Comput. Appl. Math. 6 (1980), 19-26. The
coefficients are those of table 5.2 in E. Hairer, S. P. Norsett, G. Wanner: Solving Ordinary Differential Equations I.
"""

from __future__ import annotations

from typing import Any

from fastdescent.optimizers._field import Field, norm

#: Row i weighs the velocities k_1 ... k_i of the stages before; the last row is the step of order 5.
_STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
#: The step of order 5 less the one of order 4.
_DIFFERENCE = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)


def first_h(field: Field) -> Any:
    """A small time for the first attempt: the step is shorter than 0.001."""
    return 1e-3 / (1 + norm(field.g))


def step(x: Any, field: Field, h: Any) -> tuple[Any, Any, Any]:
    """The point after the time h, the length of the step, and the error."""
    y, outside, slopes = x, 0.0, [field.g]
    for weights in _STAGES:
        y, outside = field.inside(x - h * _weighted(weights, slopes))
        slopes.append(field.slope(y))
    error = h * norm(_weighted(_DIFFERENCE, slopes)) + outside
    return y, h * norm(_weighted(_STAGES[-1], slopes)), error


def _weighted(weights: tuple[float, ...], slopes: list[Any]) -> Any:
    terms = [w * k for w, k in zip(weights, slopes, strict=False) if w]
    return sum(terms[1:], terms[0])
