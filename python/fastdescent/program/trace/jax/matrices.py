"""Primitives of linear algebra, as functions of numpy.linalg."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.trace.jax.elementwise import Rule


def _cholesky(equation: Any, a: Any) -> Any:
    return np.linalg.cholesky(a)


def _triangular_solve(equation: Any, a: Any, b: Any) -> Any:
    params = equation.params
    matrix = np.tril(a) if params["lower"] else np.triu(a)
    if params["unit_diagonal"]:
        n = matrix.shape[-1]
        matrix = np.where(np.eye(n, dtype=bool), 1.0, matrix)
    if params["transpose_a"]:
        matrix = np.swapaxes(matrix, -1, -2)
    if params["left_side"]:
        return np.linalg.solve(matrix, b)
    return np.swapaxes(np.linalg.solve(np.swapaxes(matrix, -1, -2), np.swapaxes(b, -1, -2)), -1, -2)


def _eigh(equation: Any, a: Any) -> list[Any]:
    lower = np.tril(a) if equation.params["lower"] else np.triu(a)
    n = a.shape[-1]
    whole = np.where(np.eye(n, dtype=bool), a, lower + np.swapaxes(lower, -1, -2))
    values, vectors = np.linalg.eigh(whole)
    return [vectors, values]


def _svd(equation: Any, a: Any) -> list[Any]:
    if not equation.params["compute_uv"]:
        return [np.linalg.svd(a, compute_uv=False)]
    left, values, right = np.linalg.svd(a, full_matrices=equation.params["full_matrices"])
    return [values, left, right]


MATRICES: dict[str, Rule] = {
    "cholesky": _cholesky,
    "eigh": _eigh,
    "svd": _svd,
    "triangular_solve": _triangular_solve,
}
