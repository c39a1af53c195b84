"""What a polished point is: a critical point of some kind and form, or none, with the reason.

A *regular* critical point has a short Newton step and no curvature that is zero, and keeps its curvatures nearby.
Where curvatures are zero, `singular` looks at f around the point. Lengths are in windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Form, Outcome, Reason
from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.quadratic import QuadraticModel, finite_matrices, without_held
from fastdescent._endpoints.search.singular import explored

CLEAN_TOL = 1e-8  #: Newton's step from a critical point is at most this long; rounding may allow no less
#: A regular critical point keeps its curvatures at so many times the length of Newton's step, within these bounds.
_PROBE, _LEAST_PROBE, _MOST_PROBE = 1e3, 1e-10, 1e-5
_NUMBERS_PER_CHUNK = 1 << 21  # numbers in the Hessians that are evaluated together: 16 MiB


@dataclass(frozen=True)
class Polished:
    """Points after polishing. A point whose kind is not UNSETTLED is a critical point."""

    x: Floats  #: (m, dim)
    fun: Floats
    grad_norm: Floats
    eigenvalues: Floats  #: (m, dim), of the Hessian among the coordinates that no wall holds, ascending; then NaN
    nullity: npt.NDArray[np.int16]  #: zero eigenvalues
    kind: npt.NDArray[np.int8]  #: values of `Outcome`; LOCAL_MINIMUM for all minima
    form: npt.NDArray[np.int8]  #: values of `Form`
    active: npt.NDArray[np.int8]  #: (m, dim): -1 where the lower wall holds the coordinate, 1 the upper one, else 0
    set_dim: npt.NDArray[np.int16]  #: dimension of the connected set of critical points that the point stands for
    reason: npt.NDArray[np.int8]  #: values of `Reason`, where the kind is UNSETTLED

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, which: npt.NDArray[np.bool_ | np.int_]) -> Polished:
        return Polished(*(getattr(self, f.name)[which] for f in fields(self)))

    def put(self, index: npt.NDArray[np.int_], others: Polished) -> None:
        """Replaces points."""
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(others, f.name)

    @classmethod
    def joined(cls, parts: list[Polished]) -> Polished:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


#: Far away, or in windows near the largest float, numbers overflow. Points that are not finite are no critical points.
quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")


@quiet
def judged(landscape: Landscape, x: Floats, newton_tol: float = CLEAN_TOL) -> Polished:
    """What points (m, dim) are; Newton's step from a regular one is at most `newton_tol` long."""
    parts = []
    for part in chunks(x, landscape.surface.dim):
        model = QuadraticModel.at(landscape, part)
        parts.append(judged_by(model, landscape, part, newton_tol))
    return Polished.joined(parts)


def judged_by(model: QuadraticModel, landscape: Landscape, x: Floats, newton_tol: float = CLEAN_TOL) -> Polished:
    """As `judged`, where the model at the points is known."""
    m, dim = x.shape
    keeps = _kept_curvatures(landscape, x, model)
    regular = model.is_nondegenerate & (model.newton_length <= newton_tol) & keeps.all(axis=-1)
    is_zero = ~(model.is_curved & keeps)
    kind = np.full(m, Outcome.UNSETTLED, np.int8)
    reason = np.full(m, Reason.UNDECIDED, np.int8)
    form = np.where((model.held != 0).any(axis=-1), Form.CONSTRAINED, Form.REGULAR).astype(np.int8)
    set_dim, nullity = np.zeros(m, np.int16), np.zeros(m, np.int16)
    down = (model.curvatures < 0).sum(axis=-1)
    n_held = (model.held != 0).sum(axis=-1)
    kind[regular] = np.where(
        down == 0, Outcome.LOCAL_MINIMUM, np.where(down + n_held == dim, Outcome.MAXIMUM, Outcome.SADDLE)
    )[regular]
    kind[regular & (down > 0) & (n_held > 0)] = Outcome.SADDLE

    reason[~model.valid] = Reason.UNDEFINED_NEARBY
    singular = np.flatnonzero(model.valid & ~regular & is_zero.any(axis=-1))
    if len(singular):
        found = explored(landscape, x[singular], model[singular], is_zero[singular])
        kind[singular] = np.where(found.kind == Outcome.FLAT, Outcome.UNSETTLED, found.kind)
        reason[singular[found.kind == Outcome.FLAT]] = Reason.CONSTANT
        form[singular] |= np.where(found.is_kink, Form.NONSMOOTH, Form.DEGENERATE).astype(np.int8)
        set_dim[singular] = found.set_dim
        nullity[singular] = np.where(found.is_kink, 0, is_zero[singular].sum(axis=-1))
    is_row = kind != Outcome.UNSETTLED
    return Polished(
        x, model.fun, model.grad_norm, _eigenvalues(landscape, x, model), nullity, kind, np.where(is_row, form, 0),
        np.where(is_row[:, np.newaxis], model.held, 0).astype(np.int8), set_dim,
        np.where(is_row, Reason.NONE, reason).astype(np.int8),
    )  # fmt: skip


def _eigenvalues(landscape: Landscape, x: Floats, model: QuadraticModel) -> Floats:
    """Eigenvalues in the surface's own units. The model has them if no wall holds and all widths are the same."""
    width, held = landscape.frame.width, model.held != 0
    if np.ptp(width) == 0 and not held.any():
        return np.asarray(model.curvatures / width[0] ** 2)
    hessian = finite_matrices(landscape.surface.hessian(x))[0]
    found = np.asarray(np.linalg.eigvalsh(hessian), np.float64)
    for k in np.flatnonzero(held.any(axis=-1)):
        free = np.flatnonzero(~held[k])
        found[k] = np.nan
        found[k, : len(free)] = np.linalg.eigvalsh(hessian[k][np.ix_(free, free)])
    return found


def _kept_curvatures(landscape: Landscape, x: Floats, model: QuadraticModel) -> npt.NDArray[np.bool_]:
    """Which curvatures (m, dim) keep their sign and about their size nearby.

    Newton's method does not quite reach a degenerate point, such as the centre of x**4. The curvatures where it stops
    are small but not zero. They change completely over a distance at which a regular point's hardly change.

    No curvature changes by more than the norm of the Hessian's change (Weyl's inequality). Eigenvalues are computed
    only where the norm does not decide.
    """
    width, dim, size = landscape.frame.width, x.shape[1], np.abs(model.curvatures)
    generic = np.cos(1.0 + 2.4 * np.arange(dim))  # a direction that no symmetric surface singles out
    probe = np.clip(_PROBE * model.curved_newton_length, _LEAST_PROBE, _MOST_PROBE)
    nearby_by = np.multiply.outer(probe, width * generic / np.linalg.norm(generic))
    hessian = (model.axes * model.curvatures[:, np.newaxis]) @ model.axes.transpose(0, 2, 1)
    keeps = np.repeat(model.valid[:, np.newaxis], dim, axis=1)
    for side in (-1.0, 1.0):
        nearby, finite = finite_matrices(landscape.surface.hessian(x + side * nearby_by))
        nearby = without_held(nearby * np.multiply.outer(width, width), model.held != 0)
        keeps &= finite[:, np.newaxis]
        change = np.linalg.norm(nearby - hessian, axis=(-2, -1))
        undecided = np.flatnonzero(keeps.any(axis=-1) & (change > 0.5 * size.min(axis=-1)))
        if len(undecided):
            changes = np.abs(np.linalg.eigvalsh(nearby[undecided]) - model.curvatures[undecided])
            keeps[undecided] &= changes <= 0.5 * size[undecided]
    return keeps


def chunks(x: npt.NDArray[Any], dim: int) -> Iterator[npt.NDArray[Any]]:
    """Parts of x whose Hessians fit in a little memory; one empty part if x is empty."""
    step = max(1, _NUMBERS_PER_CHUNK // dim**2)
    yield from (x[k : k + step] for k in range(0, max(len(x), 1), step))
