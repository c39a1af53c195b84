"""Verdicts on polished points: a clean critical point, a degenerate one, or none.

A *clean* critical point has a short Newton step and no curvature that is zero, and keeps its curvatures nearby. It
becomes a row of the table of critical points. Lengths are in windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome
from fastdescent._endpoints.cells import Floats, Frame
from fastdescent._endpoints.quadratic import ZERO_CURVATURE_RTOL, QuadraticModel, finite_matrices
from fastdescent._surface.surface import Surface

CLEAN_TOL = 1e-8  #: Newton's step from a clean critical point is at most this long; rounding may allow no less
_PROBE_DISTANCE = 1e-6  # a clean critical point keeps its curvatures at this distance
_NUMBERS_PER_CHUNK = 1 << 21  # numbers in the Hessians that are evaluated together: 16 MiB


class Verdict(IntEnum):
    """What a polished point is."""

    PENDING = 0  #: not yet judged
    CLEAN = 1  #: a critical point with no curvature that is zero
    DEGENERATE = 2  #: at rest where some curvature is zero
    LOST = 3  #: no critical point within reach


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
    verdict: npt.NDArray[np.int8]  #: values of `Verdict`

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, which: npt.NDArray[np.bool_ | np.int_]) -> Polished:
        return Polished(*(getattr(self, f.name)[which] for f in fields(self)))

    @classmethod
    def joined(cls, parts: list[Polished]) -> Polished:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


def unpolished(x: Floats) -> Polished:
    """The points as they are, not yet judged."""
    m, dim = x.shape
    small, wide = np.zeros(m, np.int8), np.zeros(m, np.int16)
    kind = np.full(m, Outcome.UNSETTLED, np.int8)
    return Polished(
        x, np.zeros(m), np.zeros(m), np.zeros((m, dim)), wide, kind, small, np.zeros((m, dim), np.int8), wide, small,
        np.full(m, Verdict.PENDING, np.int8),
    )  # fmt: skip


#: Far away, or in windows near the largest float, numbers overflow. Points that are not finite are LOST.
quiet = np.errstate(over="ignore", invalid="ignore")


@quiet
def judged(surface: Surface, points: Polished, frame: Frame, newton_tol: float) -> Polished:
    """The points with eigenvalues and verdicts; Newton's step from a clean point is at most `newton_tol` long."""
    parts = [points[index] for index in chunks(np.arange(len(points)), surface.dim)]
    models = (QuadraticModel.at(surface, p.x, frame) for p in parts)
    return Polished.joined([judged_by(m, surface, p, frame, newton_tol) for m, p in zip(models, parts, strict=True)])


def judged_by(model: QuadraticModel, surface: Surface, points: Polished, frame: Frame, newton_tol: float) -> Polished:
    """As `judged`, where the model at the points is known already."""
    clean = model.is_nondegenerate & (model.newton_length <= newton_tol)
    clean &= _keeps_curvatures(surface, points.x, frame, model)
    verdict = points.verdict.copy()
    at_rest = model.curved_newton_length <= newton_tol
    verdict[model.valid & at_rest & ~clean & (verdict == Verdict.PENDING)] = Verdict.DEGENERATE
    verdict[clean & (verdict == Verdict.PENDING)] = Verdict.CLEAN
    verdict[verdict == Verdict.PENDING] = Verdict.LOST
    eigenvalues = _eigenvalues(surface, points.x, frame, model)
    kind, nullity = _kinds(eigenvalues, verdict)
    return replace(
        points, fun=model.fun, grad_norm=model.grad_norm, eigenvalues=eigenvalues, nullity=nullity, kind=kind,
        verdict=verdict,
    )  # fmt: skip


def _kinds(eigenvalues: Floats, verdict: npt.NDArray[np.int8]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int16]]:
    """Kind and nullity by the eigenvalues."""
    size = np.abs(eigenvalues)
    zero = size <= ZERO_CURVATURE_RTOL * size.max(axis=-1, keepdims=True, initial=0.0)
    kind = np.full(len(verdict), Outcome.SADDLE, np.int8)
    kind[(eigenvalues > 0).all(axis=-1)] = Outcome.LOCAL_MINIMUM
    kind[(eigenvalues < 0).all(axis=-1)] = Outcome.MAXIMUM
    kind[verdict != Verdict.CLEAN] = Outcome.UNSETTLED
    return kind, zero.sum(axis=-1, dtype=np.int16)


def _eigenvalues(surface: Surface, x: Floats, frame: Frame, model: QuadraticModel) -> Floats:
    """Eigenvalues in the surface's own units. The model has them if all coordinates have the same width."""
    if np.ptp(frame.width) == 0:
        return np.asarray(model.curvatures / frame.width[0] ** 2)
    return np.asarray(np.linalg.eigvalsh(finite_matrices(surface.hessian(x))[0]), np.float64)


def _keeps_curvatures(surface: Surface, x: Floats, frame: Frame, model: QuadraticModel) -> npt.NDArray[np.bool_]:
    """Whether every curvature keeps its sign and about its size within `_PROBE_DISTANCE`.

    Newton's method does not quite reach a degenerate point, such as the centre of x**4. The curvatures where it stops
    are small but not zero. They change completely over a distance at which a clean point's hardly change.

    No curvature changes by more than the norm of the Hessian's change (Weyl's inequality). Eigenvalues are computed
    only where the norm does not decide.
    """
    dim, size = x.shape[1], np.abs(model.curvatures)
    generic = np.cos(1.0 + 2.4 * np.arange(dim))  # a direction that no symmetric surface singles out
    generic *= _PROBE_DISTANCE / np.linalg.norm(generic)
    to_windows = np.multiply.outer(frame.width, frame.width)
    hessian = (model.axes * model.curvatures[:, np.newaxis]) @ model.axes.transpose(0, 2, 1)
    keeps = model.valid
    for side in (-1.0, 1.0):
        nearby, finite = finite_matrices(surface.hessian(x + side * generic * frame.width) * to_windows)
        keeps = keeps & finite
        change = np.linalg.norm(nearby - hessian, axis=(-2, -1))
        undecided = np.flatnonzero(keeps & (change > 0.5 * size.min(axis=-1)))
        if len(undecided):
            changes = np.abs(np.linalg.eigvalsh(nearby[undecided]) - model.curvatures[undecided])
            keeps[undecided] = np.all(changes <= 0.5 * size[undecided], axis=-1)
    return keeps


def chunks(x: npt.NDArray[Any], dim: int) -> Iterator[npt.NDArray[Any]]:
    """Parts of x whose Hessians fit in a little memory; one empty part if x is empty."""
    step = max(1, _NUMBERS_PER_CHUNK // dim**2)
    yield from (x[k : k + step] for k in range(0, max(len(x), 1), step))
