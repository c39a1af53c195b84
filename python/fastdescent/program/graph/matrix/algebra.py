"""Stacks of matrices as nodes of shape (stack, rows, columns): products, transposes, triangles."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node


def product(b: Builder, p: Node, q: Node) -> Node:
    """The matrix products p @ q."""
    rows = b.view(p, operator.itemgetter((slice(None), slice(None), np.newaxis)))
    columns = b.view(q, lambda a: a.swapaxes(1, 2)[:, np.newaxis])
    return b.sum(b.mul(rows, columns), (3,))


def transposed(b: Builder, a: Node) -> Node:
    return b.view(a, lambda m: m.swapaxes(1, 2))


def part(b: Builder, a: Node, *key: slice | int | None) -> Node:
    """a[:, *key]"""
    return b.view(a, operator.itemgetter((slice(None), *key)))


def diagonal(b: Builder, a: Node) -> Node:
    """Shape (stack, n)."""
    return b.view(a, lambda m: np.diagonal(m, axis1=1, axis2=2))


def weighted_triangle(b: Builder, a: Node, on: float = 1.0, lower: bool = True) -> Node:
    """A triangle of `a`, whose diagonal is multiplied by `on`; zeros in the other triangle."""
    n = a.shape[-1]
    below = np.tril(np.ones((n, n)), -1) if lower else np.triu(np.ones((n, n)), 1)
    return b.mul(a, b.const(below + on * np.eye(n)))


def symmetric(b: Builder, a: Node) -> Node:
    """The symmetric matrix of which the lower triangle of `a` is a part."""
    half = weighted_triangle(b, a, 0.5)
    return b.add(half, transposed(b, half))


def onto_lower(b: Builder, a: Node) -> Node:
    """The adjoint of a lower triangle, given the adjoint `a` of the symmetric matrix that it is a part of."""
    return weighted_triangle(b, b.add(a, transposed(b, a)), 0.5)


def identity_like(b: Builder, a: Node) -> Node:
    return b.broadcast(b.const(np.eye(a.shape[-1])), a.shape)


def where_live(b: Builder, moved: Sequence[Node], result: Node) -> Node:
    """The result, but zero for each matrix of a stack whose adjoints or tangents `moved` are zero in all elements.

    So a branch that is not taken spoils nothing, even if its matrix is singular.
    """
    sizes = [b.sum(b.elementwise("abs", a), tuple(range(1, len(a.shape)))) for a in moved]
    live = b.elementwise("ne", functools.reduce(b.add, sizes), b.const(0.0))
    return b.select(b.reshape(live, (*live.shape, *(1 for _ in result.shape[1:]))), result, b.const(0.0))
