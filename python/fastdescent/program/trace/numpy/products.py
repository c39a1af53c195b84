"""NumPy's products of arrays besides @ and dot: inner, vdot, tensordot, einsum, trace."""

from __future__ import annotations

import functools
import itertools
import operator
import re
import string
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.kinds import BOOL, kind_of
from fastdescent.program.trace.numpy.arrays import array_of, of_kind, refuse_options
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.products import dot, inner, matmul
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def product_of(b: Builder, node: Node, *factors: Any) -> Traced:
    """A sum of products; of booleans it is whether any of the products is true."""
    kind = kind_of(factors)
    return of_kind(b, b.elementwise("ne", node, b.const(0.0)) if kind == BOOL else node, kind)


def _flat(b: Builder, a: Any) -> Node:
    node = as_node(b, a)
    return b.reshape(node, (node.size,))


def _transposed(b: Builder, node: Node, order: list[int]) -> Node:
    return b.view(node, operator.methodcaller("transpose", order))


def _inner(b: Builder, p: Any, q: Any) -> Traced:
    first, second = as_node(b, p), as_node(b, q)
    return product_of(b, inner(b, first, second) if first.shape and second.shape else b.mul(first, second), p, q)


def _tensordot(b: Builder, p: Any, q: Any, axes: Any = 2) -> Traced:
    first, second = as_node(b, p), as_node(b, q)
    if isinstance(axes, int):
        axes = list(range(len(first.shape) - axes, len(first.shape))), list(range(axes))
    normal = np.lib.array_utils.normalize_axis_tuple
    left, right = list(normal(axes[0], len(first.shape))), list(normal(axes[1], len(second.shape)))
    if [first.shape[k] for k in left] != [second.shape[k] for k in right]:
        raise ValueError(f"axes {axes} of shapes {first.shape} and {second.shape} do not fit")
    outer_left = [k for k in range(len(first.shape)) if k not in left]
    outer_right = [k for k in range(len(second.shape)) if k not in right]
    shape = tuple(first.shape[k] for k in outer_left) + tuple(second.shape[k] for k in outer_right)
    n_inner = int(np.prod([first.shape[k] for k in left]))
    rows = b.reshape(_transposed(b, first, outer_left + left), (first.size // max(n_inner, 1), n_inner))
    columns = b.reshape(_transposed(b, second, right + outer_right), (n_inner, second.size // max(n_inner, 1)))
    return product_of(b, b.reshape(matmul(b, rows, columns), shape), p, q)


def _einsum(b: Builder, subscripts: Any, *operands: Any, optimize: Any = False) -> Traced:
    """The product of all operands, each with one axis per letter, summed over the letters that the result has not.

    "ij,jk->ik": axes i, k, j in both operands, of lengths (n, 1, m) and (1, l, m); the sum is over j.
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _lettered(subscripts, *operands)
    nodes = [as_node(b, a) for a in operands]
    terms, output = _subscripts(subscripts, [len(n.shape) for n in nodes])
    if len(nodes) == 1 and {*terms[0]} == {*output}:  # NumPy gives a view
        return array_of(b, operands[0]).view_by(lambda a: np.einsum(f"{terms[0]}->{output}", a))
    order = output + "".join(sorted({*"".join(terms)} - {*output}))
    product = functools.reduce(b.mul, (_widened(b, n, term, order) for n, term in zip(nodes, terms, strict=True)))
    return product_of(b, b.sum(product, tuple(range(len(output), len(order)))), *operands)


def _lettered(*given: Any) -> tuple[str, tuple[Any, ...]]:
    """a, [0, 1], b, [1, 2], [0, 2] as "ab,bc->ac" and the operands."""
    terms = ["".join("..." if k is Ellipsis else string.ascii_lowercase[k] for k in axes) for axes in given[1::2]]
    arrow = "" if len(given) % 2 == 0 else "->" + _lettered(None, given[-1])[0]
    return ",".join(terms) + arrow, given[: 2 * len(terms) : 2]


def _subscripts(subscripts: str, n_axes: list[int]) -> tuple[list[str], str]:
    """The letters of the operands and of the result; an ellipsis becomes capitals that are not in use."""
    inputs, arrow, output = re.sub(r"\s", "", subscripts).partition("->")
    terms = inputs.split(",")
    unused = [c for c in string.ascii_uppercase if c not in subscripts]
    n_named = [len(term.replace("...", "")) for term in terms]
    n_stacked = [n - k for n, k in zip(n_axes, n_named, strict=True)] if len(terms) == len(n_axes) else [-1]
    if any(k < 0 or (k > 0 and "..." not in term) for k, term in zip(n_stacked, terms, strict=False)):
        refuse(f"np.einsum({subscripts!r}, ...) of arrays of {n_axes} axes", "write one letter per axis")
    if not arrow:
        output = "..." * ("..." in inputs) + "".join(c for c in sorted({*inputs} - {*".,"}) if inputs.count(c) == 1)
    stack = "".join(unused[: max(n_stacked)])
    terms = [t.replace("...", stack[len(stack) - k :]) for t, k in zip(terms, n_stacked, strict=True)]
    output = output.replace("...", stack)
    letters = "".join(terms)
    is_valid = {*output} <= {*letters} and len({*output}) == len(output)
    if not is_valid or not all(c.isalpha() for c in letters):
        refuse(
            f"np.einsum({subscripts!r}, ...)",
            "use letters; each in the result must be in an operand, and only once in the result",
        )
    return terms, output


def _widened(b: Builder, node: Node, term: str, order: str) -> Node:
    """One axis per letter of `order`, of length 1 if the operand lacks the letter; repeated letters give a diagonal."""
    own = "".join(c for c in order if c in term)
    transposed = b.view(node, lambda a: np.einsum(f"{term}->{own}", a)) if term else node
    return b.view(transposed, operator.itemgetter(tuple(slice(None) if c in own else np.newaxis for c in order)))


def _trace(b: Builder, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Traced:
    refuse_options(dtype, None)
    return np.sum(np.diagonal(array_of(b, a), offset, axis1, axis2), axis=-1)  # type: ignore[no-any-return]


def _cross(
    b: Builder, p: Any, q: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    one, other = cast(Any, array_of(b, p)), cast(Any, array_of(b, q))
    first, second = np.moveaxis(one, axisa, -1), np.moveaxis(other, axisb, -1)
    if first.shape[-1] != 3 or second.shape[-1] != 3:
        raise ValueError("incompatible dimensions for cross product (both must have 3)")
    after, before = [1, 2, 0], [2, 0, 1]
    product = first[..., after] * second[..., before] - first[..., before] * second[..., after]
    return np.moveaxis(product, -1, axisc)


def _kron(b: Builder, p: Any, q: Any) -> Traced:
    """The product with each axis of p before that of q; then each pair of axes becomes one."""
    first, second = array_of(b, p), array_of(b, q)
    n = max(first.ndim, second.ndim)
    rows, columns = ((1,) * (n - a.ndim) + a.shape for a in (first, second))
    pairs = first.reshape([m for k in rows for m in (k, 1)]) * second.reshape([m for k in columns for m in (1, k)])
    return of_kind(b, b.reshape(pairs.node, tuple(k * m for k, m in zip(rows, columns, strict=True))), kind_of(pairs))


def _polyval(b: Builder, p: Any, x: Any) -> Any:
    """By Horner's rule, as NumPy does."""
    coefficients = Traced(b, as_node(b, p)) if not isinstance(p, Traced) else p
    array = Traced(b, as_node(b, x))
    return list(itertools.accumulate(coefficients, lambda total, c: total * array + c, initial=0.0 * array))[-1]


PRODUCTS: dict[str, Callable[..., Any]] = {
    "inner": _inner,
    "vdot": lambda b, p, q: product_of(b, matmul(b, _flat(b, p), _flat(b, q)), p, q),
    "dot": lambda b, p, q, out=None: product_of(b, dot(b, as_node(b, p), as_node(b, q)), p, q),
    "tensordot": _tensordot,
    "einsum": _einsum,
    "trace": _trace,
    "polyval": _polyval,
    "cross": _cross,
    "kron": _kron,
}
