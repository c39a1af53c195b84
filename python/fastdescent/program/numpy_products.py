"""NumPy's products of arrays besides @ and dot: inner, vdot, tensordot, einsum, trace."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.build import Builder
from fastdescent.program.graph import Node
from fastdescent.program.products import dot, matmul
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
    second = as_node(b, q)
    return _result(b, dot(b, as_node(b, p), b.view(second, lambda a: a.T)))


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


def _einsum(b: Builder, subscripts: str, *operands: Any, optimize: Any = False) -> Traced:
    """The product of all operands, each turned and widened to all letters, summed over those not in the result."""
    text = re.sub(r"\s", "", subscripts) if isinstance(subscripts, str) else ""
    inputs, arrow, output = text.partition("->")
    terms, nodes = inputs.split(","), [as_node(b, a) for a in operands]
    letters = "".join(sorted(set("".join(terms))))
    if not arrow:
        output = "".join(c for c in letters if inputs.count(c) == 1)
    plain = letters.isalpha() and set(output) <= set(letters) and all(len(set(t)) == len(t) for t in (*terms, output))
    if not plain or [len(t) for t in terms] != [len(n.shape) for n in nodes]:
        refuse(f"np.einsum({subscripts!r}, ...)", "use letters that no operand repeats, one an axis")
    order = output + "".join(c for c in letters if c not in output)
    wide = []
    for term, node in zip(terms, nodes, strict=True):
        turned = _transposed(b, node, [term.index(c) for c in order if c in term])
        index = tuple(slice(None) if c in term else np.newaxis for c in order)
        wide.append(b.view(turned, operator.itemgetter(index)))
    product = wide[0]
    for node in wide[1:]:
        product = b.mul(product, node)
    return _result(b, b.sum(product, tuple(range(len(output), len(order)))))


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
