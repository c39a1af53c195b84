"""Boundaries that put a point back into the box when a rule has moved it outside."""

from __future__ import annotations

import functools

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.layout.stages import compile_function
from fastdescent.program.program import Program
from fastdescent.program.step.sides import Boundary, has, where
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.tracer import Traced


class Wall:
    """`wall(x)` inside a rule: the point put back into the box, and the factor for velocities.

    The factor is 1 for coordinates that were inside. For others it is 0 if the side that they left by has the word
    "clip", -1 for "reflect", and 1 for others.
    """

    def __init__(self, b: Builder, dim: int, boundary: Boundary) -> None:
        self._b, self._boundary = b, boundary
        self._low = b.graph.leaf("param", "bounds.low", (dim,))
        self._high = b.graph.leaf("param", "bounds.high", (dim,))

    def __call__(self, x: Traced) -> tuple[Traced, Traced]:
        inside, factor = self.put_back(as_node(self._b, x))
        return Traced(self._b, inside), Traced(self._b, factor)

    def held(self, x: Traced, gradient: Traced) -> Traced:
        """1 for coordinates that stand on a wall that clips and that -gradient pushes out; else 0."""
        b = self._b
        if not has(self._boundary, "clip"):
            return Traced(b, b.broadcast(b.const(0.0), x.shape))
        return Traced(b, self._blocked(as_node(b, x), as_node(b, gradient)))

    def put_back(self, x: Node) -> tuple[Node, Node]:
        """The same, from a node to nodes."""
        b = self._b
        if not isinstance(self._boundary, str):
            return self._put_back_by_side(x)
        one = b.broadcast(b.const(1.0), x.shape)
        if self._boundary == "wrap":
            return self._wrapped(x), one
        below, above = self._outside(x)
        factor = b.const(0.0 if self._boundary == "clip" else -1.0)
        factor = b.select(b.elementwise("max", below, above), factor, one)
        if self._boundary == "reflect":
            x = self._mirrored(x, below, above)
        return self._clipped(x), factor

    def _put_back_by_side(self, x: Node) -> tuple[Node, Node]:
        """Where the sides differ: each does what its word says, and what wraps does so on both sides."""
        b, one = self._b, self._b.broadcast(self._b.const(1.0), x.shape)
        (below, above), (mirrors_low, mirrors_high) = self._outside(x), self._are("reflect")
        clips_low, clips_high = self._are("clip")
        factor = one
        for outside, clips, mirrors in ((below, clips_low, mirrors_low), (above, clips_high, mirrors_high)):
            factor = b.select(b.mul(outside, clips), b.const(0.0), factor)
            factor = b.select(b.mul(outside, mirrors), b.const(-1.0), factor)
        inside = self._mirrored(x, b.mul(below, mirrors_low), b.mul(above, mirrors_high))
        holds_low, holds_high = self._are("clip", "reflect")
        inside = b.select(holds_low, b.elementwise("max", inside, self._low), inside)
        inside = b.select(holds_high, b.elementwise("min", inside, self._high), inside)
        if has(self._boundary, "wrap"):
            inside = b.select(self._are("wrap")[0], self._wrapped(x), inside)
        return inside, factor

    def _are(self, *words: str) -> list[Node]:
        """1 for coordinates whose lower, and whose upper side has one of these words, else 0."""
        dim = self._low.size
        return [self._b.const(side.astype(float)) for side in where(self._boundary, dim, *words)]

    def _outside(self, x: Node) -> tuple[Node, Node]:
        """1 for coordinates below, and above the box."""
        return self._b.elementwise("lt", x, self._low), self._b.elementwise("lt", self._high, x)

    def _wrapped(self, x: Node) -> Node:
        b, low = self._b, self._low
        width = b.sub(self._high, low)
        n_widths = b.elementwise("floor", b.div(b.sub(x, low), width))
        return self._clipped(b.sub(x, b.mul(n_widths, width)))

    def _mirrored(self, x: Node, below: Node, above: Node) -> Node:
        b, two = self._b, self._b.const(2.0)
        from_high = b.select(above, b.sub(b.mul(two, self._high), x), x)
        return b.select(below, b.sub(b.mul(two, self._low), x), from_high)

    def projected(self, x: Node, gradient: Node) -> Node:
        """The gradient without components that push out of the box at its wall. NaN does not become finite."""
        b = self._b
        return b.mul(gradient, b.sub(b.const(1.0), self._blocked(x, gradient)))

    def _blocked(self, x: Node, gradient: Node) -> Node:
        b, zero = self._b, self._b.const(0.0)
        at_low = b.mul(b.elementwise("le", x, self._low), b.elementwise("lt", zero, gradient))
        at_high = b.mul(b.elementwise("le", self._high, x), b.elementwise("lt", gradient, zero))
        if not isinstance(self._boundary, str):
            clips_low, clips_high = self._are("clip")
            at_low, at_high = b.mul(at_low, clips_low), b.mul(at_high, clips_high)
        return b.elementwise("max", at_low, at_high)

    def _clipped(self, x: Node) -> Node:
        return self._b.elementwise("min", self._b.elementwise("max", x, self._low), self._high)


@functools.cache
def wall_program(dim: int, boundary: Boundary) -> Program:
    """The Program that puts points x back into the box."""
    b = Builder()
    x = b.graph.leaf("input", "x", (dim,))
    return compile_function(b, [("x", x)], [("inside", Wall(b, dim, boundary).put_back(x)[0])])
