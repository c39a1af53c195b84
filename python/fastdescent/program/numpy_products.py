"""NumPy's products of arrays besides @ and dot: inner, vdot, tensordot, einsum, trace."""

from __future__ import annotations

import functools
import itertools
import operator
import re
import string
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.build import Builder
from fastdescent.program.graph import Node
from fastdescent.program.products import inner, matmul
from fastdescent.program.source import refuse
from fastdescent.program.trace import Traced, as_node


def _result(b: Builder, node: Node) -> Traced:
    return Traced(b, node, fresh=True)


def _flat(b: Builder, a: Any) -> Node:
    node = as_node(b, a)
    return b.reshape(node, (node.size,))


def _transposed(b: Builder, node: Node, order: list[int]) -> Node:
    return b.view(node, operator.methodcaller("transpose", order))


def _inner(b: Builder, p: Any, q: Any) -> Traced:
    first, second = as_node(b, p), as_node(b, q)
    return _result(b, inner(b, first, second) if first.shape and second.shape else b.mul(first, second))


def _tensordot(b: Builder, p: Any, q: Any, axes: Any = 2) -> Traced:
    first, second = as_node(b, p), as_node(b, q)
    if isinstance(axes, int):
        axes = list(range(len(first.shape) - axes, len(first.shape))), list(range(axes))
    normal = np.lib.array_utils.normalize_axis_tuple
    left, right = list(normal(axes[0], len(first.shape))), list(normal(axes[1], len(second.shape)))
    if [first.shape[k] for k in left] != [second.shape[k] for k in right]:
        raise ValueError(f"axes {axes} of shapes {first.shape} and {second.shape} do not fit")
    kept = [k for k in range(len(first.shape)) if k not in left]
    rest = [k for k in range(len(second.shape)) if k not in right]
    shape = tuple(first.shape[k] for k in kept) + tuple(second.shape[k] for k in rest)
    inner = int(np.prod([first.shape[k] for k in left]))
    rows = b.reshape(_transposed(b, first, kept + left), (first.size // max(inner, 1), inner))
    columns = b.reshape(_transposed(b, second, right + rest), (inner, second.size // max(inner, 1)))
    return _result(b, b.reshape(matmul(b, rows, columns), shape))


def _einsum(b: Builder, subscripts: Any, *operands: Any, optimize: Any = False) -> Traced:
    """The product of all operands, each turned and widened to all letters, summed over those not in the result."""
    if not isinstance(subscripts, str):
        refuse("np.einsum with lists of axes", 'write letters, np.einsum("ij,jk->ik", a, b)')
    nodes = [as_node(b, a) for a in operands]
    terms, output = _subscripts(subscripts, [len(n.shape) for n in nodes])
    order = output + "".join(sorted({*"".join(terms)} - {*output}))
    product = functools.reduce(b.mul, (_widened(b, n, term, order) for n, term in zip(nodes, terms, strict=True)))
    return _result(b, b.sum(product, tuple(range(len(output), len(order)))))


def _subscripts(subscripts: str, n_axes: list[int]) -> tuple[list[str], str]:
    """The letters of the operands and of the result; an ellipsis becomes capitals that nobody has used."""
    inputs, arrow, output = re.sub(r"\s", "", subscripts).partition("->")
    terms = inputs.split(",")
    unused = [c for c in string.ascii_uppercase if c not in subscripts]
    named = [len(term.replace("...", "")) for term in terms]
    more = [n - k for n, k in zip(n_axes, named, strict=True)] if len(terms) == len(n_axes) else [-1]
    if any(k < 0 or (k > 0 and "..." not in term) for k, term in zip(more, terms, strict=False)):
        refuse(f"np.einsum({subscripts!r}, ...) of arrays of {n_axes} axes", "write one letter an axis")
    if not arrow:
        output = "..." * ("..." in inputs) + "".join(c for c in sorted({*inputs} - {*".,"}) if inputs.count(c) == 1)
    stack = "".join(unused[: max(more)])
    terms = [t.replace("...", stack[len(stack) - k :]) for t, k in zip(terms, more, strict=True)]
    output = output.replace("...", stack)
    letters = "".join(terms)
    named_once = {*output} <= {*letters} and len({*output}) == len(output)
    if not named_once or not all(c.isalpha() for c in letters):
        refuse(f"np.einsum({subscripts!r}, ...)", "use letters; one in the result must be in an operand, and once")
    return terms, output


def _widened(b: Builder, node: Node, term: str, order: str) -> Node:
    """One axis a letter of `order`, of length 1 where the operand has none; repeated letters show a diagonal."""
    own = "".join(c for c in order if c in term)
    turned = b.view(node, lambda a: np.einsum(f"{term}->{own}", a)) if term else node
    return b.view(turned, operator.itemgetter(tuple(slice(None) if c in own else np.newaxis for c in order)))


def _trace(b: Builder, a: Any, offset: int = 0) -> Traced:
    return np.sum(np.diagonal(Traced(b, as_node(b, a)), offset))  # type: ignore[no-any-return]


def _polyval(b: Builder, p: Any, x: Any) -> Any:
    """By Horner's rule, as NumPy's."""
    coefficients = Traced(b, as_node(b, p)) if not isinstance(p, Traced) else p
    array = Traced(b, as_node(b, x))
    return list(itertools.accumulate(coefficients, lambda total, c: total * array + c, initial=0.0 * array))[-1]


PRODUCTS: dict[str, Callable[..., Any]] = {
    "inner": _inner,
    "vdot": lambda b, p, q: _result(b, matmul(b, _flat(b, p), _flat(b, q))),
    "tensordot": _tensordot,
    "einsum": _einsum,
    "trace": _trace,
    "polyval": _polyval,
}
