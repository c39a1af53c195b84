"""Derivatives of the nodes of linear algebra, in terms of the same nodes; so second derivatives need nothing more.

Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008): solve
(2.3.1), determinant (2.3.2), eigenvalues and eigenvectors (3.1). Murray, "Differentiation of the Cholesky
decomposition", arXiv:1602.07527 (2016), equations 8 and 10. Golub and Pereyra, SIAM J. Numer. Anal. 10(2), 413 (1973):
least squares. A bar marks an adjoint, a dot a tangent.

A matrix of which one triangle is read has the adjoint of the numbers that are read. Where two eigenvalues are equal,
their vectors count as not turning into each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.matrix.algebra import (
    identity_like,
    onto_lower,
    product,
    symmetric,
    transposed,
    weighted_triangle,
    where_live,
)  # fmt: skip
from fastdescent.program.graph.matrix.make import make
from fastdescent.program.graph.nodes import Node

Tangents = Sequence[Node | None]


def pullback(b: Builder, node: Node, adjoint: Node, may_be_zero: bool) -> list[tuple[Node, Node]]:
    """Pairs of an input and what it receives."""
    received = zip(node.inputs, _PULLBACKS[node.op](b, node, adjoint), strict=True)
    return [(n, where_live(b, [adjoint], p) if may_be_zero else p) for n, p in received if p is not None]


def pushforward(b: Builder, node: Node, tangents: Tangents) -> Node | None:
    """The tangent of the node, given those of its inputs; None is a tangent of zero."""
    moved = [t for t in tangents if t is not None]
    if not moved or node.op not in _PUSHFORWARDS:
        return None
    return where_live(b, moved, _PUSHFORWARDS[node.op](b, node, tangents))


def _per_matrix(b: Builder, numbers: Node) -> Node:
    return b.reshape(numbers, (*numbers.shape, 1, 1))


def _moved(b: Builder, matrix: Node | None, tangent_of_right: Node | None, x: Node) -> Node:
    """B-dot - A-dot X, for A X = B."""
    if matrix is None:
        assert tangent_of_right is not None
        return tangent_of_right
    turned = product(b, matrix, x)
    return b.neg(turned) if tangent_of_right is None else b.sub(tangent_of_right, turned)


# ---------------------------------------------------------------------- systems
def _solve_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    received = make(b, "solve", node.inputs[0], adjoint, attr=not node.attr)
    p, q = (node, received) if node.attr else (received, node)
    return b.neg(product(b, p, transposed(b, q))), received


def _solve(b: Builder, node: Node, tangents: Tangents) -> Node:
    matrix, right = tangents
    if matrix is not None and node.attr:
        matrix = transposed(b, matrix)
    return make(b, "solve", node.inputs[0], _moved(b, matrix, right, node), attr=node.attr)


def _triangular_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    received = make(b, "solve_triangular", transposed(b, node.inputs[0]), adjoint, attr=not node.attr)
    of_matrix = b.neg(product(b, received, transposed(b, node)))
    return weighted_triangle(b, of_matrix, lower=node.attr), received


def _triangular(b: Builder, node: Node, tangents: Tangents) -> Node:
    matrix, right = tangents
    if matrix is not None:
        matrix = weighted_triangle(b, matrix, lower=node.attr)
    return make(b, "solve_triangular", node.inputs[0], _moved(b, matrix, right, node), attr=node.attr)


def _cholesky_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    upper = transposed(b, node)
    middle = weighted_triangle(b, product(b, upper, adjoint), 0.5)
    left = make(b, "solve_triangular", upper, middle, attr=False)
    return (onto_lower(b, make(b, "solve_triangular", upper, transposed(b, left), attr=False)),)


def _cholesky(b: Builder, node: Node, tangents: Tangents) -> Node:
    (tangent,) = tangents
    assert tangent is not None
    left = make(b, "solve_triangular", node, symmetric(b, tangent), attr=True)
    both = make(b, "solve_triangular", node, transposed(b, left), attr=True)
    return product(b, node, weighted_triangle(b, both, 0.5))


# ---------------------------------------------------------------------- least squares
def _lstsq_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    a, right = node.inputs
    c = make(b, "solve_normal", a, adjoint)
    of_right, rest = product(b, a, c), b.sub(right, product(b, a, node))
    outer = product(b, rest, transposed(b, c))
    return b.sub(outer, product(b, of_right, transposed(b, node))), of_right


def _lstsq(b: Builder, node: Node, tangents: Tangents) -> Node:
    a, right = node.inputs
    matrix, of_right = tangents
    total = product(b, transposed(b, a), _moved(b, matrix, of_right, node))
    if matrix is not None:
        rest = b.sub(right, product(b, a, node))
        total = b.add(product(b, transposed(b, matrix), rest), total)
    return make(b, "solve_normal", a, total)


def _normal_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    a = node.inputs[0]
    c = make(b, "solve_normal", a, adjoint)
    one = product(b, product(b, a, node), transposed(b, c))
    other = product(b, product(b, a, c), transposed(b, node))
    return b.neg(b.add(one, other)), c


def _normal(b: Builder, node: Node, tangents: Tangents) -> Node:
    a = node.inputs[0]
    matrix, right = tangents
    if matrix is None:
        assert right is not None
        return make(b, "solve_normal", a, right)
    turned = b.add(
        product(b, transposed(b, matrix), product(b, a, node)), product(b, transposed(b, a), product(b, matrix, node))
    )
    return make(b, "solve_normal", a, b.neg(turned) if right is None else b.sub(right, turned))


# ---------------------------------------------------------------------- determinants
def _inverse_transposed(b: Builder, a: Node) -> Node:
    return make(b, "solve", a, identity_like(b, a), attr=True)


def _det_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    return (b.mul(_per_matrix(b, b.mul(adjoint, node)), _inverse_transposed(b, node.inputs[0])),)


def _logabsdet_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    return (b.mul(_per_matrix(b, adjoint), _inverse_transposed(b, node.inputs[0])),)


def _logabsdet(b: Builder, node: Node, tangents: Tangents) -> Node:
    (tangent,) = tangents
    assert tangent is not None
    return b.sum(b.mul(_inverse_transposed(b, node.inputs[0]), tangent), (1, 2))


# ---------------------------------------------------------------------- eigenvalues
def _vectors(b: Builder, node: Node) -> Node:
    return make(b, "eigenvectors", node.inputs[0])


def _eigenvalues_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    vectors = _vectors(b, node)
    across = b.reshape(adjoint, (adjoint.shape[0], 1, adjoint.shape[1]))
    return (onto_lower(b, product(b, b.mul(vectors, across), transposed(b, vectors))),)


def _eigenvalues(b: Builder, node: Node, tangents: Tangents) -> Node:
    (tangent,) = tangents
    assert tangent is not None
    vectors = _vectors(b, node)
    return b.sum(b.mul(vectors, product(b, symmetric(b, tangent), vectors)), (1,))


def _inverse_gaps(b: Builder, node: Node) -> Node:
    """1 / (w[j] - w[i]); 0 if both are equal."""
    values = make(b, "eigenvalues", node.inputs[0])
    stack, n = values.shape
    gaps = b.sub(b.reshape(values, (stack, 1, n)), b.reshape(values, (stack, n, 1)))
    return b.select(gaps, b.div(b.const(1.0), gaps), b.const(0.0))


def _eigenvectors_back(b: Builder, node: Node, adjoint: Node) -> tuple[Node, ...]:
    turns = b.mul(_inverse_gaps(b, node), product(b, transposed(b, node), adjoint))
    return (onto_lower(b, product(b, product(b, node, turns), transposed(b, node))),)


def _eigenvectors(b: Builder, node: Node, tangents: Tangents) -> Node:
    (tangent,) = tangents
    assert tangent is not None
    seen = product(b, transposed(b, node), product(b, symmetric(b, tangent), node))
    return product(b, node, b.mul(_inverse_gaps(b, node), seen))


_PULLBACKS: dict[str, Callable[[Builder, Node, Node], tuple[Node | None, ...]]] = {
    "cholesky": _cholesky_back,
    "solve_triangular": _triangular_back,
    "solve": _solve_back,
    "det": _det_back,
    "detsign": lambda b, node, adjoint: (None,),
    "logabsdet": _logabsdet_back,
    "lstsq": _lstsq_back,
    "solve_normal": _normal_back,
    "eigenvalues": _eigenvalues_back,
    "eigenvectors": _eigenvectors_back,
}
_PUSHFORWARDS: dict[str, Callable[[Builder, Node, Tangents], Node]] = {
    "cholesky": _cholesky,
    "solve_triangular": _triangular,
    "solve": _solve,
    "det": lambda b, node, tangents: b.mul(node, _logabsdet(b, node, tangents)),
    "logabsdet": _logabsdet,
    "lstsq": _lstsq,
    "solve_normal": _normal,
    "eigenvalues": _eigenvalues,
    "eigenvectors": _eigenvectors,
}
