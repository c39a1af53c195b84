"""Averages of the points of a trajectory from some step on.

An example: x = 1, 1/2, 1/4, 1/8 at t = 0 ... 3, and the mean from t = 2 on. The sum that is kept:

    at t = 0 ... 2    after step 3    result at t = 3
    -0                1/4             (1/4 + 1/8) / 2

A trajectory that ends before has no point to be averaged: its average is its last point.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.step.reductions import FieldReduction, Kept, Point
from fastdescent.program.step.stops import StopRule, trace_stop_rule


@at_top
@dataclass(frozen=True)
class AverageSince(FieldReduction):
    """The mean of the points at t = start, start + 1, ..., or with `decay` the exponential average from there on."""

    decay: float | None
    start: int
    has_begun: StopRule  #: t >= start

    @classmethod
    def of(cls, name: str, decay: float | None, start: int) -> AverageSince:
        return cls(name, "x", decay, start, trace_stop_rule(lambda t: t >= start, 1, {}, "average"))

    @property
    def predicates(self) -> tuple[StopRule, ...]:
        return (self.has_begun,)

    def initial(self, dim: int) -> list[Kept]:
        total: Kept = (self.shape(dim), -0.0)
        return [total] if self.decay is None else [((), 0.0), total]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        b, value, average = point.b, point.field(self.field), keep[-1]
        begun = self.has_begun.in_graph(b, point.seen)
        if self.decay is None:
            return [_where(b, begun, b.add(average, value), average)]
        updated = b.add(b.mul(b.const(self.decay), average), b.mul(b.const(1.0 - self.decay), value))
        return [begun, _where(b, keep[0], updated, value)]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        b, seen = end.b, self.having_seen(keep, end)[-1]
        if self.decay is not None:
            return seen  # the last point where nothing has begun
        n = b.sub(count, b.const(float(self.start)))
        none = b.elementwise("lt", n, b.const(0.5))
        return _where(b, none, end.field(self.field), b.div(seen, b.elementwise("max", n, b.const(1.0))))


def _where(b: Builder, condition: Node, a: Node, other: Node) -> Node:
    return b.select(b.broadcast(condition, a.shape), a, other)
