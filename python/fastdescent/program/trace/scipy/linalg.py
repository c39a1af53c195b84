"""Functions of scipy.linalg. A singular matrix gives infinity or NaN, not an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy import matrices
from fastdescent.program.trace.numpy.arrays import array_of
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

#: Higham, "The scaling and squaring method for the matrix exponential revisited", SIAM J. Matrix Anal. 26, 1179 (2005)
_PADE = [math.factorial(26 - k) * math.factorial(13) / (math.factorial(26) * math.factorial(k) * math.factorial(13 - k))
         for k in range(14)]  # fmt: skip
_LARGEST_NORM = 5.371920351148152  #: for which the approximant of order 13 has all digits
_MOST_SQUARINGS = 10


def _solve(
    b: Builder, a: Any, right: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, assume_a: str | None = None, transposed: bool = False,
) -> Traced:  # fmt: skip
    array: Any = array_of(b, a)
    if assume_a in ("pos", "positive definite", "sym", "symmetric", "her", "hermitian"):
        half = np.tril(array, -1) if lower else np.triu(array, 1)
        array = half + half.mT + array * np.eye(array.shape[-1])
    elif assume_a not in (None, "gen", "general"):
        refuse(f"scipy.linalg.solve with assume_a={assume_a!r} cannot be traced", "leave assume_a out")
    return matrices.system(b, array, right, "scipy.linalg.solve", "solve", bool(transposed))


def _inv(b: Builder, a: Any, *options: Any, **more: Any) -> Any:
    array: Any = array_of(b, a)
    return np.linalg.inv(array)


def _det(b: Builder, a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Traced:
    return matrices.det(b, a)


def _cholesky(b: Builder, a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return matrices.cholesky(b, a, not lower, "scipy.linalg.cholesky")


def _cho_factor(b: Builder, a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The other triangle is zero; SciPy leaves numbers there that mean nothing."""
    return _cholesky(b, a, lower), lower


def _cho_solve(b: Builder, c_and_lower: Any, right: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    factor, lower = c_and_lower
    array: Any = array_of(b, factor)
    first, second = (array, array.mT) if lower else (array.mT, array)
    return _triangular(b, second, _triangular(b, first, right, True), False)


def _triangular(b: Builder, t: Any, right: Any, lower: bool) -> Traced:
    return matrices.system(b, t, right, "a triangular system", "solve_triangular", lower)


def _solve_triangular(
    b: Builder, a: Any, right: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False,
    overwrite_b: bool = False, check_finite: bool = True,
) -> Traced:  # fmt: skip
    array: Any = array_of(b, a)
    if unit_diagonal:
        array = np.where(np.eye(array.shape[-1], dtype=bool), 1.0, array)
    if trans in (0, "N"):
        return _triangular(b, array, right, bool(lower))
    if trans not in (1, 2, "T", "C"):
        raise ValueError(f"trans must be 0, 1, 2, 'N', 'T' or 'C', not {trans!r}")
    return _triangular(b, array.mT, right, not lower)


def _expm(b: Builder, a: Any) -> Any:
    """Scaled until its norm is small, by Pade's approximant of order 13, and squared again: as often as is needed.

    Squarings are selected, not decided. Norms up to 5000 are scaled down; beyond, digits are lost.
    """
    matrices.stacked(b, a, "scipy.linalg.expm")
    array: Any = array_of(b, a)
    identity = np.eye(array.shape[-1])
    norm: Any = np.linalg.norm(array, 1, (-2, -1))
    n_squarings = np.clip(np.ceil(np.log2(norm / _LARGEST_NORM)), 0.0, _MOST_SQUARINGS)[..., np.newaxis, np.newaxis]
    c = _PADE
    x = array * np.exp2(-n_squarings)
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x2 @ x4
    u = x @ (x6 @ (c[13] * x6 + c[11] * x4 + c[9] * x2) + c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * identity)
    v = x6 @ (c[12] * x6 + c[10] * x4 + c[8] * x2) + c[6] * x6 + c[4] * x4 + c[2] * x2 + c[0] * identity
    power = np.linalg.solve(v - u, v + u)
    for k in range(_MOST_SQUARINGS):
        power = np.where(k < n_squarings, power @ power, power)
    return power


def _lstsq(b: Builder, a: Any, right: Any, *options: Any, **more: Any) -> Any:
    return np.linalg.lstsq(array_of(b, a), right)


def _eigh(
    b: Builder, a: Any, b_matrix: Any = None, *, lower: bool = True, eigvals_only: bool = False, **options: Any
) -> Any:
    if b_matrix is not None or options.get("b") is not None or options.get("subset_by_index") is not None:
        refuse("scipy.linalg.eigh with b or a subset cannot be traced", "write np.linalg.eigh(a)")
    side = "L" if lower else "U"
    return matrices.eigvalsh(b, a, side) if eigvals_only else tuple(matrices.eigh(b, a, side))


def _eigvalsh(b: Builder, a: Any, *, lower: bool = True, **options: Any) -> Any:
    return _eigh(b, a, lower=lower, eigvals_only=True, **options)


def _norm(b: Builder, a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, **more: Any) -> Any:
    return np.linalg.norm(array_of(b, a), ord, axis, keepdims)


LINALG: dict[str, Callable[..., Any]] = {
    "scipy.linalg.solve": _solve,
    "scipy.linalg.inv": _inv,
    "scipy.linalg.det": _det,
    "scipy.linalg.cholesky": _cholesky,
    "scipy.linalg.cho_factor": _cho_factor,
    "scipy.linalg.cho_solve": _cho_solve,
    "scipy.linalg.solve_triangular": _solve_triangular,
    "scipy.linalg.expm": _expm,
    "scipy.linalg.lstsq": _lstsq,
    "scipy.linalg.eigh": _eigh,
    "scipy.linalg.eigvalsh": _eigvalsh,
    "scipy.linalg.svdvals": lambda b, a, *options, **more: matrices.svdvals(b, a),
    "scipy.linalg.pinv": lambda b, a, *options, **more: np.linalg.pinv(array_of(b, a)),
    "scipy.linalg.norm": _norm,
}
