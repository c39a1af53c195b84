"""Products of arrays, written as sums of products: the lowering turns them into dot instructions."""

from __future__ import annotations

from fastdescent.program.build import Builder
from fastdescent.program.graph import Node
from fastdescent.program.source import refuse


def matmul(b: Builder, p: Node, q: Node) -> Node:
    """p @ q as in NumPy, for one- and two-dimensional operands."""
    if not (1 <= len(p.shape) <= 2 and 1 <= len(q.shape) <= 2):
        refuse(f"a matrix product of shapes {p.shape} and {q.shape}", "use one- and two-dimensional operands")
    if p.shape[-1] != q.shape[0]:
        refuse(f"a matrix product of shapes {p.shape} and {q.shape}, which do not fit", "mend the shapes")
    rows = b.reshape(p, (p.shape[0], 1, p.shape[1])) if len(p.shape) == len(q.shape) == 2 else p
    turned = b.view(q, lambda a: a.T)
    return b.sum(b.mul(rows, turned), (len(p.shape) + len(q.shape) - 2,))


def dot(b: Builder, p: Node, q: Node) -> Node:
    """np.dot: a product with a number, else p @ q."""
    return b.mul(p, q) if not p.shape or not q.shape else matmul(b, p, q)
