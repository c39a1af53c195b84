"""Products of arrays as sums of products, which the lowering turns into dot instructions."""

from __future__ import annotations

import operator

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.source import refuse


def matmul(b: Builder, p: Node, q: Node) -> Node:
    """p @ q as in NumPy. Axes before the last two are axes of stacks of matrices; they are broadcast."""
    if not p.shape or not q.shape:
        refuse(f"a matrix product of shapes {p.shape} and {q.shape}", "multiply numbers by *")
    _check_fit(p, q)
    if len(p.shape) <= 2 and len(q.shape) <= 2:
        return inner(b, p, _columns(b, q))
    try:
        np.broadcast_shapes(p.shape[:-2], q.shape[:-2])
    except ValueError:
        refuse(f"a matrix product of shapes {p.shape} and {q.shape}, whose stacks do not broadcast", "fix the shapes")
    rows = p if len(p.shape) == 1 else b.view(p, operator.itemgetter((..., np.newaxis, slice(None))))
    columns = _columns(b, q)
    if len(p.shape) > 1 and len(q.shape) > 1:
        columns = b.view(columns, operator.itemgetter((..., np.newaxis, slice(None), slice(None))))
    elif len(q.shape) == 1:
        rows = p
    product = b.mul(rows, columns)
    return b.sum(product, (len(product.shape) - 1,))


def vecdot(b: Builder, p: Node, q: Node) -> Node:
    """Sums over the last axis of both; the other axes are broadcast."""
    if not p.shape or not q.shape or p.shape[-1] != q.shape[-1]:
        refuse(f"a product of shapes {p.shape} and {q.shape}, which do not fit", "fix the shapes")
    product = b.mul(p, q)
    return b.sum(product, (len(product.shape) - 1,))


def matvec(b: Builder, matrix: Node, vector: Node) -> Node:
    if len(matrix.shape) < 2 or not vector.shape:
        refuse(f"a product of shapes {matrix.shape} and {vector.shape}, which do not fit", "fix the shapes")
    return vecdot(b, matrix, b.view(vector, operator.itemgetter((..., np.newaxis, slice(None)))))


def vecmat(b: Builder, vector: Node, matrix: Node) -> Node:
    return matvec(b, _columns(b, matrix), vector)


def dot(b: Builder, p: Node, q: Node) -> Node:
    """np.dot: a product with a number, else sums over the last axis of p and the last but one of q."""
    if not p.shape or not q.shape:
        return b.mul(p, q)
    _check_fit(p, q)
    return inner(b, p, _columns(b, q))


def inner(b: Builder, p: Node, q: Node) -> Node:
    """Sums over the last axis of both; the result has the other axes of p, then those of q."""
    if p.shape[-1] != q.shape[-1]:
        refuse(f"a product of shapes {p.shape} and {q.shape}, which do not fit", "fix the shapes")
    expanded = b.reshape(p, (*p.shape[:-1], *(1 for _ in q.shape[:-1]), p.shape[-1])) if len(p.shape) > 1 else p
    product = b.mul(expanded, q)
    return b.sum(product, (len(product.shape) - 1,))


def _columns(b: Builder, q: Node) -> Node:
    """q with its last two axes exchanged, so that columns come last."""
    return b.view(q, lambda a: a.swapaxes(-1, -2)) if len(q.shape) > 1 else q


def _check_fit(p: Node, q: Node) -> None:
    if p.shape[-1] != q.shape[-2 if len(q.shape) > 1 else 0]:
        refuse(f"a matrix product of shapes {p.shape} and {q.shape}, which do not fit", "fix the shapes")
