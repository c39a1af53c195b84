"""Polishing: a few points go to the critical point beside each of them, by Newton's method.

Lengths are in windows (each coordinate is divided by the window's width), so that nothing depends on units.

Example. f = x^4 - x^2 + y^2 has minima at x = -0.7071 and 0.7071 and a saddle between them. The window is 4 wide. The
first start is 0.0002 windows from a minimum and descends there. The second one is so near the saddle that its Newton
step is within `newton_radius`, and Newton's method leads to the saddle. The third one is further from the saddle,
descends, and is lost once it is 0.001 windows away from its start; the fourth one is too far from the minimum.

>>> from fastdescent import surface
>>> s = surface("x**4 - x**2 + y**2", window=(-2, 2))
>>> starts = np.array([[0.708, 0.0], [1e-5, 0.0], [1e-3, 0.0], [0.75, 0.0]])
>>> points = polish(s, starts, Frame.of(s.window), newton_radius=1e-5)
>>> [Verdict(v).name for v in points.verdict]
['CLEAN', 'CLEAN', 'LOST', 'LOST']
>>> (points.x[:2].round(6) + 0.0).tolist(), points.eigenvalues[:2].round(6).tolist()
([[0.707107, 0.0], [0.0, 0.0]], [[2.0, 4.0], [-2.0, 2.0]])

Invariants
----------
- A clean point is at most REACH from its start: a point that goes further is lost.
- f never rises along descending steps, but for rounding; the gradient's norm falls along Newton's steps.
- The result of a point does not depend on the other points.
- `model` always is the model at `x`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.cells import Floats, Frame
from fastdescent._endpoints.quadratic import QuadraticModel
from fastdescent._endpoints.verdict import CLEAN_TOL, Polished, Verdict, chunks, judged_by, quiet, unpolished
from fastdescent._surface.surface import Surface

#: Points go no further than this: basins are wider, or too small to tell apart.
REACH = 1e-3
_MAX_STEPS, _MAX_FIXED_STEPS = 40, 8
_NEWTON_TOL = 1e-12  # a point whose Newton step is at most this long has converged


@quiet
def polish(surface: Surface, start: Floats, frame: Frame, newton_radius: float) -> Polished:
    """Takes each point (m, dim) to the critical point beside it, if that is within REACH.

    If Newton's step is at most `newton_radius` long, the point is taken to be at a critical point, which may be a
    saddle or maximum, and Newton's method goes there. Otherwise the point descends in a trust region: steps of
    Newton's method with the curvatures' absolute values, which saddles repel (Dauphin et al. 2014), and f falls.
    """
    parts = []
    for x in chunks(start, surface.dim):
        polishing = _Polishing(surface, x, frame, newton_radius)
        points = polishing.run()
        parts.append(judged_by(polishing.model, surface, points, frame, CLEAN_TOL))
    return Polished.joined(parts)


class _Polishing:
    """Points on their way. Only points that are pending and not at rest are evaluated."""

    def __init__(self, surface: Surface, start: Floats, frame: Frame, newton_radius: float) -> None:
        self.surface, self.frame, self.newton_radius = surface, frame, newton_radius
        self.start, self.x = start, start.copy()
        self.verdict = np.full(len(start), Verdict.PENDING, np.int8)
        self.at_rest = np.zeros(len(start), np.bool_)
        self.may_use_newton = np.ones(len(start), np.bool_)
        self.trust_radius = np.full(len(start), REACH / 2)
        self.model = QuadraticModel.at(surface, self.x, frame)

    def run(self) -> Polished:
        self.verdict[~self.model.valid] = Verdict.LOST
        self._steps_of_fixed_hessian()
        for _ in range(_MAX_STEPS):
            moving = np.flatnonzero((self.verdict == Verdict.PENDING) & ~self.at_rest)
            if not len(moving):
                break
            self._step(moving)
        # A point that still moves converges too slowly for a clean critical point.
        self.verdict[(self.verdict == Verdict.PENDING) & ~self.at_rest] = Verdict.DEGENERATE
        return replace(unpolished(self.x), verdict=self.verdict)

    def _steps_of_fixed_hessian(self) -> None:
        """Newton's steps with the Hessian of the start, so that each costs a gradient only.

        They serve points beside a critical point, which nearly all are. Hessians are diagonalized at both ends.
        """
        near = np.flatnonzero((self.verdict == Verdict.PENDING) & (self.model.newton_length <= self.newton_radius))
        if not len(near):
            return
        model, x = self.model[near], self.x[near]
        moving = np.ones(len(near), np.bool_)
        for _ in range(_MAX_FIXED_STEPS):
            trial = x + np.einsum("mik,mk->mi", model.axes, model.newton_steps) * self.frame.width
            gradient = self.surface.gradient(trial) * self.frame.width
            slope = np.linalg.norm(gradient, axis=-1)
            moving &= slope < model.slope
            if not moving.any():
                break
            x[moving], model.slope[moving] = trial[moving], slope[moving]
            model.along[moving] = np.einsum("mki,mk->mi", model.axes[moving], gradient[moving])
        self.x[near] = x
        self.model.put(near, QuadraticModel.at(self.surface, x, self.frame), np.ones(len(near), np.bool_))
        self._judge(near, ~moving & (self.model[near].newton_length <= CLEAN_TOL))

    def _step(self, moving: npt.NDArray[np.int_]) -> None:
        """One step of Newton's method, or one descending step, of each moving point, if it improves the point."""
        before, radius = self.model[moving], self.trust_radius[moving]
        by_newton = self.may_use_newton[moving] & (before.newton_length <= self.newton_radius)
        steps = np.where(by_newton[:, np.newaxis], before.newton_steps, before.descending_steps(radius))
        trial = self.x[moving] + np.einsum("mik,mk->mi", before.axes, steps) * self.frame.width
        after = QuadraticModel.at(self.surface, trial, self.frame)
        flatter = after.slope < before.slope
        with np.errstate(invalid="ignore"):
            change = after.fun - before.fun
        rounding = 4 * np.finfo(np.float64).eps * np.abs(before.fun)
        lower = (change < -rounding) | ((change <= rounding) & flatter)
        accepted = after.valid & np.where(by_newton, flatter, lower)
        index = moving[accepted]
        self.x[index] = trial[accepted]
        self.model.put(index, after, accepted)
        self.trust_radius[moving] = np.where(accepted, np.minimum(2 * radius, REACH / 2), radius / 4)
        self._judge(moving, by_newton & ~accepted)

    def _judge(self, moving: npt.NDArray[np.int_], stuck: npt.NDArray[np.bool_]) -> None:
        """Decides which points have come to rest, are degenerate or are lost.

        Newton's method is `stuck` at a point if a step does not make the gradient smaller. Rounding explains that if
        the step is short; otherwise the point descends from now on.
        """
        model = self.model[moving]
        length = model.newton_length
        at_rest = (length <= _NEWTON_TOL) | (stuck & (length <= CLEAN_TOL)) | (model.slope == 0)
        flat = ~model.is_nondegenerate & (model.curved_newton_length <= self.newton_radius)
        too_far = self.frame.distance(self.x[moving], self.start[moving]) > REACH
        self.at_rest[moving[at_rest]] = True
        self.may_use_newton[moving[stuck]] = False
        self.verdict[moving[flat]] = Verdict.DEGENERATE
        self.verdict[moving[too_far | (self.trust_radius[moving] < _NEWTON_TOL)]] = Verdict.LOST
