"""The ends of a Hessian's spectrum: from the whole Hessian, or from its products with vectors if they cost less.

The cost is an estimated number of operations, not a time, so that the same call has the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.memory import free_bytes, refuse_if_too_large
from fastdescent._surface.hessians import hessians
from fastdescent.program.section import N_INNER, N_OUTER, Section

if TYPE_CHECKING:
    from fastdescent._surface.surface import Surface

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Product = Callable[[Floats], Floats]  #: the Hessian times directions (n, dim)

_MAX_DENSE_DIM = 512  #: up to this dim, all eigenvalues cost no more than a few
_KRYLOV = 60  #: vectors of Lanczos' method, unless it needs more for the eigenvalues that are wanted
_KRYLOV_PER_VALUE = 4
_UNCHECKED_BYTES = 1 << 26  #: up to this size nobody asks how much memory is free
_COPIES = 4  #: copies of the Hessian in memory while it is diagonalized
_DIAGONAL_RTOL = 1e-13  #: two products that differ by less are the same but for rounding

# Costs, in operations of one lane.
_VECTORS_PER_CALL = 64  #: a call with one vector costs as much as a call with this many
_CALL_COST = 1_000_000  #: the rest of a call
_EIGENPROBLEM_COST = 2  #: times dim^3
_USUAL_PRODUCTS, _MAX_PRODUCTS = 300, 3000  #: products that Lanczos' method usually takes, and at most


def extremes(surface: Surface, points: Array, k: int, tol: float, with_vectors: bool) -> tuple[Floats, Floats]:
    """The k smallest and the k largest eigenvalues (n, m) and their vectors (n, m, dim), ascending; m = min(2k, dim).

    They are NaN where the Hessian is not finite. Without `with_vectors` the vectors have shape (n, m, 0).
    """
    dim, m = surface.dim, min(2 * k, surface.dim)
    values = np.full((len(points), m), np.nan)
    vectors = np.full((len(points), m, dim if with_vectors else 0), np.nan)
    few = m <= dim // 4 and dim > _MAX_DENSE_DIM
    for i, x in enumerate(points.astype(np.float64)):
        found = _by_products(surface, x, m, tol) if few else None
        if found is None:
            found = _by_hessian(surface, x, m, with_vectors)
        values[i] = found[0]
        if with_vectors:
            vectors[i] = found[1]
    return values, vectors


def _by_products(surface: Surface, x: Floats, m: int, tol: float) -> tuple[Floats, Floats] | None:
    """Eigenvalues and vectors at x from products; None if the whole Hessian is needed, or costs less."""
    dim, evaluated = surface.dim, surface._evaluator(("hvp",), x.dtype)
    pays, most = _products_pay(surface._formula.program("hvp").main, dim)

    def product(directions: Floats) -> Floats:
        return np.asarray(evaluated(np.broadcast_to(x, directions.shape), v=directions)[0])

    generic = np.cos(1.0 + 2.4 * np.arange(dim))  # a direction that no symmetric surface singles out
    diagonal, first, second = product(np.stack([np.ones(dim), generic, generic[::-1]]))
    largest = np.max(np.abs(diagonal))
    if not np.all(np.isfinite([diagonal, first, second])):
        return np.full(m, np.nan), np.full((m, dim), np.nan)
    off_diagonal = np.abs([first - diagonal * generic, second - diagonal * generic[::-1]])
    if np.all(off_diagonal <= _DIAGONAL_RTOL * np.abs(diagonal)):
        return _of_diagonal(diagonal, m)
    return _by_lanczos(product, generic, max(largest, np.max(np.abs(first))), m, tol, most) if pays else None


def _products_pay(product: Section, dim: int) -> tuple[bool, int]:
    """Whether the usual number of products costs less than the whole Hessian, and how many products are worth it."""
    repeats = np.ones(len(product.instructions))  # of each instruction
    for strips in product.strips:
        repeats[strips.first : strips.stop] = strips.n_strips
    per_vector = float(
        np.sum(repeats * np.prod(product.instructions[:, N_OUTER : N_INNER + 1].astype(np.float64), axis=1))
    )
    per_call = _VECTORS_PER_CALL * per_vector + _CALL_COST + 4.0 * _KRYLOV * dim
    whole = dim * per_vector + _EIGENPROBLEM_COST * float(dim) ** 3
    fits = _COPIES * 8 * dim**2 <= free_bytes()
    pays = whole > _USUAL_PRODUCTS * per_call or not fits
    return pays, int(max(_USUAL_PRODUCTS, whole / per_call)) if fits else _MAX_PRODUCTS


def _of_diagonal(diagonal: Floats, m: int) -> tuple[Floats, Floats]:
    order = np.argsort(diagonal, kind="stable")[_ends(len(diagonal), m)]
    axes = np.zeros((m, len(diagonal)))
    axes[np.arange(m), order] = 1.0
    return diagonal[order], axes


def _ends(dim: int, m: int) -> npt.NDArray[np.int64]:
    return np.asarray(np.r_[: m - m // 2, dim - m // 2 : dim])


def _by_hessian(surface: Surface, x: Floats, m: int, with_vectors: bool) -> tuple[Floats, Floats]:
    dim = surface.dim
    if 8 * dim**2 > _UNCHECKED_BYTES:
        what = f"all eigenvalues of a Hessian in {dim} coordinates"
        refuse_if_too_large(_COPIES * 8 * dim**2, what, "choose a greater tol, or a smaller k")
    hessian = hessians(surface, x)
    if not np.all(np.isfinite(hessian)):
        return np.full(m, np.nan), np.full((m, dim), np.nan)
    ends = _ends(dim, m)
    if not with_vectors:
        return np.linalg.eigvalsh(hessian)[ends], np.zeros((m, 0))
    values, axes = np.linalg.eigh(hessian)
    return values[ends], axes.T[ends]


def _by_lanczos(
    product: Product, start: Floats, largest: float, m: int, tol: float, most: int
) -> tuple[Floats, Floats] | None:
    """Eigenvalues and vectors by Lanczos' method.

    None if the method fails, as for a Hessian of zeros, or takes more products than `most`.

    ARPACK's tolerances assume numbers near 1. So the Hessian is scaled first, by a power of two, which loses no bit.
    The tolerances are relative to each eigenvalue, and eigenvalues near zero could not meet them. So all eigenvalues
    are shifted by twice the size of the largest. Neither changes the vectors, or the steps of the method.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    dim, exponent = len(start), int(np.frexp(largest)[1])

    def operator(shift: float) -> Any:
        def times(v: Floats) -> Floats:
            (found,) = product(v.reshape(1, -1))
            return np.asarray(np.ldexp(found, -exponent) + shift * v.reshape(-1))

        return LinearOperator((dim, dim), times, dtype=np.float64)

    n = min(max(_KRYLOV, _KRYLOV_PER_VALUE * m), dim)
    restarts = max(20, most // (n - m))
    try:
        size = abs(eigsh(operator(0.0), k=1, which="LM", v0=start, tol=1e-2, return_eigenvectors=False)[0])
        if not size > 0.0:
            return None
        values, axes = eigsh(operator(2.0 * size), k=m, which="BE", v0=start, ncv=n, tol=tol / 3, maxiter=restarts)
    except ArpackError:
        return None
    order = np.argsort(values)
    return np.ldexp(values[order] - 2.0 * size, exponent), axes.T[order]
