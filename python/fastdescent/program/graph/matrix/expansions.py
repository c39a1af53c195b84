"""What the nodes of linear algebra are in terms of opcodes: columns, and loops over views, never single elements.

A factorization is a pure function of nodes, and equal nodes are shared. So `solve(A, .)`, its transpose and `det(A)`
factorize A once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.matrix.algebra import part, transposed
from fastdescent.program.graph.matrix.householder import Reflections, factorized
from fastdescent.program.graph.matrix.jacobi import eigensystem
from fastdescent.program.graph.matrix.triangular import cholesky, solve_triangular
from fastdescent.program.graph.nodes import Node


def _solve(b: Builder, a: Node, right: Node, is_transposed: bool) -> Node:
    q = factorized(b, a)
    if is_transposed:
        return q.applied(b, solve_triangular(b, transposed(b, q.r), right, True), back=True)
    return solve_triangular(b, q.r, q.applied(b, right), False)


def _lstsq(b: Builder, a: Node, right: Node, attr: Any) -> Node:
    q = factorized(b, a)
    return solve_triangular(b, q.r, part(b, q.applied(b, right), slice(0, a.shape[2])), False)


def _solve_normal(b: Builder, a: Node, right: Node, attr: Any) -> Node:
    r = factorized(b, a).r
    return solve_triangular(b, r, solve_triangular(b, transposed(b, r), right, True), False)


def _diagonal(b: Builder, q: Reflections) -> Node:
    return b.view(q.r, lambda m: np.diagonal(m, axis1=1, axis2=2))


def _product_of(b: Builder, numbers: Node) -> Node:
    """Along the last axis, by halves."""
    while numbers.shape[1] > 1:
        half = numbers.shape[1] // 2
        rest = [part(b, numbers, slice(2 * half, None))] if numbers.shape[1] % 2 else []
        first, second = part(b, numbers, slice(0, half)), part(b, numbers, slice(half, 2 * half))
        numbers = b.concatenate([b.mul(first, second), *rest], 1)
    return b.reshape(numbers, numbers.shape[:1])


def _signed(b: Builder, number: Node, q: Reflections) -> Node:
    return b.neg(number) if q.is_odd else number


def _det(b: Builder, a: Node, attr: Any) -> Node:
    q = factorized(b, a)
    return _signed(b, _product_of(b, _diagonal(b, q)), q)


def _detsign(b: Builder, a: Node, attr: Any) -> Node:
    q = factorized(b, a)
    return _signed(b, _product_of(b, b.elementwise("sign", _diagonal(b, q))), q)


def _logabsdet(b: Builder, a: Node, attr: Any) -> Node:
    sizes = b.elementwise("abs", _diagonal(b, factorized(b, a)))
    return b.sum(b.elementwise("log", sizes), (1,))


EXPANSIONS: dict[str, Callable[..., Node]] = {
    "cholesky": lambda b, a, attr: cholesky(b, a),
    "solve_triangular": solve_triangular,
    "solve": _solve,
    "det": _det,
    "detsign": _detsign,
    "logabsdet": _logabsdet,
    "lstsq": _lstsq,
    "solve_normal": _solve_normal,
    "eigenvalues": lambda b, a, attr: eigensystem(b, a)[0],
    "eigenvectors": lambda b, a, attr: eigensystem(b, a)[1],
}
