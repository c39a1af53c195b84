"""The ends of a Hessian's spectrum: by the whole Hessian where that is cheaper, else by products with vectors alone.

What is cheaper is told by counting operations, not by the clock, so that the same call has the same result.
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
Product = Callable[[Floats], Floats]  #: of directions (n, dim), with the Hessian

_DENSE = 512  #: up to so many coordinates all eigenvalues cost no more than some
_KRYLOV = 60  #: vectors that Lanczos' method works on, or four times those that are wanted
_SURELY_FREE = 1 << 26  #: bytes
_COPIES = 4  #: of a Hessian that take part when it is diagonalized
_LANES = 64  #: a product with one vector costs as much as with so many
_OF_A_PRODUCT = 1_000_000  #: operations that the time of a call would be enough for
_OF_AN_EIGENPROBLEM = 2  #: operations, times dim^3
_USUAL, _MOST = 300, 3000  #: products that Lanczos' method takes, and those after which it is given up
_SAME = 1e-13  #: relative: two products that are the same but for rounding


def extremes(surface: Surface, points: Array, k: int, tol: float, with_vectors: bool) -> tuple[Floats, Floats]:
    """The k smallest and the k largest eigenvalues (n, m) and their vectors (n, m, dim), ascending; m = min(2k, dim).

    NaN where the Hessian is not finite. Vectors that are not asked for are NaN, too, or none.
    """
    dim, m = surface.dim, min(2 * k, surface.dim)
    values = np.full((len(points), m), np.nan)
    vectors = np.full((len(points), m, dim if with_vectors else 0), np.nan)
    few = m <= dim // 4 and dim > _DENSE
    for i, x in enumerate(points.astype(np.float64)):
        found = _by_products(surface, x, m, tol) if few else None
        if found is None:
            found = _by_hessian(surface, x, m, with_vectors)
        values[i] = found[0]
        if with_vectors:
            vectors[i] = found[1]
    return values, vectors


def _by_products(surface: Surface, x: Floats, m: int, tol: float) -> tuple[Floats, Floats] | None:
    """None where the whole Hessian is needed, or costs less."""
    dim, evaluated = surface.dim, surface._evaluator(("hvp",), x.dtype)
    usual, most = _affordable(surface._formula.program("hvp").main, dim)

    def product(directions: Floats) -> Floats:
        return np.asarray(evaluated(np.broadcast_to(x, directions.shape), directions)[0])

    generic = np.cos(1.0 + 2.4 * np.arange(dim))  # no symmetric surface has this direction
    diagonal, first, second = product(np.stack([np.ones(dim), generic, generic[::-1]]))
    largest = np.max(np.abs(diagonal))
    if not np.all(np.isfinite([diagonal, first, second])):
        return np.full(m, np.nan), np.full((m, dim), np.nan)
    away = np.abs([first - diagonal * generic, second - diagonal * generic[::-1]])
    if np.all(away <= _SAME * np.abs(diagonal)):
        return _of_diagonal(diagonal, m)
    return _by_lanczos(product, generic, max(largest, np.max(np.abs(first))), m, tol, most) if usual else None


def _affordable(product: Section, dim: int) -> tuple[bool, int]:
    """Whether the products that usually suffice cost less than the whole Hessian, and after how many it costs less."""
    turns = np.ones(len(product.code))
    for strips in product.strips:
        turns[strips.first : strips.stop] = strips.turns
    of_one = float(np.sum(turns * np.prod(product.code[:, N_OUTER : N_INNER + 1].astype(np.float64), axis=1)))
    of_call = _LANES * of_one + _OF_A_PRODUCT + 4.0 * _KRYLOV * dim
    whole = dim * of_one + _OF_AN_EIGENPROBLEM * float(dim) ** 3
    fits = _COPIES * 8 * dim**2 <= free_bytes()
    return whole > _USUAL * of_call or not fits, int(max(_USUAL, whole / of_call)) if fits else _MOST


def _of_diagonal(diagonal: Floats, m: int) -> tuple[Floats, Floats]:
    order = np.argsort(diagonal, kind="stable")[_ends(len(diagonal), m)]
    axes = np.zeros((m, len(diagonal)))
    axes[np.arange(m), order] = 1.0
    return diagonal[order], axes


def _ends(dim: int, m: int) -> npt.NDArray[np.int64]:
    return np.asarray(np.r_[: m - m // 2, dim - m // 2 : dim])


def _by_hessian(surface: Surface, x: Floats, m: int, with_vectors: bool) -> tuple[Floats, Floats]:
    dim = surface.dim
    if 8 * dim**2 > _SURELY_FREE:
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
    """None where that fails, as for a Hessian of zeros, or takes more products than `most`.

    ARPACK's tolerances assume numbers near 1: so the Hessian is first scaled, by a power of two, since no bit is lost
    by that. And they are relative to each eigenvalue, which those near zero cannot meet: so all are moved by twice the
    size of the largest. Neither changes the vectors or the way there.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    dim, exponent = len(start), int(np.frexp(largest)[1])

    def moved(shift: float) -> Any:
        def times(v: Floats) -> Floats:
            (found,) = product(v.reshape(1, -1))
            return np.asarray(np.ldexp(found, -exponent) + shift * v.reshape(-1))

        return LinearOperator((dim, dim), times, dtype=np.float64)

    n = min(max(_KRYLOV, 4 * m), dim)
    restarts = max(20, most // (n - m))
    try:
        size = abs(eigsh(moved(0.0), k=1, which="LM", v0=start, tol=1e-2, return_eigenvectors=False)[0])
        if not size > 0.0:
            return None
        values, axes = eigsh(moved(2.0 * size), k=m, which="BE", v0=start, ncv=n, tol=tol / 3, maxiter=restarts)
    except ArpackError:
        return None
    order = np.argsort(values)
    return np.ldexp(values[order] - 2.0 * size, exponent), axes.T[order]
