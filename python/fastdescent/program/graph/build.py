"""Building expressions: broadcasting, views, folding of constants, and simplifications that keep every bit.

x*1, x/1, x-(+0), x+(-0), --x and x/2^k are simplified. x*0, x+(+0), x-x and x/x are not, and nothing is reassociated,
since that would change results for some x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.program.graph import fold
from fastdescent.program.graph.nodes import Graph, Node, Shape
from fastdescent.program.graph.views import View, c_strides

_LARGE = 1 << 20  #: elements of a constant that is not folded element by element along axes that repeat

Change = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


def view_of(node: Node) -> tuple[Node, View]:
    """The node that holds the elements, and a view of it that shows this node's."""
    if node.op == "view":
        offset, strides = node.attr
        return node.inputs[0], View(offset, strides, node.shape)
    return node, View.whole(node.shape)


class Builder:
    """Makes nodes of one graph, of operands of the same graph. Operands are broadcast if necessary."""

    def __init__(self, graph: Graph | None = None) -> None:
        self.graph = graph if graph is not None else Graph()
        self.const = self.graph.const

    def elementwise(self, op: str, *operands: Node, attr: Any = None) -> Node:
        """`op` of each element; shapes broadcast as in NumPy."""
        shape = np.broadcast_shapes(*(n.shape for n in operands))
        args = tuple(self.broadcast(n, shape) for n in operands)
        if all(is_constant(n) for n in operands):
            known = [v for n in operands if (v := constant_value(n)) is not None]
            return self._folded(op, attr, known, shape)
        simpler = _simplified(self, op, args)
        return simpler if simpler is not None else self.graph.node(op, args, shape, attr)

    def _folded(self, op: str, attr: Any, values: list[npt.NDArray[np.float64]], shape: Shape) -> Node:
        """The constant. A large one is computed and stored once along axes on which no operand depends."""
        if math.prod(shape) <= _LARGE:
            return self.const(fold.elementwise(op, attr, values, shape))
        spread = [np.broadcast_to(v, shape) for v in values]
        first_if_repeated = tuple(
            slice(0, 1 if all(v.strides[k] == 0 for v in spread) else None) for k in range(len(shape))
        )
        parts = [v[first_if_repeated] for v in spread]
        return self.broadcast(self.const(fold.elementwise(op, attr, parts, parts[0].shape)), shape)

    def add(self, a: Node, b: Node) -> Node:
        return self.elementwise("add", a, b)

    def sub(self, a: Node, b: Node) -> Node:
        return self.elementwise("sub", a, b)

    def mul(self, a: Node, b: Node) -> Node:
        return self.elementwise("mul", a, b)

    def div(self, a: Node, b: Node) -> Node:
        return self.elementwise("div", a, b)

    def neg(self, a: Node) -> Node:
        return self.elementwise("neg", a)

    def select(self, condition: Node, a: Node, b: Node) -> Node:
        return self.elementwise("select", condition, a, b)

    def choose(self, condition: Node, a: Node, b: Node) -> Node:
        """A choice of a function: a `select` whose branches are differentiated alone, each as if it were all of f."""
        known = constant_value(condition)
        if known is not None:
            return a if known else b
        if condition.op in ("lt", "le") and {a, b} == set(condition.inputs):
            return self.select(condition, a, b)  # a maximum or minimum, which has rules for its ties
        return a if a is b else self.graph.node("choose", (condition, a, b), a.shape)

    def power(self, a: Node, exponent: float) -> Node:
        """a ** exponent for a constant exponent: integers up to 64 by multiplication, 1/2 by sqrt."""
        if exponent == 0.0:
            return self.broadcast(self.const(1.0), a.shape)
        if exponent == 1.0:
            return a
        if exponent == 0.5:
            return self.elementwise("sqrt", a)
        if exponent == int(exponent) and abs(exponent) <= 64:
            return self.elementwise("powi", a, attr=int(exponent))
        return self.elementwise("pow", a, self.const(exponent))

    def view(self, node: Node, change: Change) -> Node:
        """The node after `change`, a NumPy operation that makes a view of an array with this node's shape."""
        base, view = view_of(node)
        new = view.apply(change)
        if new is None:
            base = self.copy(node)
            new = View.whole(node.shape).apply(change)
            assert new is not None, "a fresh copy can be viewed in any way"
        return self.place(base, new)

    def place(self, base: Node, view: View) -> Node:
        """The node that shows `view` of the elements of `base`."""
        if view.shape == base.shape and view.is_whole:
            return base
        inner = view_of(base)[1].then(view) if base.op == "view" else view
        if inner is None:
            return self.place(self.copy(base), view)
        root = base.inputs[0] if base.op == "view" else base
        if inner.shape == root.shape and inner.is_whole:
            return root
        if root.value is not None and (0 not in inner.strides or root.size == 0):
            return self.const(inner.seen_in(root.value))
        return self.graph.node("view", (root,), inner.shape, (inner.offset, inner.strides))

    def copy(self, node: Node) -> Node:
        """A node with rows of its own and the same elements, in C order."""
        value = constant_value(node)
        return self.const(value) if value is not None else self.graph.node("copy", (node,), node.shape)

    def broadcast(self, node: Node, shape: Shape) -> Node:
        return node if node.shape == shape else self.view(node, lambda a: np.broadcast_to(a, shape))

    def reshape(self, node: Node, shape: Shape) -> Node:
        return node if node.shape == shape else self.view(node, lambda a: a.reshape(shape))

    def assemble(self, shape: Shape, pieces: Sequence[tuple[Node, View]]) -> Node:
        """A new array of `shape`. Each piece fills the elements that its view names; together they fill all."""
        if all(is_constant(n) for n, _ in pieces):
            flat = np.empty(int(np.prod(shape)))
            for n, v in pieces:
                flat[v.rows()] = constant_value(n)
            return self.const(flat.reshape(shape))
        if len(pieces) == 1 and pieces[0][1].is_whole:
            return self.reshape(pieces[0][0], shape)
        where = tuple((v.offset, v.strides) for _, v in pieces)
        return self.graph.node("assemble", tuple(n for n, _ in pieces), shape, where)

    def concatenate(self, parts: Sequence[Node], axis: int) -> Node:
        """As np.concatenate; the axis is not negative."""
        shape = list(parts[0].shape)
        shape[axis] = sum(p.shape[axis] for p in parts)
        whole, pieces, start = View(0, c_strides(tuple(shape)), tuple(shape)), [], 0
        for p in parts:
            stop = start + p.shape[axis]
            cut = (slice(None),) * axis + (slice(start, stop),)
            where = whole.apply(lambda a, cut=cut: a[cut])  # type: ignore[misc]
            assert where is not None
            if p.size:
                pieces.append((p, where))
            start = stop
        return self.assemble(tuple(shape), pieces)

    def sum(self, node: Node, axes: tuple[int, ...]) -> Node:
        """Sum over `axes` (sorted, not negative): the first element plus each further one, in C order."""
        shape = tuple(n for k, n in enumerate(node.shape) if k not in axes)
        if all(node.shape[k] == 1 for k in axes):
            return self.reshape(node, shape)
        if node.size == 0:
            return self.const(np.zeros(shape))
        value = constant_value(node)
        if value is not None:
            return self.const(fold.ordered_sum(value, axes))
        return self.graph.node("sum", (node,), shape, axes)

    def norm(self, vector: Node) -> Node:
        """The Euclidean norm of an array of one axis."""
        return self.elementwise("sqrt", self.sum(self.mul(vector, vector), (0,)))


def is_constant(node: Node) -> bool:
    """Whether the elements of a node are known."""
    return view_of(node)[0].value is not None


def constant_value(node: Node) -> npt.NDArray[np.float64] | None:
    """The elements of a constant node, in its graph's memory; None if the node is not constant."""
    base, view = view_of(node)
    return None if base.value is None else view.seen_in(base.value)


def _is_const(node: Node, value: float) -> bool:
    """Whether every element is this constant, sign of zero included."""
    v = view_of(node)[0].value
    return v is not None and v.size > 0 and bool(np.all(v == value) and np.all(np.signbit(v) == np.signbit(value)))


def _reciprocal(b: Builder, node: Node) -> Node | None:
    """1/node if the node is constant and every element a power of two, so that the reciprocal is exact."""
    base, view = view_of(node)
    if base.value is None or not base.size:
        return None
    mantissa, exponent = np.frexp(base.value)
    if np.all(np.abs(mantissa) == 0.5) and np.all(np.abs(exponent) < 100):
        return b.place(b.const(1.0 / base.value), view)
    return None


def _simplified(b: Builder, op: str, args: tuple[Node, ...]) -> Node | None:
    if op == "mul":
        if _is_const(args[1], 1.0):
            return args[0]
        if _is_const(args[0], 1.0):
            return args[1]
    elif op == "div":
        if _is_const(args[1], 1.0):
            return args[0]
        reciprocal = _reciprocal(b, args[1])
        if reciprocal is not None:
            return b.mul(args[0], reciprocal)
    elif (op == "sub" and _is_const(args[1], 0.0)) or (op == "add" and _is_const(args[1], -0.0)):
        return args[0]
    elif op == "add" and _is_const(args[0], -0.0):
        return args[1]
    elif op == "neg" and args[0].op == "neg":
        return args[0].inputs[0]
    return None
