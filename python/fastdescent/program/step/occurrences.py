"""Reductions that count: the first step at which a predicate holds, how often it holds, where a field is least.

Counts are exact for more steps than a float32 can count. They are two rows, `high` and `low`, and mean
4096 high + low. An example with base 4 in place of 4096: five points counted are

    points   0     1     2     3     4     5
    high     0     0     0     0     1     1
    low      0     1     2     3     0     1
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.step.reductions import Array, FieldReduction, Kept, Point, PointReduction, Reduction
from fastdescent.program.step.stops import StopRule, trace_stop_rule, wants_state

_BASE = 4096
_NEVER = -1


def _counted(b: Builder, high: Node, low: Node, more: Node) -> tuple[Node, Node]:
    """The count after `more`, which is 0 or 1."""
    low = b.add(low, more)
    is_full = b.elementwise("eq", low, b.const(float(_BASE)))
    return b.add(high, is_full), b.select(is_full, b.const(0.0), low)


def _two_rows(b: Builder, high: Node, low: Node) -> Node:
    return b.concatenate([b.reshape(n, (1, *n.shape)) for n in (high, low)], 0)


def _whole(found: Array) -> Array:
    """int32 numbers from rows of highs and lows."""
    high, low = np.split(found.astype(np.int64), 2, axis=1)
    return (_BASE * high + low).astype(np.int32)


@dataclass(frozen=True)
class Occurrences(PointReduction):
    """A reduction with a predicate: a function of the user, and once it is bound to a run, a traced one."""

    predicate: Any

    def bound(self, dim: int, state_shapes: Callable[[], Mapping[str, Shape]]) -> Reduction:
        if isinstance(self.predicate, StopRule):
            return self
        what = f"the predicate of reduce.{type(self).__name__.lower()}"
        shapes = state_shapes() if wants_state(self.predicate, what) else {}
        return replace(self, predicate=trace_stop_rule(self.predicate, dim, shapes, what))

    @property
    def predicates(self) -> tuple[StopRule, ...]:
        return (self.predicate,)

    def holds(self, point: Point) -> Node:
        """1 where the predicate holds, else 0."""
        (rule,) = self.predicates
        return rule.in_graph(point.b, point.seen)

    @abstractmethod
    def initial(self, dim: int) -> list[Kept]: ...

    def finished(self, found: Array) -> Array:
        return _whole(found)


@at_top
@dataclass(frozen=True)
class First(Occurrences):
    """Keeps whether the predicate has held, and the count of points before it did."""

    def initial(self, dim: int) -> list[Kept]:
        return [((), 0.0)] * 3

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        b, (held, high, low) = point.b, keep
        held = b.elementwise("max", held, self.holds(point))
        return [held, *_counted(b, high, low, b.sub(b.const(1.0), held))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        b, (held, high, low) = end.b, self.having_seen(keep, end)
        return _two_rows(b, b.select(held, high, b.const(0.0)), b.select(held, low, b.const(float(_NEVER))))


@at_top
@dataclass(frozen=True)
class Count(Occurrences):
    """Keeps the count of points at which the predicate holds."""

    def initial(self, dim: int) -> list[Kept]:
        return [((), 0.0)] * 2

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        high, low = keep
        return [*_counted(point.b, high, low, self.holds(point))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        return _two_rows(end.b, *self.having_seen(keep, end))


@at_top
@dataclass(frozen=True)
class ArgMin(FieldReduction):
    """Keeps the least value, its step, and the count of points; the step of the first NaN if there is one."""

    def initial(self, dim: int) -> list[Kept]:
        shape = self.shape(dim)
        return [(shape, math.inf), (shape, 0.0), (shape, 0.0), ((), 0.0), ((), 0.0)]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        b, value, (best, at_high, at_low, high, low) = point.b, point.field(self.field), keep
        first_nan = b.mul(b.elementwise("ne", value, value), b.elementwise("eq", best, best))
        better = b.elementwise("max", b.elementwise("lt", value, best), first_nan)
        place = [b.select(better, b.broadcast(new, value.shape), old) for new, old in ((high, at_high), (low, at_low))]
        return [b.select(better, value, best), *place, *_counted(b, high, low, b.const(1.0))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        _, high, low, *_ = self.having_seen(keep, end)
        return _two_rows(end.b, high, low)

    def finished(self, found: Array) -> Array:
        return _whole(found)
