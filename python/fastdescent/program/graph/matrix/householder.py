"""Q R by reflections (Householder 1958; Golub and Van Loan, Matrix Computations, 5.2): no pivots, so no decisions.

Column k of what is left is x, and v is x with x[0] + sign(x[0]) |x| in place of x[0]. I - beta v v^T, with
beta = 1 / (|x| (|x| + |x[0]|)), makes -sign(x[0]) |x| and zeros of it. Squares of numbers beyond 1e154 overflow.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.matrix.algebra import part
from fastdescent.program.graph.nodes import Node


@dataclass(frozen=True, slots=True)
class Reflections:
    """Q as reflections (v, beta), the first one first; and R, upper triangular; numbers below its diagonal are none."""

    reflections: tuple[tuple[Node, Node], ...]
    r: Node
    is_odd: bool  #: det Q is -1

    def applied(self, b: Builder, right: Node, back: bool = False) -> Node:
        """Q^T right; Q right if `back`."""
        if back:
            n = len(self.reflections)
            known = part(b, right, slice(n, None))
            for k, (v, beta) in reversed(list(enumerate(self.reflections))):
                row = part(b, right, slice(k, k + 1))
                known = _reflected(b, v, beta, b.concatenate([row, known], 1) if known.size else row)
            return known
        done: list[Node] = []
        for v, beta in self.reflections:
            right = _reflected(b, v, beta, right)
            done.append(part(b, right, slice(0, 1)))
            right = part(b, right, slice(1, None))
        return b.concatenate([*done, right] if right.shape[1] else done, 1)


def _reflected(b: Builder, v: Node, beta: Node, a: Node) -> Node:
    """a - beta v (v^T a)"""
    onto = b.sum(b.mul(v, a), (1,))
    along = b.reshape(b.mul(onto, beta), (a.shape[0], 1, a.shape[2]))
    return b.sub(a, b.mul(v, along))


def factorized(b: Builder, a: Node) -> Reflections:
    """Of matrices with as many rows as columns, or more."""
    stack, m, n = a.shape
    zero, one = b.const(0.0), b.const(1.0)
    reflections, rows, rest = [], [], a
    for k in range(n if m > n else n - 1):
        x, first = part(b, rest, slice(None), slice(0, 1)), part(b, rest, slice(0, 1), slice(0, 1))
        norm = b.elementwise("sqrt", b.reshape(b.sum(b.mul(x, x), (1,)), (stack, 1, 1)))
        grown = b.add(b.elementwise("abs", first), norm)
        is_negative = b.elementwise("lt", first, zero)
        v = b.concatenate([b.select(is_negative, b.neg(grown), grown), part(b, x, slice(1, None))], 1)
        scale = b.mul(norm, grown)
        beta = b.select(norm, b.div(one, scale), zero)
        turned = b.select(is_negative, norm, b.neg(norm))
        beta = b.reshape(beta, (stack, 1))
        reflections.append((v, beta))
        row = [b.broadcast(zero, (stack, 1, k))] if k else []
        row.append(turned)
        if k + 1 < n:
            left = _reflected(b, v, beta, part(b, rest, slice(None), slice(1, None)))
            row.append(part(b, left, slice(0, 1)))
            rest = part(b, left, slice(1, None))
        rows.append(b.concatenate(row, 2))
    if m == n:
        rows.append(b.concatenate([b.broadcast(zero, (stack, 1, n - 1)), rest], 2) if n > 1 else rest)
    return Reflections(tuple(reflections), b.concatenate(rows, 1), len(reflections) % 2 == 1)
