"""Surfaces that are products of unknowns: no local minimum but the global ones, and strict saddles between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import finite_array, shown, whole_number
from fastdescent._surface.define import surface
from fastdescent._surface.finite_sum import finite_sum
from fastdescent._surface.surface import Surface
from fastdescent.surfaces._catalog import known, with_data

__all__ = ["matrix_factorization", "phase_retrieval"]

Floats = npt.NDArray[np.float64]

_DIAGONAL = [[4.0, 0.0], [0.0, 1.0]]
_FOUR = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]], [1.0, 0.0, 1.0, 1.0]


@known(lowest=0.5, degenerate=True)
@with_data
def matrix_factorization(M: npt.ArrayLike | None = None, rank: int = 1) -> Surface:
    """A matrix as a product of two thin ones. Saddles are where some of its largest singular values are missing.

    f(x) = 1/2 |U V^T - M|^2, the sum of squares of all elements

    x holds U (rows, rank), then V (columns, rank), both in C order. The default M is diag(4, 1). Minimum: half the sum
    of the squares of the other singular values, on a set of points (U R, V R^-T), of which two are given, by the
    singular vectors: Eckart and Young, Psychometrika 1, 1936.

    Ge, Jin and Zheng, No spurious local minima in nonconvex low rank problems, Proc. ICML, 2017.

    Parameters
    ----------
    M : array (rows, columns)
    rank : int

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surfaces.matrix_factorization([[3.0, 0.0, 0.0], [0.0, 2.0, 0.0]], rank=2)
    >>> s.dim, float(s([1, 0, 0, 1, 3, 0, 0, 2, 0, 0]))
    (10, 0.0)
    """
    matrix = finite_array("M", _DIAGONAL if M is None else M, n_axes=2)
    width = whole_number("rank", rank, at_least=1)
    n, m = matrix.shape

    def factors(x: Any) -> Any:
        U, V = x[: n * width].reshape(n, width), x[n * width :].reshape(m, width)
        return 0.5 * np.sum((U @ V.T - matrix) ** 2)

    return surface(factors, dim=(n + m) * width, window=(-5.0, 5.0), minima=lambda params: _balanced(matrix, width))


def _balanced(matrix: Floats, rank: int) -> Floats:
    """U and V of the largest singular values: each factor has their roots; columns that are not needed are 0."""
    left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
    factors = []
    for vectors in (left, right.T):
        factor = np.zeros((len(vectors), rank))
        factor[:, : len(sizes)] = (vectors * np.sqrt(sizes))[:, :rank]
        factors.append(factor.ravel())
    point = np.concatenate(factors)
    return np.array([point, -point])


def _phases(x: Any, A: Any, y: Any) -> Any:
    return 0.25 * np.mean(((A @ x) ** 2 - y) ** 2)


@with_data
def phase_retrieval(data: Sequence[npt.ArrayLike] | None = None) -> Surface:
    """A vector from the squares of its projections, real: the sign is lost, so that minima come in pairs.

    f(x) = 1/(4 n) sum_i ((a_i . x)^2 - b_i)^2

    The default data are those of (1, 0) along (1, 0), (0, 1), (1, 1) and (1, -1). Minimum 0 at the vector and its
    negative, where the b_i are squares of projections.

    Sun, Qu and Wright, A geometric analysis of phase retrieval, Foundations of Computational Mathematics 18, 2018.

    Parameters
    ----------
    data : (A, b)
        Directions (n, dim), and squares of projections (n,).

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> A = np.random.default_rng(0).normal(size=(200, 10))
    >>> s = fd.surfaces.phase_retrieval((A, (A @ np.arange(10)) ** 2))
    >>> bool(s(-np.arange(10)) < 1e-20)
    True
    """
    given = _FOUR if data is None else data
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(f"data must be a pair (A, b); got {shown(data)}")
    A, b = finite_array("A", given[0], n_axes=2), finite_array("b", given[1], n_axes=1)
    known = [[1.0, 0.0], [-1.0, 0.0]] if data is None else None
    return finite_sum(_phases, dim=A.shape[1], data=(A, b), window=(-3.0, 3.0), minima=known)
