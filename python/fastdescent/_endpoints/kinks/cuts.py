"""The lowest point of a model of f: the largest of several linear pieces, plus one quadratic form.

    minimize over d    max_k (value_k + slope_k . d) + d . curvature d / 2    where low <= d <= high

Many such problems are solved at once, by Mehrotra's predictor and corrector (SIAM J. Optim. 2, 1992, 575-601).

Example. The pieces d - 1 and -d meet at 1/2. There the convex combination of their slopes with weights 1/2 and 1/2 is
zero:

>>> value, slope = np.array([[-1.0, 0.0]]), np.array([[[1.0], [-1.0]]])
>>> step, weight = lowest(value, slope, np.zeros((1, 1, 1)), np.array([[-2.0]]), np.array([[2.0]]))
>>> step.round(9).tolist(), weight.round(9).tolist()
([[0.5]], [[0.5, 0.5]])

Invariants
----------
- Weights are not negative and add up to 1. If no wall holds d, the weighted sum of the slopes is -curvature d.
- The result of a problem does not depend on the other problems.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats

_MAX_STEPS = 30
_FAR = 1e3  # no piece is taken to be further below or above
_ON_WALL = 1e-6
_GAP = 1e-13  # mean product of a slack and its multiplier at the end; numbers in a problem are about 1


@dataclass(frozen=True)
class Cuts:
    """Pieces of m models, and the walls (m, dim). The unit of length and the largest slope are about 1."""

    value: Floats  #: (m, k)
    slope: Floats  #: (m, k, dim)
    bend: Floats  #: (m, dim, dim), without negative eigenvalues
    low: Floats
    high: Floats

    def lowest(self) -> tuple[Floats, Floats]:
        """The lowest point (m, dim) between the walls, and the weights (m, k) of the pieces there."""
        step, weight = lowest(self.value, self.slope, self.bend, self.low, self.high)
        step = np.where(step - self.low < _ON_WALL, self.low, step)
        return np.where(self.high - step < _ON_WALL, self.high, step), weight

    def seen_from(self, way: Floats, turn: Floats) -> Cuts:
        """The cuts from a point further along `way`, (m, dim) or of each cut, where slopes have changed by `turn`."""
        each = way if way.ndim == 3 else way[:, np.newaxis]
        value = self.value + np.sum((self.slope + turn / 2) * each, axis=-1)
        to = way if way.ndim == 2 else np.zeros_like(self.low)
        return replace(self, value=value, slope=self.slope + turn, low=self.low - to, high=self.high - to)

    def without(self, unusable: npt.NDArray[np.bool_]) -> Cuts:
        """The cuts, those that are unusable (m, k) or not finite far below the others."""
        unusable = unusable | ~np.isfinite(self.value) | ~np.isfinite(self.slope).all(axis=-1)
        value = np.where(unusable, -_FAR, np.clip(self.value, -_FAR, _FAR))
        return replace(self, value=value, slope=np.where(unusable[..., np.newaxis], 0.0, self.slope))


def lowest(value: Floats, slope: Floats, curvature: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The point d (m, dim) and the weights (m, k) of the pieces there.

    The arrays have shapes (m, k), (m, k, dim), (m, dim, dim), and (m, dim) for the walls, between which 0 lies.
    Curvatures have no negative eigenvalues. Numbers should be about 1.
    """
    m, k, dim = slope.shape
    rows, right = _constraints(value, slope, low, high)
    quadratic = np.zeros((m, dim + 1, dim + 1))
    quadratic[:, :dim, :dim] = curvature
    point = np.zeros((m, dim + 1))
    point[:, :dim] = 0.05 * (low + high)  # not on a wall
    point[:, dim] = np.max(value + np.einsum("mki,mi->mk", slope, point[:, :dim]), axis=-1) + 1.0
    slack = np.maximum(right - np.einsum("mri,mi->mr", rows, point), 1e-12)
    multiplier = 1.0 / (k * slack)
    for _ in range(_MAX_STEPS):
        moving = np.flatnonzero(np.mean(slack * multiplier, axis=-1) > _GAP)
        if not len(moving):
            break
        change = _direction(rows[moving], quadratic[moving], point[moving], slack[moving], multiplier[moving])
        for whole, part in zip((point, slack, multiplier), change, strict=True):
            whole[moving] += part
    weight = multiplier[:, :k]
    return np.clip(point[:, :dim], low, high), weight / weight.sum(axis=-1, keepdims=True)


def _constraints(value: Floats, slope: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Rows and right-hand sides of: rows . (d, v) <= right, where v is the height of the model's pieces."""
    m, k, dim = slope.shape
    rows = np.zeros((m, k + 2 * dim, dim + 1))
    rows[:, :k, :dim], rows[:, :k, dim] = slope, -1.0
    rows[:, k : k + dim, :dim], rows[:, k + dim :, :dim] = np.eye(dim), -np.eye(dim)
    return rows, np.concatenate([-value, high, -low], axis=-1)


def _direction(
    rows: Floats, quadratic: Floats, point: Floats, slack: Floats, multiplier: Floats
) -> tuple[Floats, Floats, Floats]:
    """One step of point, slack and multiplier that leaves slack and multiplier positive."""
    ratio = multiplier / slack
    matrix = quadratic + np.swapaxes(rows * ratio[..., np.newaxis], -1, -2) @ rows
    size = np.einsum("mii->mi", matrix)
    size += 1e-15 * size.max(axis=-1, keepdims=True)  # a view of the diagonal: never quite singular
    residual = np.einsum("mij,mj->mi", quadratic, point) + np.einsum("mri,mr->mi", rows, multiplier)
    residual[:, -1] += 1.0

    def solved(product: Floats) -> tuple[Floats, Floats, Floats]:
        """The Newton step after which slack * multiplier has changed by `product`, to first order."""
        right = -residual - np.einsum("mri,mr->mi", rows, product / slack)
        step = np.linalg.solve(matrix, right[..., np.newaxis])[..., 0]
        to_slack = -np.einsum("mri,mi->mr", rows, step)
        return step, to_slack, product / slack - ratio * to_slack

    gap = np.mean(slack * multiplier, axis=-1, keepdims=True)
    _, to_slack, to_multiplier = solved(-slack * multiplier)
    length = _length(slack, multiplier, to_slack, to_multiplier)
    predicted = np.mean((slack + length * to_slack) * (multiplier + length * to_multiplier), axis=-1, keepdims=True)
    centre = (predicted / gap) ** 3 * gap
    step, to_slack, to_multiplier = solved(centre - slack * multiplier - to_slack * to_multiplier)
    length = 0.995 * _length(slack, multiplier, to_slack, to_multiplier)
    return length * step, length * to_slack, length * to_multiplier


def _length(slack: Floats, multiplier: Floats, to_slack: Floats, to_multiplier: Floats) -> Floats:
    """(m, 1): the part of the step, at most 1, up to which slack and multiplier stay positive."""
    falls = np.maximum((-to_slack / slack).max(axis=-1), (-to_multiplier / multiplier).max(axis=-1))
    return np.asarray(1.0 / np.maximum(falls, 1.0))[:, np.newaxis]
