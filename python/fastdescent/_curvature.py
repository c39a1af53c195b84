"""Hessians of many points in bounded memory, and the ends of their spectra without Hessians."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._memory import refuse_if_too_large

if TYPE_CHECKING:
    from fastdescent._surface import Surface

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_NUMBERS_AT_ONCE = 1 << 21  #: of the points, directions and products that are worked on: 16 MiB each
_SURELY_FREE = 1 << 26  #: bytes
_DENSE = 512  #: up to so many coordinates all eigenvalues cost no more than some
_KRYLOV = 60  #: vectors that Lanczos' method works on, or four times those that are wanted


def hessians(surface: Surface, points: Array) -> Array:
    """(..., dim, dim), column by column: products with the axes, some of all points' at once."""
    dim = surface.dim
    n_bytes = points.size * dim * points.itemsize
    if n_bytes > _SURELY_FREE:
        n = points.size // dim
        what = f"the Hessian{'s' * (n != 1)} of {n} point{'s' * (n != 1)} in {dim} coordinates"
        refuse_if_too_large(n_bytes, what, "take fewer points, or ask for hvp or spectrum")
    flat = points.reshape(-1, dim)
    found = np.empty((len(flat) * dim, dim), points.dtype)
    step = max(1, _NUMBERS_AT_ONCE // dim)
    product = surface._evaluator(("hvp",), points.dtype)
    for first in range(0, len(found), step):
        column = np.arange(first, min(first + step, len(found)))
        axes = np.zeros((len(column), dim), points.dtype)
        axes[np.arange(len(column)), column % dim] = 1.0
        (found[column],) = product(flat[column // dim], axes)
    return found.reshape(*points.shape, dim)


def extremes(surface: Surface, points: Array, k: int, tol: float) -> tuple[Floats, Floats]:
    """The k smallest and the k largest eigenvalues (n, m) and their vectors (n, m, dim), ascending; m = min(2k, dim).

    NaN where the Hessian is not finite.
    """
    dim, m = surface.dim, min(2 * k, surface.dim)
    values, vectors = np.full((len(points), m), np.nan), np.full((len(points), m, dim), np.nan)
    few = m <= dim // 4 and dim > _DENSE
    for i, x in enumerate(points.astype(np.float64)):
        found = _by_lanczos(surface, x, m, tol) if few else None
        if found is None:
            found = _by_hessian(surface, x, m)
        values[i], vectors[i] = found
    return values, vectors


def _by_hessian(surface: Surface, x: Floats, m: int) -> tuple[Floats, Floats]:
    dim = surface.dim
    if 8 * dim**2 > _SURELY_FREE:
        what = f"all eigenvalues of a Hessian in {dim} coordinates"
        refuse_if_too_large(4 * 8 * dim**2, what, "choose a greater tol, or a smaller k")
    hessian = hessians(surface, x)
    if not np.all(np.isfinite(hessian)):
        return np.full(m, np.nan), np.full((m, dim), np.nan)
    values, axes = np.linalg.eigh(hessian)
    ends = np.r_[: m - m // 2, dim - m // 2 : dim]
    return values[ends], axes.T[ends]


def _by_lanczos(surface: Surface, x: Floats, m: int, tol: float) -> tuple[Floats, Floats] | None:
    """None where that fails, as for a Hessian of zeros, or would take longer than the whole Hessian.

    ARPACK's tolerance is relative to each eigenvalue, which those near zero cannot meet. So all are first moved by
    twice the size of the largest; moving them changes neither the vectors nor the way there.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    dim = surface.dim
    generic = np.cos(1.0 + 2.4 * np.arange(dim))  # no symmetric surface has this direction

    product = surface._evaluator(("hvp",), x.dtype)

    def moved(shift: float) -> Any:
        return LinearOperator((dim, dim), lambda v: product(x, v)[0][0] + shift * v.reshape(-1), dtype=np.float64)

    if not np.all(np.isfinite(product(x, generic)[0])):
        return None
    try:
        size = abs(eigsh(moved(0.0), k=1, which="LM", v0=generic, tol=1e-2, return_eigenvectors=False)[0])
        if not size > 0.0:
            return None
        n = min(max(_KRYLOV, 4 * m), dim)
        values, axes = eigsh(
            moved(2.0 * size), k=m, which="BE", v0=generic, ncv=n, tol=tol / 3, maxiter=max(20, 2 * dim // n)
        )
    except ArpackError:
        return None
    order = np.argsort(values)
    return values[order] - 2.0 * size, axes.T[order]
