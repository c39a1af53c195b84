"""The Cholesky factor and triangular systems: by halves, and column by column where few are left.

Most of the work of the halves is in matrix products, whose sums stay in processor registers (Golub and Van Loan,
Matrix Computations, 3.1 and 4.2, in blocks). A worked example: of T = [[P, 0], [Q, R]] and B = (C, D), the upper half
of X is P^-1 C, the lower one R^-1 (D - Q X).
"""

from __future__ import annotations

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.matrix.algebra import part, product, transposed
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.views import View

_FEW = 4  #: columns


def cholesky(b: Builder, a: Node) -> Node:
    """The lower triangular factor; NaN where the matrix is not positive."""
    stack, n, _ = a.shape
    if n <= _FEW:
        return _by_columns(b, a)
    first, last = slice(0, (n + 1) // 2), slice((n + 1) // 2, None)
    upper = cholesky(b, part(b, a, first, first))
    left = transposed(b, solve_triangular(b, upper, transposed(b, part(b, a, last, first)), True))
    lower = cholesky(b, b.sub(part(b, a, last, last), product(b, left, transposed(b, left))))
    zeros = b.broadcast(b.const(0.0), (stack, upper.shape[1], lower.shape[1]))
    return b.concatenate([b.concatenate([upper, zeros], 2), b.concatenate([left, lower], 2)], 1)


def _by_columns(b: Builder, a: Node) -> Node:
    """The rest of the matrix loses the product of each column with itself; then its first column is the next one."""
    stack, n, _ = a.shape
    whole = View.whole((stack, n, n))
    pieces, rest = [], a
    for k in range(n):
        pivot = b.elementwise("sqrt", part(b, rest, slice(0, 1), slice(0, 1)))
        below = b.div(part(b, rest, slice(1, None), slice(0, 1)), pivot)
        above, start = b.broadcast(b.const(0.0), (stack, k, 1)), 0
        for piece in (above, pivot, below):
            stop = start + piece.shape[1]
            where = whole.apply(lambda m, k=k, start=start, stop=stop: m[:, start:stop, k : k + 1])  # type: ignore[misc]
            if piece.size and where is not None:
                pieces.append((piece, where))
            start = stop
        if k + 1 < n:
            outer = b.mul(below, transposed(b, below))
            rest = b.sub(part(b, rest, slice(1, None), slice(1, None)), outer)
    return b.assemble((stack, n, n), pieces)


def solve_triangular(b: Builder, t: Node, right: Node, lower: bool) -> Node:
    """X where t X = right. Only one triangle of t is read."""
    n = t.shape[1]
    if n <= _FEW:
        return b.concatenate(_by_rows(b, t, right, lower), 1)
    first, last = slice(0, (n + 1) // 2), slice((n + 1) // 2, None)
    known, unknown = (first, last) if lower else (last, first)
    solved = solve_triangular(b, part(b, t, known, known), part(b, right, known), lower)
    taken = product(b, part(b, t, unknown, known), solved)
    rest = solve_triangular(b, part(b, t, unknown, unknown), b.sub(part(b, right, unknown), taken), lower)
    return b.concatenate([solved, rest] if lower else [rest, solved], 1)


def _by_rows(b: Builder, t: Node, right: Node, lower: bool) -> list[Node]:
    """Each row of X, once known, is taken out of all that follow."""
    n = t.shape[1]
    rows: list[Node] = []
    rest = right
    for step in range(n):
        k = step if lower else n - 1 - step
        own = slice(0, 1) if lower else slice(k, k + 1)
        others = slice(1, None) if lower else slice(0, k)
        row = b.div(part(b, rest, own), part(b, t, slice(k, k + 1), slice(k, k + 1)))
        rows.append(row)
        if step + 1 < n:
            following = slice(k + 1, None) if lower else slice(0, k)
            rest = b.sub(part(b, rest, others), b.mul(part(b, t, following, slice(k, k + 1)), row))
    return rows if lower else rows[::-1]
