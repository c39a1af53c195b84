"""Eigenvalues and eigenvectors of symmetric matrices by Jacobi's rotations, half of all rows at once.

A sweep turns each pair of rows once, in rounds of disjoint pairs: those of a tournament in which everybody meets
everybody (Brent and Luk 1985). Rotations are those of Golub and Van Loan, Matrix Computations, 8.5. The number of
sweeps is fixed, so that nothing is decided while the program runs: the error is squared by each of the last ones.

A worked example, n = 4: rows (0, 1) meet (2, 3), which are 0-2 and 1-3. Then the order becomes (0, 2) and (3, 1): all
but the first have moved on by one place. After three rounds the order is the first one again.
"""

from __future__ import annotations

import operator

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.matrix.algebra import diagonal, identity_like, part, symmetric, transposed
from fastdescent.program.graph.nodes import Node


def eigensystem(b: Builder, a: Node) -> tuple[Node, Node]:
    """The eigenvalues in rising order, (stack, n), and the vectors as columns, (stack, n, n)."""
    n = a.shape[1]
    matrix, vectors = symmetric(b, a), identity_like(b, a)
    for _ in range(n_sweeps(n)):
        for _ in range(n - 1 if n % 2 == 0 else n):
            matrix, vectors = _round(b, matrix, vectors)
    values, vectors = _sorted(b, diagonal(b, matrix), vectors)
    return values, transposed(b, vectors)


def n_sweeps(n: int) -> int:
    """As many as any of many matrices needed, whose eigenvalues were spread, clustered, equal or in steps of ten."""
    return 1 if n == 2 else 0 if n < 2 else 4 + n // 2


def _round(b: Builder, matrix: Node, vectors: Node) -> tuple[Node, Node]:
    """Turns disjoint pairs, row o + i with row o + h + i, and moves rows on. `vectors` are rows."""
    n = matrix.shape[1]
    o, h = n % 2, n // 2
    first, second = slice(o, o + h), slice(o + h, o + 2 * h)
    p, q = part(b, diagonal(b, matrix), first), part(b, diagonal(b, matrix), second)
    c, s = _rotations(b, p, q, diagonal(b, part(b, matrix, first, second)))
    order = _moved_on(n)
    turned = matrix
    for _ in range(2):  # rows, then, since the matrix is symmetric, its columns as rows
        turned = transposed(b, _turned(b, turned, c, s, order))
    return turned, _turned(b, vectors, c, s, order)


def _rotations(b: Builder, p: Node, q: Node, between: Node) -> tuple[Node, Node]:
    """Cosines and sines, (stack, h, 1), that make zeros of the numbers `between`.

    None is turned whose number is lost beside those on the diagonal: it would mix the vectors of equal eigenvalues
    again and again, and what is left beside them would shrink slowly.
    """
    one, zero = b.const(1.0), b.const(0.0)
    size = b.add(b.elementwise("abs", p), b.elementwise("abs", q))
    is_seen = b.elementwise("ne", b.add(size, b.elementwise("abs", between)), size)
    ratio = b.div(b.mul(b.sub(q, p), b.const(0.5)), between)
    root = b.elementwise("sqrt", b.add(b.mul(ratio, ratio), one))
    small = b.div(one, b.add(b.elementwise("abs", ratio), root))
    tangent = b.select(is_seen, b.select(b.elementwise("lt", ratio, zero), b.neg(small), small), zero)
    cosine = b.div(one, b.elementwise("sqrt", b.add(b.mul(tangent, tangent), one)))
    sine = b.mul(cosine, tangent)
    return b.reshape(cosine, (*cosine.shape, 1)), b.reshape(sine, (*sine.shape, 1))


def _turned(b: Builder, a: Node, c: Node, s: Node, order: list[int]) -> Node:
    """The rows of `a` turned, then in another order."""
    n = a.shape[1]
    o, h = n % 2, n // 2
    p, q = part(b, a, slice(o, o + h)), part(b, a, slice(o + h, n))
    halves = b.sub(b.mul(c, p), b.mul(s, q)), b.add(b.mul(s, p), b.mul(c, q))
    pieces = []
    for cut in _neighbours(order, [o, o + h]):
        if cut.start < o:
            pieces.append(part(b, a, cut))
        else:
            is_second = cut.start >= o + h
            start = o + h * is_second
            pieces.append(part(b, halves[is_second], slice(cut.start - start, cut.stop - start)))
    return b.concatenate(pieces, 1)


def _neighbours(order: list[int], starts: list[int]) -> list[slice]:
    """`order` as slices of numbers that follow each other; none goes over a number in `starts`."""
    cuts: list[slice] = []
    for k in order:
        if cuts and cuts[-1].stop == k and k not in starts:
            cuts[-1] = slice(cuts[-1].start, k + 1)
        else:
            cuts.append(slice(k, k + 1))
    return cuts


def _moved_on(n: int) -> list[int]:
    """The rows in the order of the next round. If n is odd, row 0 has no partner, and everybody moves."""
    o, h = n % 2, n // 2
    top, bottom = list(range(o, o + h)), list(range(o + h, o + 2 * h))
    if o:
        return [bottom[0], 0, *top[:-1], *bottom[1:], top[-1]]
    return [top[0], bottom[0], *top[1:-1], *bottom[1:], top[-1]] if h > 1 else [0, 1]


def _sorted(b: Builder, values: Node, vectors: Node) -> tuple[Node, Node]:
    """By n rounds that exchange neighbours (odd-even transposition)."""
    n = values.shape[1]
    both = b.concatenate([b.reshape(values, (*values.shape, 1)), vectors], 2)
    for k in range(n):
        start, n_pairs = k % 2, (n - k % 2) // 2
        if not n_pairs:
            continue
        first = part(b, both, slice(start, start + 2 * n_pairs, 2))
        second = part(b, both, slice(start + 1, start + 2 * n_pairs, 2))
        falls = b.elementwise("lt", part(b, second, slice(None), slice(0, 1)), part(b, first, slice(None), slice(0, 1)))
        low, high = b.select(falls, second, first), b.select(falls, first, second)
        pairs = b.concatenate([b.reshape(a, (a.shape[0], n_pairs, 1, a.shape[2])) for a in (low, high)], 2)
        middle = b.reshape(pairs, (both.shape[0], 2 * n_pairs, both.shape[2]))
        ends = [part(b, both, slice(0, start)), middle, part(b, both, slice(start + 2 * n_pairs, None))]
        both = b.concatenate([e for e in ends if e.size], 1)
    return b.view(both, operator.itemgetter((..., 0))), part(b, both, slice(None), slice(1, None))
