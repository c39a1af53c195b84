"""The Cholesky factor and triangular systems, column by column (Golub and Van Loan, Matrix Computations, 4.2 and 3.1).

A worked example, n = 2: the first column of L is a[:, 0] / sqrt(a[0, 0]). The rest a[1:, 1:] loses the product of that
column with itself, one instruction however large it is; then its first column is the next one of L.
"""

from __future__ import annotations

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.matrix.algebra import part
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.views import View


def cholesky(b: Builder, a: Node) -> Node:
    """The lower triangular factor; NaN where the matrix is not positive."""
    stack, n, _ = a.shape
    columns, rest = [], a
    for k in range(n):
        pivot = b.elementwise("sqrt", part(b, rest, slice(0, 1), slice(0, 1)))
        below = b.div(part(b, rest, slice(1, None), slice(0, 1)), pivot)
        columns.append([pivot, below])
        if k + 1 < n:
            across = b.view(below, lambda m: m.swapaxes(1, 2))
            rest = b.sub(part(b, rest, slice(1, None), slice(1, None)), b.mul(below, across))
    whole = View.whole((stack, n, n))
    pieces = []
    for k, column in enumerate(columns):
        above = b.broadcast(b.const(0.0), (stack, k, 1))
        start = 0
        for piece in (above, *column):
            stop = start + piece.shape[1]
            where = whole.apply(lambda m, k=k, start=start, stop=stop: m[:, start:stop, k : k + 1])  # type: ignore[misc]
            if piece.size and where is not None:
                pieces.append((piece, where))
            start = stop
    return b.assemble((stack, n, n), pieces)


def solve_triangular(b: Builder, t: Node, right: Node, lower: bool) -> Node:
    """X where t X = right. Each row of X, once known, is taken out of all rows that follow."""
    n = t.shape[1]
    rows: list[Node] = []
    rest = right
    for step in range(n):
        k = step if lower else n - 1 - step
        own = slice(0, 1) if lower else slice(n - 1 - step, n - step)
        others = slice(1, None) if lower else slice(0, n - 1 - step)
        row = b.div(part(b, rest, own), part(b, t, slice(k, k + 1), slice(k, k + 1)))
        rows.append(row)
        if step + 1 < n:
            following = slice(k + 1, None) if lower else slice(0, k)
            rest = b.sub(part(b, rest, others), b.mul(part(b, t, following, slice(k, k + 1)), row))
    return b.concatenate(rows if lower else rows[::-1], 1)
