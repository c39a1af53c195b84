"""Points where curvatures are zero: minima, saddles or parts of larger sets, as f around them tells.

From a point, f is looked at along directions of zero curvature, at growing radii. What the other curvatures add is
taken away first: each point looked at is moved along curved axes to the floor of the valley.

Example. Along y, x^2 + y^4 rises, x^2 + y^3 rises and falls, and x^2 is constant: a minimum, a saddle, and a set of
minima of dimension 1.

>>> from fastdescent import surface
>>> for text in ("x**2 + y**4", "x**2 + y**3", "x**2 + 0*y"):
...     landscape, x = Landscape.of(surface(text, window=(-2, 2))), np.zeros((1, 2))
...     found = explored(landscape, x, QuadraticModel.at(landscape, x), np.array([[True, False]]))
...     print(Outcome(found.kind[0]).name, found.set_dim[0])
LOCAL_MINIMUM 0
SADDLE 0
LOCAL_MINIMUM 1

Invariants
----------
- A negative curvature decides for a saddle or maximum, whatever the other curvatures are.
- The sign of a direction is told at the smallest radius at which f changes by more than its rounding.
- Points of different nullity do not depend on each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome
from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.quadratic import QuadraticModel

_RADII = tuple(1e-6 * 8.0**k for k in range(6))  # windows
_FLOOR_STEPS, _FLOOR_TOL = 30, 1e-12  #: at most so many; steps of this part of the radius are the last
_GENERIC = 8  #: pairs of directions that single out no axis, where more than one curvature is zero
_MOST_PAIRS = 4  #: of so many zero curvatures, all pairs are looked between
_FLAT = 1e-6  #: a gradient of this part of what curvature makes at the same distance is none
_LINEAR = 16.0  #: f that grows less than this from radius to radius, which is 8 times, has a kink: x^2 grows 64 times
_BY_SLOPE = 4.0  #: a change is not that of the slope if it is so many times as large
_POINTS_AT_ONCE = 1 << 17


@dataclass
class Explored:
    """What is known of singular points, arrays of shape (m,)."""

    kind: npt.NDArray[np.int8]  #: LOCAL_MINIMUM, SADDLE, MAXIMUM, DEGENERATE, FLAT, or UNSETTLED: on a slope
    set_dim: npt.NDArray[np.int16]
    is_kink: npt.NDArray[np.bool_]


def explored(landscape: Landscape, x: Floats, model: QuadraticModel, is_zero: npt.NDArray[np.bool_]) -> Explored:
    """Explores points (m, dim) whose curvatures `is_zero` (m, dim) count as zero; each has at least one."""
    m, nullity = len(x), is_zero.sum(axis=-1)
    found = Explored(np.full(m, Outcome.UNSETTLED, np.int8), np.zeros(m, np.int16), np.zeros(m, np.bool_))
    for k in np.unique(nullity):
        coefficients = _directions(int(k))
        at_once = max(1, _POINTS_AT_ONCE // (len(coefficients) * x.shape[1]))
        same = np.flatnonzero(nullity == k)
        for part in (same[i : i + at_once] for i in range(0, len(same), at_once)):
            own = _Stencil(landscape, x[part], model[part], is_zero[part], coefficients).explored()
            found.kind[part], found.set_dim[part], found.is_kink[part] = own.kind, own.set_dim, own.is_kink
    return found


def _directions(k: int) -> Floats:
    """Unit vectors (n, k), each with its opposite: axes, what is between pairs of them, and generic ones."""
    rows = list(np.eye(k))
    if 2 <= k <= _MOST_PAIRS:
        for i, j in combinations(range(k), 2):
            rows += [(np.eye(k)[i] + s * np.eye(k)[j]) / np.sqrt(2) for s in (1, -1)]
    if k >= 2:
        generic = np.cos(1.0 + 2.4 * np.arange(1, _GENERIC * k + 1)).reshape(_GENERIC, k)
        rows += list(generic / np.linalg.norm(generic, axis=-1, keepdims=True))
    one_way = np.array(rows)
    return np.concatenate([one_way, -one_way])


class _Stencil:
    """Points around singular points with one number of zero curvatures: (m, directions, dim)."""

    def __init__(
        self, landscape: Landscape, x: Floats, model: QuadraticModel, is_zero: npt.NDArray[np.bool_],
        coefficients: Floats,
    ) -> None:  # fmt: skip
        self.landscape, self.x, self.width = landscape, x, landscape.frame.width
        self.rounding = landscape.rounding(x, model.fun)
        k = coefficients.shape[1]
        order = np.argsort(~is_zero, axis=-1, kind="stable")
        axes = np.take_along_axis(model.axes, order[:, np.newaxis, :], axis=2)
        self.null, self.curved = axes[:, :, :k], axes[:, :, k:]
        self.curvatures = np.take_along_axis(model.curvatures, order, axis=1)[:, k:]
        along = np.take_along_axis(model.along, order, axis=1)[:, k:]
        above_floor = 0.5 * (along**2 / self.curvatures).sum(axis=-1)
        self.fun, self.rounding = model.fun - above_floor, self.rounding + 2 * np.abs(above_floor)
        self.slope = np.take_along_axis(model.along, order, axis=1)[:, :k] @ coefficients.T  # (m, directions)
        self.directions = np.einsum("mik,dk->mdi", self.null, coefficients)

    def explored(self) -> Explored:
        changes, errors = [], []
        floor, reach = np.empty(0), np.zeros(len(self.x))  # of each point the largest radius with all on the floor
        for radius in _RADII:
            y, left = self._on_the_floor(radius)
            on_floor = (np.abs(left) <= self.rounding[:, np.newaxis]).all(axis=-1)
            floor = np.where((on_floor | (reach == 0))[:, np.newaxis, np.newaxis], y, floor) if floor.size else y
            reach[on_floor] = radius
            changes.append(self._values(y) - self.fun[:, np.newaxis] - left)
            errors.append(self.rounding[:, np.newaxis] + 2 * np.abs(left))
        sign, slopes, linear = self._signs(np.array(changes), np.array(errors))
        set_dim = self._set_dims(floor, np.where(reach > 0, reach, _RADII[-1]), sign)
        down = (sign < 0).any(axis=-1) | (self.curvatures < 0).any(axis=-1)
        up = (sign > 0).any(axis=-1) | (self.curvatures > 0).any(axis=-1)
        kind = np.select(
            [slopes, up & down, up, down], [Outcome.UNSETTLED, Outcome.SADDLE, Outcome.LOCAL_MINIMUM, Outcome.MAXIMUM],
            Outcome.FLAT,
        )  # fmt: skip
        undecided = (sign == 0).any(axis=-1) & (set_dim == 0) & (kind == Outcome.LOCAL_MINIMUM)
        kind[undecided & ~linear] = Outcome.DEGENERATE
        return Explored(kind.astype(np.int8), set_dim, linear)

    def _on_the_floor(self, radius: float) -> tuple[Floats, Floats]:
        """The points at this radius, moved along curved axes by steps of Newton's method with fixed curvatures.

        Also how far f is above the floor at the ends, as the gradient left there tells.
        """
        y = self.x[:, np.newaxis, :] + radius * self.directions * self.width
        if not self.curvatures.shape[1]:
            return self.landscape.put_inside(y), np.zeros(y.shape[:2])
        for _ in range(_FLOOR_STEPS):
            along = self._along_curved(y) / self.curvatures[:, np.newaxis, :]
            step = np.einsum("mic,mdc->mdi", self.curved, along)
            length = np.linalg.norm(step, axis=-1, keepdims=True)
            y = y - step * np.minimum(1.0, radius / np.maximum(length, 1e-300)) * self.width
            if length.max(initial=0.0) <= _FLOOR_TOL * radius:
                break
        y = self.landscape.put_inside(y)
        left = 0.5 * (self._along_curved(y) ** 2 / self.curvatures[:, np.newaxis, :]).sum(axis=-1)
        return y, left

    def _along_curved(self, y: Floats) -> Floats:
        return np.asarray(np.einsum("mic,mdi->mdc", self.curved, self._gradients(y)))

    def _values(self, y: Floats) -> Floats:
        return self.landscape.surface(y.reshape(-1, y.shape[-1])).reshape(y.shape[:-1])

    def _gradients(self, y: Floats) -> Floats:
        found = self.landscape.surface.gradient(y.reshape(-1, y.shape[-1])).reshape(y.shape) * self.width
        return np.where(np.isfinite(found), found, 0.0)

    def _signs(
        self, changes: Floats, errors: Floats
    ) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """The sign of each direction; whether the point is on a slope; whether f grows linearly from the point.

        `changes` has f at each radius, less f at the point, and `errors` how wrong it may be. What the slope at the
        point makes is no sign of what the point is: it may be not quite reached.
        """
        radii = np.array(_RADII)[:, np.newaxis, np.newaxis]
        by_slope = np.abs(self.slope) * radii
        seen = np.abs(changes) > errors + _BY_SLOPE * by_slope
        is_seen = seen.any(axis=0)
        first = np.where(is_seen, seen.argmax(axis=0), len(_RADII) - 1)
        change = np.take_along_axis(changes, first[np.newaxis], axis=0)[0]
        after = np.take_along_axis(changes, np.minimum(first + 1, len(_RADII) - 1)[np.newaxis], axis=0)[0]
        sign = np.where(is_seen, np.sign(change), 0.0).astype(np.int_)
        sloping = ~is_seen & (by_slope[-1] > errors[-1])
        linear = is_seen & (change > 0) & (first < len(_RADII) - 1) & (after < _LINEAR * change)
        both = linear & np.roll(linear, linear.shape[1] // 2, axis=1)  # a direction and its opposite
        return sign, sloping.any(axis=-1), both.any(axis=-1)

    def _set_dims(self, y: Floats, radius: Floats, sign: npt.NDArray[np.int_]) -> npt.NDArray[np.int16]:
        """How many of the directions of zero curvature are those of a set: gradients at its sides span the others.

        y are points on the floor, at the radius (m,) around each point.
        """
        gradient = np.einsum("mik,mdi->mdk", self.null, self._gradients(y))
        gradient = np.where(np.isfinite(gradient), gradient, 0.0)
        size = np.maximum(np.abs(gradient).max(axis=(1, 2), keepdims=True, initial=0.0), np.finfo(np.float64).tiny)
        spans = np.linalg.svd(gradient / size, compute_uv=False) * size[:, :, 0]  # squares of large numbers overflow
        curved = np.abs(self.curvatures).max(axis=-1, initial=0.0) * radius
        least = _FLAT * np.maximum(curved, spans.max(axis=-1, initial=0.0))
        rank = (spans > least[:, np.newaxis]).sum(axis=-1)
        nullity = self.null.shape[2]
        return np.where((sign == 0).any(axis=-1), nullity - rank, 0).astype(np.int16)
