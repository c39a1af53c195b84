"""Polishing: a few points go to the critical point whose valley each of them is in, by Newton's method.

Lengths are in windows (each coordinate is divided by the window's width). They are a first guess of a step only: how
far a point may go is told by the function, as long as its quadratic model foretells how far f falls.

Example. f = x^4 - x^2 + y^2 has minima at x = -0.7071 and 0.7071 and a saddle between them. The first start is beside
a minimum. The second one is so near the saddle that Newton's step leads there at once. The third one is further from
the saddle: it descends to the minimum in whose valley it is, and has not kept its curvatures on the way.

>>> from fastdescent import surface
>>> s = surface("x**4 - x**2 + y**2", window=(-2, 2))
>>> starts = np.array([[0.708, 0.0], [1e-5, 0.0], [0.1, 0.0]])
>>> points = polish(Landscape.of(s), starts, to_saddles=True)
>>> [Outcome(v).name for v in points.kind]
['LOCAL_MINIMUM', 'SADDLE', 'LOCAL_MINIMUM']
>>> (points.x.round(6) + 0.0).tolist(), points.eigenvalues[:2].round(6).tolist()
([[0.707107, 0.0], [0.0, 0.0], [0.707107, 0.0]], [[2.0, 4.0], [-2.0, 2.0]])

Invariants
----------
- f never rises along descending steps, but for rounding; Newton's step shrinks to a quarter along Newton's steps.
- No point leaves the walls.
- The result of a point does not depend on the other points.
- `model` always is the model at `x`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome
from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.quadratic import QuadraticModel
from fastdescent._endpoints.search.verdict import CLEAN_TOL, Polished, chunks, judged_by, quiet

__all__ = ["Outcome", "polish"]

_MAX_STEPS = 64
_FIRST_RADIUS = 1e-3  #: of descending steps; it doubles where the model holds
_NEWTON_TOL = 1e-12  #: a point whose Newton step is at most this long has converged
#: Of Newton's step, from one step to the next, where f is nearly quadratic; and of the first step to a saddle.
_CONTRACTION, _FIRST_CONTRACTION = 0.25, 1e-3
_AGREES, _AGREES_WELL = 0.25, 0.75  #: parts of the fall foretold


@quiet
def polish(landscape: Landscape, start: Floats, to_saddles: bool) -> Polished:
    """Takes each point (m, dim) to a critical point, and judges it.

    With `to_saddles`, a point that is near a critical point, as Newton's step tells that shrinks to a quarter, is taken
    there, be it a saddle or maximum. Otherwise it descends in a trust region: steps of Newton's method with the
    curvatures' absolute values, which saddles repel (Dauphin et al. 2014), and f falls.
    """
    parts = []
    for x in chunks(start, landscape.surface.dim):
        polishing = _Polishing(landscape, landscape.put_inside(x), to_saddles)
        polishing.run()
        parts.append(judged_by(polishing.model, landscape, polishing.x))
    return Polished.joined(parts)


class _Polishing:
    """Points on their way. Only points that are not at rest are evaluated."""

    def __init__(self, landscape: Landscape, start: Floats, to_saddles: bool) -> None:
        self.landscape, self.x = landscape, start.copy()
        self.width = landscape.frame.width
        self.model = QuadraticModel.at(landscape, self.x)
        self.rounding = landscape.rounding(self.x, self.model.fun)
        self.at_rest = ~self.model.valid
        self.by_newton = self.model.is_nondegenerate & (to_saddles | (self.model.curvatures > 0).all(axis=-1))
        self.radius = np.full(len(start), _FIRST_RADIUS)
        self.has_moved = np.zeros(len(start), np.bool_)

    def run(self) -> None:
        for _ in range(_MAX_STEPS):
            moving = np.flatnonzero(~self.at_rest)
            if not len(moving):
                break
            self._step(moving)

    def _step(self, moving: npt.NDArray[np.int_]) -> None:
        """One step of Newton's method, or one descending step, of each moving point, if it improves the point."""
        before, radius, by_newton = self.model[moving], self.radius[moving], self.by_newton[moving]
        steps = np.where(by_newton[:, np.newaxis], before.newton_steps, before.descending_steps(radius))
        x = self.x[moving]
        trial = self.landscape.put_inside(x + np.einsum("mik,mk->mi", before.axes, steps) * self.width)
        after = QuadraticModel.at(self.landscape, trial)
        made = np.einsum("mki,mk->mi", before.axes, (trial - x) / self.width)
        length = np.linalg.norm(made, axis=-1)
        foretold = (made * before.along + 0.5 * made**2 * before.curvatures).sum(axis=-1)
        fall, rounding = after.fun - before.fun, self.rounding[moving]
        agreement = np.divide(fall, foretold, out=np.zeros_like(fall), where=foretold < 0)
        falls = (agreement >= _AGREES) & (fall < -rounding)
        falls |= (np.abs(fall) <= rounding) & (after.slope < before.slope)
        accepted = after.valid & np.where(by_newton, self._is_newtons(moving, before, after), falls)
        index = moving[accepted]
        self.x[index], self.has_moved[index] = trial[accepted], True
        self.model.put(index, after, accepted)
        grown = np.where(agreement >= _AGREES_WELL, 2 * np.maximum(radius, length), radius)
        self.radius[moving] = np.where(accepted, grown, np.minimum(radius, length) / 4)
        self._rest(moving, accepted | by_newton, by_newton & ~accepted & ~(after.slope < 0.5 * before.slope))
        self.by_newton[moving[~accepted]] = False

    def _rest(self, moving: npt.NDArray[np.int_], goes_on: npt.NDArray[np.bool_], stuck: npt.NDArray[np.bool_]) -> None:
        """Decides which points have come to rest: no step improves them further."""
        model = self.model[moving]
        rests = (model.newton_length <= _NEWTON_TOL) | (model.slope == 0)
        rests |= stuck & (model.newton_length <= CLEAN_TOL)
        rests |= ~goes_on & ((model.newton_length <= CLEAN_TOL) | (self.radius[moving] < _NEWTON_TOL))
        self.at_rest[moving[rests]] = True

    def _is_newtons(
        self, moving: npt.NDArray[np.int_], before: QuadraticModel, after: QuadraticModel
    ) -> npt.NDArray[np.bool_]:
        """Whether f is nearly quadratic along Newton's step: the next one is much shorter, no curvature turns over.

        The first step to a saddle must foretell its place well: beside a saddle, a point may be in a valley.
        """
        same = np.all(before.signs * after.signs >= 0, axis=-1)
        is_strict = ~self.has_moved[moving] & (before.curvatures < 0).any(axis=-1)
        contraction = np.where(is_strict, _FIRST_CONTRACTION, _CONTRACTION)
        return np.asarray(same & (after.newton_length <= contraction * before.newton_length))
