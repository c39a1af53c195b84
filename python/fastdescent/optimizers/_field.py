"""The field x' = -grad f that a step of the gradient flow follows: slopes, and where the walls of a box hold x."""

from __future__ import annotations

from typing import Any

import numpy as np


def norm(v: Any) -> Any:
    """The Euclidean norm."""
    return np.sqrt(np.sum(v * v))


class Field:
    """The gradient around x, in a box or without one.

    A coordinate that stands on a wall and is pushed against the wall is held: its slope is 0. A coordinate is set free
    as soon as its slope, at any point of the step, points inside.
    """

    def __init__(self, x: Any, grad: Any, wall: Any) -> None:
        self._x, self._grad, self._wall = x, grad, wall
        g = grad(x)
        self._held = None if wall is None else wall.held(x, g)
        self.g = self._free(g)  #: the slope at x

    def slope(self, y: Any) -> Any:
        """The slope at y. In a box, y is `inside(...)`."""
        g = self._grad(y)
        return g if self._wall is None else np.where(self._held * self._wall.held(self._x, g), 0.0, g)

    def hvp(self, v: Any) -> Any:
        """The Hessian at x times v, between coordinates that are not held."""
        return self._free(self._grad.hvp(self._x, self._free(v)))

    @property
    def held(self) -> Any:
        """Which coordinates are held; None without a box."""
        return self._held

    def inside(self, y: Any) -> tuple[Any, Any]:
        """y put back into the box, and how far y was outside."""
        if self._wall is None:
            return y, 0.0
        inside, factor = self._wall(y)
        return inside, norm(np.where(factor == 1, 0.0, y - inside))

    def _free(self, v: Any) -> Any:
        return v if self._held is None else np.where(self._held, 0.0, v)
