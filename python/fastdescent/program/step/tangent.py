"""The reduction that follows a tangent of the step map, and averages the logarithm of its growth.

The map takes x and the optimizer's arrays to the next ones. A tangent v becomes J v, where J is the map's derivative
where the step starts, and is then scaled to length 1. For x -> 3 x the length grows by 3 with every step, so that the
exponent is log 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.differentiate import pushed_forward
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.step.reductions import Array, Kept, Move, Point, Reduction

_GOLDEN = 0.6180339887498949  #: its multiples modulo 1 spread evenly, so that no symmetry is theirs


@at_top
@dataclass(frozen=True)
class Lyapunov(Reduction):
    """Keeps the tangent, the steps that are still left out, and the sum of logarithms."""

    leave_out: int  #: steps at the beginning
    shapes: tuple[tuple[str, Shape], ...] = ()  #: of the optimizer's arrays

    def bound(self, dim: int, state_shapes: Callable[[], Mapping[str, Shape]]) -> Reduction:
        return replace(self, shapes=tuple(state_shapes().items()))

    def initial(self, dim: int) -> list[Kept]:
        shapes = [(dim,), *(shape for _, shape in self.shapes)]
        sizes = [math.prod(shape) for shape in shapes]
        parts = np.split(generic_direction(sum(sizes)), np.cumsum(sizes)[:-1])
        tangent = [(shape, part.reshape(shape)) for shape, part in zip(shapes, parts, strict=True)]
        return [*tangent, ((), float(self.leave_out)), ((), 0.0)]

    def after(self, keep: list[Node], move: Move) -> list[Node]:
        b, (*tangent, left_out, total) = move.start.b, keep
        before, following = zip((move.start.x, move.x_next), *move.state, strict=True)
        grown = pushed_forward(b, following, list(zip(before, tangent, strict=True)))
        length = b.norm(b.concatenate([b.reshape(g, (g.size,)) for g in grown], 0))
        # A tangent that has vanished stays so, and its exponent is -inf.
        scale = b.select(b.elementwise("eq", length, b.const(0.0)), b.const(1.0), length)
        is_out = b.elementwise("lt", b.const(0.0), left_out)
        total = b.select(is_out, total, b.add(total, b.elementwise("log", length)))
        left_out = b.elementwise("max", b.sub(left_out, b.const(1.0)), b.const(0.0))
        return [*(b.div(g, b.broadcast(scale, g.shape)) for g in grown), left_out, total]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        """NaN where no step was counted."""
        b = end.b
        return b.div(keep[-1], b.elementwise("max", b.sub(count, b.const(self.leave_out + 1.0)), b.const(0.0)))


def generic_direction(n: int) -> Array:
    """Numbers of either sign between -1 and 1, of length 1 together."""
    numbers = 2.0 * np.modf(np.arange(1.0, n + 1.0) * _GOLDEN)[0] - 1.0
    return np.asarray(numbers / math.sqrt(math.fsum(numbers * numbers)))
