"""f to second order at points: gradient and Hessian in windows, and the steps that follow from them.

Coordinates that a wall holds take no part. Their component of the gradient is left out, and in the Hessian their row
and column are replaced by a positive number on the diagonal, so that steps leave them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape

#: A curvature counts as zero if it is smaller than this part of the largest one.
ZERO_CURVATURE_RTOL = 1e-9
_FLOOR = 1e-14  #: under curvatures, in steps, as a part of the largest one
_SMALL = 1e-6  #: ... and its sign may come and go if it is smaller than this part


@dataclass
class QuadraticModel:
    """f to second order at m points. Lengths are in windows unless a comment says otherwise."""

    fun: Floats
    grad_norm: Floats  #: in the surface's own units
    slope: Floats  #: (m,), norm of the gradient
    along: Floats  #: (m, dim), components of the gradient along the axes
    curvatures: Floats  #: (m, dim), eigenvalues of the Hessian, ascending
    axes: Floats  #: (m, dim, dim), eigenvectors of the Hessian, as columns
    held: npt.NDArray[np.int8]  #: (m, dim): -1 where the lower wall holds the coordinate, 1 the upper one, else 0
    valid: npt.NDArray[np.bool_]  #: f, its gradient and its Hessian are finite

    @classmethod
    def at(cls, landscape: Landscape, x: Floats) -> QuadraticModel:
        width, surface = landscape.frame.width, landscape.surface
        gradient, fun = surface.gradient(x), surface(x)
        own, finite = finite_matrices(surface.hessian(x))
        held = landscape.held(x, gradient, np.einsum("mkk->mk", own))
        hessian = without_held(own * np.multiply.outer(width, width), held != 0)
        curvatures, axes = np.linalg.eigh(hessian)
        valid = finite & np.isfinite(fun) & np.isfinite(gradient).all(axis=-1)
        free = np.where(valid[:, np.newaxis] & (held == 0), gradient, 0.0)
        along = np.einsum("mki,mk->mi", axes, free * width)
        norms = np.where(valid, np.linalg.norm(free, axis=-1), np.linalg.norm(gradient, axis=-1))
        return cls(fun, norms, np.linalg.norm(free * width, axis=-1), along, curvatures, axes, held, valid)

    @property
    def is_curved(self) -> npt.NDArray[np.bool_]:
        """(m, dim): which curvatures are not zero."""
        size = np.abs(self.curvatures)
        return np.asarray((size > ZERO_CURVATURE_RTOL * size.max(axis=-1, keepdims=True)) & (size > 0))

    @property
    def signs(self) -> Floats:
        """(m, dim): the signs of the curvatures, 0 for those that are much smaller than the largest one."""
        size = np.abs(self.curvatures)
        return np.where(size > _SMALL * size.max(axis=-1, keepdims=True), np.sign(self.curvatures), 0.0)

    @property
    def is_nondegenerate(self) -> npt.NDArray[np.bool_]:
        """(m,): where the model is valid and no curvature is zero."""
        return self.valid & self.is_curved.all(axis=-1)

    @property
    def newton_steps(self) -> Floats:
        """-H^-1 g, in components along the axes; 0 along axes of zero curvature."""
        return -np.divide(self.along, self.curvatures, out=np.zeros_like(self.along), where=self.is_curved)

    @property
    def curved_newton_length(self) -> Floats:
        """The length of `newton_steps`, which leave out axes of zero curvature."""
        return np.asarray(np.linalg.norm(self.newton_steps, axis=-1))

    @property
    def newton_length(self) -> Floats:
        """The length of Newton's step; infinite where a curvature is zero."""
        return np.where(self.is_nondegenerate, self.curved_newton_length, np.inf)

    def descending_steps(self, radius: Floats) -> Floats:
        """-|H|^-1 g in components along the axes, at most `radius` long.

        A floor under the curvatures turns the step towards -g along axes of zero curvature.
        """
        size = np.abs(self.curvatures)
        floor = np.maximum(_FLOOR * size.max(axis=-1), 1e-3 * self.slope) + np.finfo(np.float64).tiny
        steps = -self.along / np.maximum(size, floor[:, np.newaxis])
        length = np.linalg.norm(steps, axis=-1)
        shrink = np.divide(radius, length, out=np.ones_like(length), where=length > radius)
        return np.asarray(steps * shrink[:, np.newaxis])

    def __getitem__(self, which: npt.NDArray[np.int_]) -> QuadraticModel:
        return QuadraticModel(*(getattr(self, f.name)[which] for f in fields(self)))

    def put(self, index: npt.NDArray[np.int_], other: QuadraticModel, which: npt.NDArray[np.bool_]) -> None:
        """Replaces the points `index` by the points `which` of another model."""
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(other, f.name)[which]


def finite_matrices(matrices: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The matrices, zeros in place of those that are not finite; and which of them are finite."""
    finite = np.asarray(np.isfinite(matrices).all(axis=(-2, -1)))
    return np.where(finite[..., np.newaxis, np.newaxis], matrices, 0.0), finite


def without_held(matrices: Floats, held: npt.NDArray[np.bool_]) -> Floats:
    """The matrices, rows and columns of held coordinates replaced by the largest entry (or 1) on the diagonal."""
    if not held.any():
        return matrices
    size = np.abs(matrices).max(axis=(-2, -1), initial=0.0)
    free = ~held
    kept = np.where(free[:, :, np.newaxis] & free[:, np.newaxis, :], matrices, 0.0)
    diagonal = np.where(held, np.where(size > 0, size, 1.0)[:, np.newaxis], 0.0)
    return np.asarray(kept + diagonal[:, :, np.newaxis] * np.eye(held.shape[1]))
