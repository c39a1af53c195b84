"""What is descended, for those who name endpoints: the function, the walls, and the units of length and of f."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._run.descent import Descent, descend
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import default_optimizer
from fastdescent.program.step.sides import KEEPING, sides_with

_AT_WALL = 1e-12  #: windows: so near a wall a point stands on it
_TOUCH = 1e-9  #: windows: a wall that the minimum lies less beyond is only touched
_FEW_ULPS = (-24.0, -9.0, 7.0, 22.0)  #: steps in units of rounding, for looking at the rounding of f
_MARGIN = 4.0  #: rounding of f may be so much larger than seen
_HELD_BY = ("clip", "reflect")  #: boundaries at whose walls a trajectory can rest


@dataclass(frozen=True)
class Landscape:
    """A function within walls. Methods take points (m, dim)."""

    surface: Surface
    frame: Frame
    low: Floats  #: (dim,), walls; infinite where there are none
    high: Floats
    inside: dict[str, Any] = field(default_factory=dict)  #: bounds and boundary, as `descend` takes them

    @classmethod
    def of(cls, surface: Surface, inside: dict[str, Any] | None = None) -> Landscape:
        low, high = np.full(surface.dim, -np.inf), np.full(surface.dim, np.inf)
        if inside:
            low, high = sides_with(inside["boundary"], np.array(inside["bounds"], np.float64).T, *_HELD_BY)
        return cls(surface, Frame.of(surface.window), low, high, inside or {})

    @property
    def has_walls(self) -> bool:
        return bool(np.isfinite(self.low).any() or np.isfinite(self.high).any())

    def put_inside(self, x: Floats) -> Floats:
        return np.clip(x, self.low, self.high) if self.has_walls else x

    def is_inside(self, x: Floats) -> npt.NDArray[np.bool_]:
        """Whether points are in the bounds in force, walls included."""
        if not self.inside or self.inside["boundary"] == "ignore":
            return np.ones(len(x), np.bool_)
        bounds = np.array(self.inside["bounds"], np.float64).T
        low, high = sides_with(self.inside["boundary"], bounds, "stop", *KEEPING)
        slack = _TOUCH * self.frame.width
        return np.asarray(np.all((x >= low - slack) & (x <= high + slack), axis=-1))

    def held(self, x: Floats, gradient: Floats, curvature: Floats) -> npt.NDArray[np.int8]:
        """-1 where the lower wall holds a coordinate, 1 where the upper one does, else 0; all (m, dim).

        `curvature` is the Hessian's diagonal. A wall holds a coordinate that descent pushes against it, unless the
        coordinate's minimum is at the wall to rounding.
        """
        if not self.has_walls:
            return np.zeros(x.shape, np.int8)
        near, least = _AT_WALL * self.frame.width, _TOUCH * np.abs(curvature) * self.frame.width
        low = (x <= self.low + near) & (gradient > least)
        high = (x >= self.high - near) & (-gradient > least)
        return high.astype(np.int8) - low.astype(np.int8)

    def slope(self, x: Floats) -> Floats:
        """(m,): the norm of the gradient, in the surface's units, without what pushes against walls."""
        gradient = self.surface.gradient(x)
        still = self.held(x, gradient, np.zeros_like(gradient)) != 0
        return np.asarray(np.linalg.norm(np.where(still, 0.0, gradient), axis=-1))

    def rounding(self, x: Floats, fun: Floats) -> Floats:
        """(m,): how much f may be wrong at points, told by how uneven it is over a few units of rounding."""
        ulps = np.finfo(np.float64).eps * (np.abs(x) + 1e-3 * self.frame.width)
        m, dim = x.shape
        ways = np.cos(1.7 * np.arange(len(_FEW_ULPS))[:, np.newaxis] + 2.4 * np.arange(dim))  # along none is f special
        moved = np.multiply.outer(np.array(_FEW_ULPS), np.ones(m))[:, :, np.newaxis] * ways[:, np.newaxis, :] * ulps
        nearby = self.surface((x + moved).reshape(-1, dim)).reshape(len(_FEW_ULPS), m)
        with np.errstate(invalid="ignore"):  # of points where f is infinite
            unevenness = np.abs(nearby - fun).max(axis=0)
        least = 4 * np.finfo(np.float64).eps * np.abs(fun)
        return np.asarray(np.where(np.isfinite(unevenness), _MARGIN * unevenness, 0.0) + least)

    def descended(self, x: Floats, gtol: float, max_steps: int) -> Descent:
        """The ends of the descent that maps follow."""
        return descend(
            self.surface, x, default_optimizer(self.surface.dim), gtol=gtol, max_steps=max_steps, **self.inside
        )
