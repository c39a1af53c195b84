"""Quadratics with a given Hessian, or with given eigenvalues. Products with matrices stay products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import finite_array, random_seed, whole_number
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._surface.define import surface
from fastdescent._surface.surface import Surface
from fastdescent.surfaces._catalog import with_data
from fastdescent.surfaces._normals import FIRST_OF_DATA, normals

__all__ = ["quadratic", "random_quadratic"]

Floats = npt.NDArray[np.float64]
_COPIES = 6  #: copies of a matrix while it is factored into Q and R


@with_data
def quadratic(A: npt.ArrayLike, b: npt.ArrayLike | None = None) -> Surface:
    """The quadratic with a Hessian and a slope of yours.

    f(x) = 1/2 x.A x - b.x

    Minimum -1/2 b.x* at the solution x* of A x = b, where A is positive definite. Of an A that is not symmetric only
    the symmetric part counts, and is the Hessian. Gradient descent with a constant lr converges where lr is less than
    2 / lambda_max, at the rate |1 - lr lambda| along each axis (Polyak, Introduction to Optimization, 1987).

    Parameters
    ----------
    A : array, (dim, dim)
    b : array, (dim,), optional
        0 unless given.

    Returns
    -------
    Surface
        With the parameters A and b; its window reaches 5 to each side of the critical point, if that is one point,
        else of the origin.

    Raises
    ------
    TypeError, ValueError
        If A is not a square matrix of finite numbers, or b does not fit.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surfaces.quadratic([[2.0, 1.0], [1.0, 3.0]], b=[1.0, -2.0])
    >>> s.minima, s.fmin
    (array([[ 1., -1.]]), -1.5)
    """
    matrix = finite_array("A", A, n_axes=2)
    dim = len(matrix)
    if matrix.shape != (dim, dim):
        raise ValueError(f"A must be a square matrix, shape (dim, dim); got shape {matrix.shape}")
    vector = np.zeros(dim) if b is None else finite_array("b", b, n_axes=1)
    if vector.shape != (dim,):
        raise ValueError(f"b must have shape ({dim},), as A has {dim} rows; got shape {vector.shape}")
    made = surface(_quadratic, dim=dim, minima=_minimum, A=matrix, b=vector)
    # Without b the origin is a critical point, and nothing has to be solved.
    point = _critical_point(made.params) if np.any(vector) else None
    return _with_critical_point(made, _critical_point, np.zeros(dim) if point is None else point[0])


@with_data
def random_quadratic(dim: int = 2, spectrum: npt.ArrayLike | None = None, seed: int = 0) -> Surface:
    """A quadratic with eigenvalues of your choice, along axes turned at random.

    f(x) = 1/2 sum_i lambda_i (Q^T x)_i^2

    Minimum 0 at the origin, where no eigenvalue is negative. The rotation Q is uniform among all: Mezzadri, How to
    generate random matrices from the classical compact groups, Notices of the AMS 54, 2007.

    Parameters
    ----------
    dim : int
    spectrum : array, (dim,), optional
        The eigenvalues of the Hessian; negative ones make a saddle. From 1 to 100 in equal ratios unless given.
    seed : int
        Of Q; 0 to 2**64 - 1.

    Returns
    -------
    Surface
        With the parameters spectrum and Q.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If Q would not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> s = fd.surfaces.random_quadratic(3, spectrum=[-1.0, 2.0, 5.0], seed=4)
    >>> np.linalg.eigvalsh(s.hessian(np.zeros(3))).round(12)
    array([-1.,  2.,  5.])
    """
    dim, seed = whole_number("dim", dim, at_least=1), random_seed(seed)
    refuse_if_too_large(_COPIES * 8 * dim**2, f"a rotation of {dim} coordinates", "choose fewer")
    eigenvalues = np.geomspace(1.0, 100.0, dim) if spectrum is None else finite_array("spectrum", spectrum, n_axes=1)
    if eigenvalues.shape != (dim,):
        raise ValueError(f"spectrum must have shape ({dim},), one eigenvalue per coordinate; got {eigenvalues.shape}")
    made = surface(_turned, dim=dim, minima=_lowest_at_origin, spectrum=eigenvalues, Q=_rotation(dim, seed))
    return _with_critical_point(made, _only_at_origin, np.zeros(dim))


def _quadratic(x: Any, *, A: Any, b: Any) -> Any:
    return 0.5 * (x @ (A @ x)) - b @ x


def _turned(x: Any, *, spectrum: Any, Q: Any) -> Any:
    return 0.5 * np.sum(spectrum * (x @ Q) ** 2)


def _with_critical_point(made: Surface, point: Any, center: Floats) -> Surface:
    window = tuple((float(c) - 5.0, float(c) + 5.0) for c in center)
    return replace(made, window=window, _critical_points_of=point)


def _critical_point(params: Mapping[str, Any]) -> Floats | None:
    """The solution of A x = b, if its rounding error is smaller than the solution."""
    from scipy.linalg.lapack import dgecon, dgetrf, dgetrs

    hessian = (params["A"] + params["A"].T) / 2
    size = np.abs(hessian).sum(axis=0).max()
    factors, pivots, singular = dgetrf(hessian)
    if singular or dgecon(factors, size)[0] < len(hessian) * np.finfo(np.float64).eps:
        return None
    return np.asarray(dgetrs(factors, pivots, params["b"])[0])[np.newaxis]


def _minimum(params: Mapping[str, Any]) -> Floats | None:
    try:
        np.linalg.cholesky((params["A"] + params["A"].T) / 2)
    except np.linalg.LinAlgError:
        return None
    return _critical_point(params)


def _lowest_at_origin(params: Mapping[str, Any]) -> Floats | None:
    return np.zeros((1, len(params["Q"]))) if np.all(params["spectrum"] >= 0) else None


def _only_at_origin(params: Mapping[str, Any]) -> Floats | None:
    return np.zeros((1, len(params["Q"]))) if np.all(params["spectrum"] != 0) else None


def _rotation(dim: int, seed: int) -> Floats:
    """Uniform among the orthogonal matrices: QR of normal numbers, the diagonal of R made positive."""
    q, r = np.linalg.qr(normals(seed, FIRST_OF_DATA, dim, dim))
    return np.asarray(q * np.sign(np.diagonal(r)))
