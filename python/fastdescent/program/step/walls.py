"""Boundaries that put a point back into the box when a rule has moved it outside."""

from __future__ import annotations

import functools

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.layout.stages import compile_function
from fastdescent.program.program import Program
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.tracer import Traced

#: Modes that move points back into the box.
KEEPING = ("clip", "reflect", "wrap")


class Wall:
    """`wall(x)` inside a rule: the point put back into the box, and the factor for velocities.

    The factor is 1 for coordinates that were inside. For others it is 0 if the mode is "clip", -1 if "reflect", and 1
    if "wrap".
    """

    def __init__(self, b: Builder, dim: int, mode: str) -> None:
        self._b, self._mode = b, mode
        self._low = b.graph.leaf("param", "bounds.low", (dim,))
        self._high = b.graph.leaf("param", "bounds.high", (dim,))

    def __call__(self, x: Traced) -> tuple[Traced, Traced]:
        inside, factor = self.put_back(as_node(self._b, x))
        return Traced(self._b, inside), Traced(self._b, factor)

    def held(self, x: Traced, gradient: Traced) -> Traced:
        """1 for coordinates that stand on a wall and that -gradient pushes out; else 0. All 0 unless walls clip."""
        b = self._b
        if self._mode != "clip":
            return Traced(b, b.broadcast(b.const(0.0), x.shape))
        return Traced(b, self._blocked(as_node(b, x), as_node(b, gradient)))

    def put_back(self, x: Node) -> tuple[Node, Node]:
        """The same, from a node to nodes."""
        b, low, high = self._b, self._low, self._high
        one = b.broadcast(b.const(1.0), x.shape)
        if self._mode == "wrap":
            width = b.sub(high, low)
            n_widths = b.elementwise("floor", b.div(b.sub(x, low), width))
            return self._clipped(b.sub(x, b.mul(n_widths, width))), one
        below, above = b.elementwise("lt", x, low), b.elementwise("lt", high, x)
        factor = b.select(b.elementwise("max", below, above), b.const(0.0 if self._mode == "clip" else -1.0), one)
        if self._mode == "reflect":
            two = b.const(2.0)
            from_high = b.select(above, b.sub(b.mul(two, high), x), x)
            x = b.select(below, b.sub(b.mul(two, low), x), from_high)
        return self._clipped(x), factor

    def projected(self, x: Node, gradient: Node) -> Node:
        """The gradient without components that push out of the box at its wall. NaN does not become finite."""
        b = self._b
        return b.mul(gradient, b.sub(b.const(1.0), self._blocked(x, gradient)))

    def _blocked(self, x: Node, gradient: Node) -> Node:
        b, zero = self._b, self._b.const(0.0)
        at_low = b.mul(b.elementwise("le", x, self._low), b.elementwise("lt", zero, gradient))
        at_high = b.mul(b.elementwise("le", self._high, x), b.elementwise("lt", gradient, zero))
        return b.elementwise("max", at_low, at_high)

    def _clipped(self, x: Node) -> Node:
        return self._b.elementwise("min", self._b.elementwise("max", x, self._low), self._high)


@functools.cache
def wall_program(dim: int, mode: str) -> Program:
    """The Program that puts points x back into the box."""
    b = Builder()
    x = b.graph.leaf("input", "x", (dim,))
    return compile_function(b, [("x", x)], [("inside", Wall(b, dim, mode).put_back(x)[0])])
