"""The reduction that finds the period of the end: after how many steps points return.

It compares points with an *anchor*, a point that stands for a *block* of steps; blocks get longer, 2, 4, 8, ... up to
2 `most` steps (Brent, BIT 20, 1980). In a block the period is the first lag at which a point is near the anchor. It is
confirmed by the second return, and refuted by a return that fails or comes too early.

An example: the cycle a b a b ..., in a block of four steps.

    point             a (anchor)  b      a      b      a
    lag               0           1      2      3      4
    near the anchor               no     yes    no     yes
    period            0           0      2      2      2, confirmed

Near means: ||x - anchor|| <= rtol * the greatest ||x|| along the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.step.gradient import RESOLUTION
from fastdescent.program.step.reductions import Array, Kept, Point, PointReduction

_REFUTED = -1.0


@at_top
@dataclass(frozen=True)
class Period(PointReduction):
    """Keeps the anchor, the greatest norm, the block's length, its lag, steps since the last return, the block's
    period, and the period of the block before."""

    most: int
    rtol: float | None  #: None: the square root of the dtype's resolution

    def initial(self, dim: int) -> list[Kept]:
        length_and_lag: list[Kept] = [((), 1.0), ((), 1.0)]  # of a block that is complete
        return [((dim,), 0.0), ((), 0.0), *length_and_lag, ((), 0.0), ((), 0.0), ((), 0.0)]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        b, x, (anchor, greatest, length, lag, since, found, before) = point.b, point.x, keep
        zero, one = b.const(0.0), b.const(1.0)
        greatest = b.elementwise("max", greatest, b.norm(x))
        near = b.elementwise("le", b.norm(b.sub(x, anchor)), b.mul(self._tolerance(b), greatest))
        next_lag, next_since = b.add(lag, one), b.add(since, one)
        going_on = [
            length, next_lag, b.select(near, zero, next_since), self._judged(b, near, next_lag, next_since, found),
            before,
        ]  # fmt: skip
        longer = b.elementwise("min", b.add(length, length), b.const(2.0 * self.most))
        anew = [longer, zero, zero, zero, self._confirmed(b, found, lag)]
        is_over = b.elementwise("le", length, lag)
        anchor = b.select(b.broadcast(is_over, x.shape), x, anchor)
        return [anchor, greatest, *(b.select(is_over, p, q) for p, q in zip(anew, going_on, strict=True))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        """The confirmed period of the last block; that of the block before where the last one has not refuted it."""
        b = end.b
        _, greatest, _, lag, _, found, before = self.having_seen(keep, end)
        is_same = b.elementwise("eq", found, before)
        is_open = b.mul(b.elementwise("eq", found, b.const(0.0)), b.elementwise("lt", lag, before))
        confirmed = self._confirmed(b, found, lag)
        period = b.select(confirmed, confirmed, b.select(b.elementwise("max", is_same, is_open), before, b.const(0.0)))
        at_most = b.select(b.elementwise("le", period, b.const(float(self.most))), period, b.const(0.0))
        return b.select(b.elementwise("lt", greatest, b.const(math.inf)), at_most, b.const(0.0))

    def finished(self, found: Array) -> Array:
        return found.astype("int32")

    def _tolerance(self, b: Builder) -> Node:
        if self.rtol is not None:
            return b.const(self.rtol)
        return b.elementwise("sqrt", b.graph.leaf("param", RESOLUTION, ()))

    def _judged(self, b: Builder, near: Node, lag: Node, since: Node, found: Node) -> Node:
        """The block's period after one more point: 0 if no point has returned, `_REFUTED` if one came amiss."""
        as_due = b.elementwise("eq", near, b.elementwise("eq", since, found))
        first = b.select(near, lag, b.const(0.0))
        judged = b.select(as_due, found, b.const(_REFUTED))
        return b.select(b.elementwise("eq", found, b.const(0.0)), first, judged)

    def _confirmed(self, b: Builder, found: Node, lag: Node) -> Node:
        """The block's period if points have returned twice, else 0."""
        twice = b.elementwise("le", b.add(found, found), lag)
        return b.select(b.mul(twice, b.elementwise("lt", b.const(0.0), found)), found, b.const(0.0))
