"""The gradient flow as an optimizer: steps of one of two methods, accepted or repeated with a smaller time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.optimizers import _dormand_prince, _exponential
from fastdescent.optimizers._field import Field
from fastdescent.optimizers._hyperparameters import NOT_NEGATIVE, Hyper, Ranges, is_zero
from fastdescent.optimizers._limits import Step
from fastdescent.optimizers._optimizer import Optimizer

_GROW, _SHRINK, _SAFETY = 5.0, 0.1, 0.9  #: of the time h, from one attempt to the next
_LEAST_H, _MOST_H = 1e-30, 1e20
#: Of an error that atol allows for, relative to the step. Stiff components that do not decay, and kinks that are
#: crossed, make an error as large as the step; the former would keep the gradient above gtol. Only the exponential
#: method in the plane has no stiff components, and crosses kinks.
_MOST_ERROR = 0.2
_ROUNDINGS = 500  #: a rise of f by so many of its roundings is none
_LOOK_EVERY = 64  #: attempts between the looks at whether the trajectory gets on
#: A trajectory does not get on if from look to look its path is this small a part of the whole one, and its way is less
#: than a part of that path: it goes to and fro across a kink, or before a kink its steps are shorter than rounding.
_SHORT, _STRAIGHT_ACROSS, _STRAIGHT_BEFORE = 0.02, 0.9, 0.05


@at_top
@dataclass(frozen=True, eq=False)
class GradientFlow(Optimizer):
    """The gradient flow x' = -grad f, followed accurately: its maps show the basins of the surface itself.

    Each step attempts a time h, and estimates its error:

    error <= rtol * |step| + atol * (the path so far):   x <- x(h),   h grows, at most by 5
    otherwise:                                           x stays,     h shrinks, at most by 10

    Both tolerances are relative to lengths of the trajectory: results do not depend on the scale of x, nor on where
    the origin is.

    "exponential" linearizes grad f at x and solves that part exactly, in the plane of g and H g:
    x(h) = x - h phi(-h H) g - e, with phi(z) = (e^z - 1) / z and a correction e, the error. It is of order 4, after the
    scheme exprb42 (Luan 2017): two gradients and two Hessian-vector products a step. On quadratics of two coordinates
    it is exact. In a bowl its steps become Newton's, so that narrow valleys cost nothing.

    "dopri5" is the pair of orders 5 and 4 by Dormand and Prince (1980), seven gradients a step: a plain reference. In
    narrow valleys its steps are short.

    In a box that clips, coordinates on a wall and pushed against it stay there, and the others flow on. At a kink the
    exact flow slides along the kink; steps cross it and come back, so that a trajectory gets on slowly, or not at all.
    Where it does not get on it ends with status STALLED.

    Parameters
    ----------
    rtol, atol : number, array or schedule
        0 or greater, one of them greater than 0. Smaller ones resolve boundaries between basins more finely.
    method : "exponential" or "dopri5"

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("(1 - x)**2 + 100*(y - x**2)**2", window=(-2, 2))
    >>> starts = fd.grid(s.window, (64, 64))
    >>> run = fd.descend(s, starts, fd.GradientFlow())
    >>> run.message, bool(run.nit.max() < 100)
    ('4096 trajectories: 4096 converged.', True)
    """

    rtol: Hyper = 0.02
    atol: Hyper = 1e-4
    method: str = "exponential"
    weight_decay: Hyper = field(default=0.0, kw_only=True)
    compares_values: ClassVar[bool] = True
    ranges: ClassVar[Ranges] = {"rtol": NOT_NEGATIVE, "atol": NOT_NEGATIVE}
    init: ClassVar[dict[str, float]] = {"h": 0.0, "length": 0.0, "length_before": 0.0}
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"method": ("exponential", "dopri5")}

    def __post_init__(self) -> None:
        super().__post_init__()
        if is_zero(self.rtol) and is_zero(self.atol):
            raise ValueError(f"GradientFlow: rtol or atol must be greater than 0; got {self.rtol!r} and {self.atol!r}")

    @property
    def words(self) -> str:
        return "gradient flow" if repr(self) == repr(type(self)()) else repr(self)

    @staticmethod
    def rule(x: Any, grad: Any, state: Any, t: Any, wall: Any, *, rtol: Any, atol: Any, method: str) -> Step:
        attempt = _exponential_attempt if method == "exponential" else _dormand_prince_attempt
        h, new, size, error = attempt(x, grad, Field(x, grad, wall), state.h)
        allowed, crosses_kinks = rtol * size + atol * state.length, method == "exponential" and x.shape[0] == 2
        if not crosses_kinks:
            allowed = np.minimum(allowed, _MOST_ERROR * size)
        ratio = error / allowed  # NaN, where f is not defined, is no success either
        accepted = ratio <= 1
        ratio = np.where(ratio < 1e4, np.maximum(ratio, 1e-4), 1e4)
        root = np.sqrt(ratio) if method == "exponential" else np.sqrt(np.sqrt(ratio))
        h = np.clip(h * np.clip(_SAFETY / root, _SHRINK, _GROW), _LEAST_H, _MOST_H)
        length = state.length + np.where(accepted, size, 0.0)
        kept = {"h": h, "length": length, "accepted": accepted}
        kept |= _headway(x, state, t, _STRAIGHT_ACROSS if crosses_kinks else _STRAIGHT_BEFORE)
        return np.where(accepted, new, x), kept


def _exponential_attempt(x: Any, grad: Any, field: Field, h: Any) -> tuple[Any, Any, Any, Any]:
    """The time h, which is 0 before the first attempt, the new point, the length of the step, and the error."""
    axes, matrix = _exponential.linearized(x, field, grad.resolution)
    h = np.where(h > 0, h, _exponential.first_h(field, matrix))
    return h, *_exponential.step(x, field, axes, matrix, h)


def _dormand_prince_attempt(x: Any, grad: Any, field: Field, h: Any) -> tuple[Any, Any, Any, Any]:
    """The same. The flow never climbs: a step that does, across a kink that no stage has seen, is as wrong as long."""
    h = np.where(h > 0, h, _dormand_prince.first_h(field))
    new, size, error = _dormand_prince.step(x, field, h)
    before = grad.fun(x)
    climbs = grad.fun(new) - before > _ROUNDINGS * grad.resolution * np.abs(before)
    return h, new, size, np.where(climbs, size, error)


def _headway(x: Any, state: Any, t: Any, straight: float) -> dict[str, Any]:
    """Whether the trajectory has stalled, and the point and length that the next look compares with."""
    looks = t == _LOOK_EVERY * np.floor(t / _LOOK_EVERY)
    way, path = x - state.x_before, state.length - state.length_before
    stays = (np.sum(way * way) <= straight**2 * path * path) & (path <= _SHORT * state.length)
    return {
        "x_before": np.where(looks, x, state.x_before),
        "length_before": np.where(looks, state.length, state.length_before),
        "stalled": looks & (t > 0) & stays,
    }
