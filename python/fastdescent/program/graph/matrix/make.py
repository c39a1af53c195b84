"""The nodes of linear algebra. All operands and results are stacks, with one axis before those of the matrices.

cholesky (A) -> L                      A = L L^T, of which the lower triangle is read
solve_triangular (T, B) -> X           T X = B; attr is whether T is the lower triangle, the only one that is read
solve (A, B) -> X                      A X = B, or A^T X = B if attr is True
det, logabsdet, detsign (A) -> number  of each matrix
lstsq (A, B) -> X                      the least squares solution, for A with independent columns
solve_normal (A, B) -> X               A^T A X = B, for the same A
eigenvalues, eigenvectors (A)          of a symmetric matrix, of which the lower triangle is read; rising
"""

from __future__ import annotations

from fastdescent.program.graph.build import Builder, is_constant
from fastdescent.program.graph.matrix.expansions import EXPANSIONS
from fastdescent.program.graph.nodes import Node

OPERATIONS = frozenset(EXPANSIONS)


def make(b: Builder, op: str, *inputs: Node, attr: bool | None = None) -> Node:
    """The node of an operation; its value, if all operands are constants."""
    if all(is_constant(n) for n in inputs):
        return EXPANSIONS[op](b, *inputs, attr)
    return b.graph.node(op, inputs, _shape(op, *(n.shape for n in inputs)), attr)


def _shape(op: str, a: tuple[int, ...], right: tuple[int, ...] = ()) -> tuple[int, ...]:
    if op in ("det", "logabsdet", "detsign"):
        return a[:1]
    if op == "eigenvalues":
        return a[:2]
    return (a[0], a[2], right[2]) if right else a
