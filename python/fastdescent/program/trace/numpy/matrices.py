"""Systems, factors and eigenvalues of matrices, as numpy.linalg has them; stacks of matrices included.

Results follow NumPy's shapes and conventions, but a singular matrix gives infinity or NaN, not an error. The signs of
eigenvectors and singular vectors are ours: NumPy's come from LAPACK, and mean nothing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.matrix.make import make
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.trace.numpy.arrays import array_of, result
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

MOST = 64  #: rows and columns of a matrix that is factorized
MOST_FOR_EIGENVALUES = 16


def stacked(b: Builder, a: Any, what: str, square: bool = True, most: int = MOST) -> tuple[Shape, Node]:
    """The axes of a stack of matrices, and its node with these as one axis."""
    node = as_node(b, a)
    if len(node.shape) < 2 or (square and node.shape[-1] != node.shape[-2]) or 0 in node.shape:
        wanted = "a square matrix, or a stack of them" if square else "a matrix, or a stack of them"
        refuse(f"{what} of an array of shape {node.shape}", f"give {wanted}")
    if max(node.shape[-2:]) > most:
        refuse(f"{what} of a matrix of shape {node.shape[-2:]}", f"give matrices of {most} rows and columns at most")
    return node.shape[:-2], _flat(b, node)


def _flat(b: Builder, node: Node) -> Node:
    return b.reshape(node, (math.prod(node.shape[:-2]), *node.shape[-2:]))


def unstacked(b: Builder, stack: Shape, node: Node) -> Traced:
    return result(b, b.reshape(node, (*stack, *node.shape[1:])))


def system(
    b: Builder, a: Any, right: Any, what: str, op: str, attr: bool | None = None, vector: bool | None = None
) -> Traced:
    """X of A X = B. B is a vector if it has one axis (`vector` None), or as is said."""
    stack, matrices = stacked(b, a, what)
    node = as_node(b, right)
    is_vector = len(node.shape) == 1 if vector is None else vector
    columns = b.reshape(node, (*node.shape, 1)) if is_vector and node.shape else node
    if len(columns.shape) < 2 or columns.shape[-2] != matrices.shape[-1] or 0 in columns.shape:
        refuse(f"{what} of arrays of shapes {(*stack, *matrices.shape[1:])} and {node.shape}, which do not fit",
               "fix the shapes")  # fmt: skip
    try:
        both = np.broadcast_shapes(stack, columns.shape[:-2])
    except ValueError:
        refuse(f"{what} of stacks of shapes {stack} and {columns.shape[:-2]}", "fix the shapes")
    if both != stack:
        matrices = _flat(
            b, b.broadcast(b.reshape(matrices, (*stack, *matrices.shape[1:])), (*both, *matrices.shape[1:]))
        )
    columns = _flat(b, b.broadcast(columns, (*both, *columns.shape[-2:])))
    side = _triangle(matrices) if op == "solve" and not attr else None
    if side is not None:
        op, attr = "solve_triangular", side == "lower"
    solved = unstacked(b, both, make(b, op, matrices, columns, attr=attr))
    return solved[..., 0] if is_vector else solved


def _triangle(matrices: Node) -> str | None:
    """Which triangle holds all numbers, if these are factors of Cholesky's."""
    base, view = view_of(matrices)
    if base.op != "cholesky":
        return None
    if view.is_whole:
        return "lower"
    turned = view.apply(lambda m: m.swapaxes(1, 2)) if len(view.shape) == 3 else None
    return "upper" if turned is not None and turned.is_whole else None


def _solve(b: Builder, a: Any, right: Any) -> Traced:
    return system(b, a, right, "np.linalg.solve", "solve", False)


def _inv(b: Builder, a: Any) -> Traced:
    stack, matrices = stacked(b, a, "np.linalg.inv")
    identity = b.broadcast(b.const(np.eye(matrices.shape[-1])), matrices.shape)
    return unstacked(b, stack, make(b, "solve", matrices, identity, attr=False))


def det(b: Builder, a: Any) -> Traced:
    """Up to three rows a polynomial, whose derivatives are right for singular matrices, too."""
    stack, matrices = stacked(b, a, "np.linalg.det")
    m: Any = unstacked(b, stack, matrices)
    n = m.shape[-1]
    if n == 1:
        return +m[..., 0, 0]  # type: ignore[no-any-return]
    if n == 2:
        return m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0]  # type: ignore[no-any-return]
    if n == 3:
        rows = [m[..., k, :] for k in range(3)]
        return np.sum(rows[0] * np.cross(rows[1], rows[2]), axis=-1)  # type: ignore[no-any-return]
    return unstacked(b, stack, make(b, "det", matrices))


def _slogdet(b: Builder, a: Any) -> Any:
    stack, matrices = stacked(b, a, "np.linalg.slogdet")
    parts = (unstacked(b, stack, make(b, op, matrices)) for op in ("detsign", "logabsdet"))
    return type(np.linalg.slogdet(np.eye(1)))(*parts)


def cholesky(b: Builder, a: Any, upper: bool = False, what: str = "np.linalg.cholesky") -> Any:
    stack, matrices = stacked(b, array_of(b, a).mT if upper else a, what)
    factor = unstacked(b, stack, make(b, "cholesky", matrices))
    return factor.mT if upper else factor


def _lstsq(b: Builder, a: Any, right: Any, rcond: Any = None) -> Any:
    """Of matrices whose rows or columns are independent. The singular values are None: they would cost more."""
    _, matrices = stacked(b, a, "np.linalg.lstsq", square=False)
    columns = as_node(b, right)
    if len(as_node(b, a).shape) != 2 or len(columns.shape) not in (1, 2) or columns.shape[0] != matrices.shape[1]:
        refuse(f"np.linalg.lstsq of arrays of shapes {as_node(b, a).shape} and {columns.shape}", "fix the shapes")
    flat = b.reshape(columns, (1, columns.shape[0], columns.size // columns.shape[0]))
    solved = result(b, b.reshape(_least(b, matrices, flat), (matrices.shape[2], *columns.shape[1:])))
    m, n = matrices.shape[1:]
    given: Any = array_of(b, right)
    rest = given - array_of(b, a) @ solved
    squares = np.sum(np.square(rest), axis=0, keepdims=len(columns.shape) == 1) if m > n else np.zeros(0)
    return solved, squares, min(m, n), None


def _least(b: Builder, matrices: Node, right: Node) -> Node:
    """The solution of least squares, and of these the shortest."""
    if matrices.shape[1] >= matrices.shape[2]:
        return make(b, "lstsq", matrices, right)
    across = b.view(matrices, lambda a: a.swapaxes(1, 2))
    solved = result(b, make(b, "solve_normal", across, right))
    return (result(b, across) @ solved).node  # type: ignore[no-any-return]


def _pinv(b: Builder, a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Traced:
    """Of matrices whose rows or columns are independent."""
    if rcond is not None or rtol is not None:
        refuse("np.linalg.pinv with a tolerance cannot be traced: the rank would be a decision", "leave it out")
    stack, matrices = stacked(b, a, "np.linalg.pinv", square=False)
    m = matrices.shape[1]
    identity = b.broadcast(b.const(np.eye(m)), (matrices.shape[0], m, m))
    return unstacked(b, stack, _least(b, matrices, identity))


def eigh(b: Builder, a: Any, UPLO: str = "L") -> Any:
    values, vectors = cast(list[Any], _eigen(b, a, UPLO, "np.linalg.eigh", ("eigenvalues", "eigenvectors")))
    return type(np.linalg.eigh(np.eye(1)))(values, vectors)


def eigvalsh(b: Builder, a: Any, UPLO: str = "L") -> Traced:
    return _eigen(b, a, UPLO, "np.linalg.eigvalsh", ("eigenvalues",))[0]


def _eigen(b: Builder, a: Any, uplo: str, what: str, ops: tuple[str, ...]) -> list[Traced]:
    if uplo.upper() not in ("L", "U"):
        raise ValueError(f"UPLO argument must be 'L' or 'U', not {uplo!r}")
    given = array_of(b, a)
    stack, matrices = stacked(b, given.mT if uplo.upper() == "U" and given.ndim > 1 else given, what,
                              most=MOST_FOR_EIGENVALUES)  # fmt: skip
    return [unstacked(b, stack, make(b, op, matrices)) for op in ops]


def _svd(b: Builder, a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """From the eigenvalues of [[0, A], [A^T, 0]], which are the singular values and the same below zero.

    The eigenvectors are (u, v) / sqrt(2), so that nothing is squared (Golub and Van Loan, Matrix Computations, 8.6).
    """
    if not compute_uv:
        return svdvals(b, a)
    stack, sizes, vectors, (m, n) = _singular(b, a, vectors=True)
    values: Any = sizes
    k = min(m, n)
    if full_matrices and m != n:
        refuse("np.linalg.svd with full_matrices=True", "write full_matrices=False")
    both: Any = unstacked(b, stack, vectors)[..., ::-1][..., :k] * math.sqrt(2.0)
    u, v = both[..., :m, :], both[..., m:, :]
    return type(np.linalg.svd(np.eye(1)))(u, values, v.mT)


def svdvals(b: Builder, a: Any) -> Traced:
    return _singular(b, a)[1]


def _singular(b: Builder, a: Any, vectors: bool = False) -> tuple[Shape, Traced, Any, tuple[int, int]]:
    stack, matrices = stacked(b, a, "np.linalg.svd", square=False)
    count, m, n = matrices.shape
    if m + n > MOST_FOR_EIGENVALUES:
        refuse(f"np.linalg.svd of a matrix of shape {(m, n)}",
               f"give matrices of {MOST_FOR_EIGENVALUES} rows and columns together at most")  # fmt: skip
    zero = b.const(0.0)
    across = b.view(matrices, lambda m: m.swapaxes(1, 2))
    above = b.concatenate([b.broadcast(zero, (count, m, m)), matrices], 2)
    below = b.concatenate([across, b.broadcast(zero, (count, n, n))], 2)
    both = b.concatenate([above, below], 1)
    rising: Any = unstacked(b, stack, make(b, "eigenvalues", both))
    found = make(b, "eigenvectors", both) if vectors else None
    return stack, rising[..., ::-1][..., : min(m, n)], found, (m, n)


def _matrix_power(b: Builder, a: Any, n: Any) -> Any:
    exponent = operator.index(n)
    stacked(b, a, "np.linalg.matrix_power")
    base: Any = array_of(b, a) if exponent >= 0 else _inv(b, a)
    if exponent == 0:
        return array_of(b, np.broadcast_to(np.eye(base.shape[-1]), base.shape).copy())
    total: Any = None
    for bit in bin(abs(exponent))[2:]:
        total = total @ total if total is not None else None
        if bit == "1":
            total = base if total is None else total @ base
    return total.copy() if total is base else total


def _cond(b: Builder, x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        sizes: Any = svdvals(b, x)
        return sizes[..., 0] / sizes[..., -1] if p != -2 else sizes[..., -1] / sizes[..., 0]
    inverse: Any = _inv(b, x)
    return np.linalg.norm(array_of(b, x), p, (-2, -1)) * np.linalg.norm(inverse, p, (-2, -1))


def _multi_dot(b: Builder, arrays: Any, *, out: Any = None) -> Any:
    total: Any = array_of(b, arrays[0])
    for a in arrays[1:]:
        total = total @ a
    return total


def matrix_norm(b: Builder, a: Any, order: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    """Norms of matrices that are not Frobenius's: 1, -1, inf, -inf, 2, -2, "nuc"."""
    array: Any = array_of(b, a)
    matrices: Any = np.moveaxis(array, axes, (-2, -1))
    if order in (1, -1, np.inf, -np.inf):
        sums = np.sum(np.abs(matrices), axis=-2 if abs(order) == 1 else -1)
        norm = np.max(sums, axis=-1) if order > 0 else np.min(sums, axis=-1)
    elif order in (2, -2, "nuc"):
        sizes: Any = svdvals(b, matrices)
        norm = np.sum(sizes, axis=-1) if order == "nuc" else sizes[..., 0 if order == 2 else -1]
    else:
        raise ValueError("Invalid norm order for matrices.")
    return np.expand_dims(norm, axes) if keepdims else norm


MATRICES: dict[str, Callable[..., Any]] = {
    "linalg.solve": _solve,
    "linalg.inv": _inv,
    "linalg.det": det,
    "linalg.slogdet": _slogdet,
    "linalg.cholesky": lambda b, a, *, upper=False: cholesky(b, a, upper),
    "linalg.lstsq": _lstsq,
    "linalg.pinv": _pinv,
    "linalg.eigh": eigh,
    "linalg.eigvalsh": eigvalsh,
    "linalg.svd": _svd,
    "linalg.svdvals": svdvals,
    "linalg.matrix_power": _matrix_power,
    "linalg.matrix_transpose": lambda b, x: array_of(b, x).mT,
    "linalg.cond": _cond,
    "linalg.multi_dot": _multi_dot,
}
