"""Reductions: numbers that a run keeps of each trajectory as it goes, such as extremes, means and lengths.

A reduction sees the points x_0 ... x_nit of a trajectory one by one. It keeps arrays, which are rows of the step's
state. A step hands it the point *from which* the step starts; so after the last step it has seen all points but x_nit.
The *end Program* runs once after the run, sees x_nit, and gives the result.

An example: f = x^2 and the points x = 1, 1/2, 1/4, two steps. The columns show the array that each reduction keeps:

    reduction        at t = 0    after step 1    after step 2    result
    min of f         inf         1               1/4             1/16
    mean of x        -0          1               3/2             (3/2 + 1/4) / 3
    tail_mean(x, 2)  [-0]        [1]             [1/2]           (1/2 + 1/4) / 2
    path_length      0           1/2             3/4             3/4

>>> from fastdescent.program.graph.build import constant_value
>>> b = Builder()
>>> def point(x):
...     return Point(b, b.const([x]), fun=b.const(x * x), gradient=b.const([2 * x]))
>>> mean = Mean("mean_x", "x")
>>> (shape, value), = mean.initial(dim=1)
>>> keep = [b.const([value])]
>>> for x, x_next in ((1.0, 0.5), (0.5, 0.25)):
...     keep = mean.after(keep, Move(point(x), b.const([x_next])))
...     print(constant_value(keep[0]))
[1.]
[1.5]
>>> float(constant_value(mean.result(keep, point(0.25), count=b.const(3.0)))[0])
0.5833333333333334

Invariants:

- `initial` and `after` give the same number of arrays, in the same order and shapes, whatever the point.
- `result` has seen every point exactly once: `keep` the points before the last, its argument `end` the last.
- A value is rounded before it is added (see `Point.field`), so results have the same bits in a step, in the end
  Program, and however a run is split.
- A trajectory's memory does not grow with its steps.
- A reduction that needs more than points is `bound` to a run first: predicates are traced, arrays get their shapes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.step.formula import Formula
from fastdescent.program.step.stops import StopRule
from fastdescent.program.step.treatment import Treatment

FIELDS = ("fun", "grad_norm", "x")
Array = npt.NDArray[Any]
Kept = tuple[Shape, float | Array]


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a trajectory, as nodes of one graph."""

    b: Builder
    x: Node
    fun: Node
    gradient: Node
    seen: Mapping[str, Node] = field(default_factory=dict)  #: the operands of predicates

    @classmethod
    def of(cls, formula: Formula, seen: Mapping[str, Node], treatment: Treatment) -> Point:
        b, x = formula.builder, formula.x
        return cls(b, x, formula.fun, treatment.decayed(b, x, formula.gradient), seen)

    def field(self, name: str) -> Node:
        """One of FIELDS. A copy, so that a sum adds the rounded number; a bare product would become part of an fma."""
        if name == "grad_norm":
            return self.b.norm(self.gradient)
        return self.b.copy(self.fun if name == "fun" else self.x)


@dataclass(frozen=True, slots=True)
class Move:
    """A step, from a point to the next one, as nodes of one graph."""

    start: Point
    x_next: Node
    state: Sequence[tuple[Node, Node]] = ()  #: the optimizer's arrays before and after


@dataclass(frozen=True)
class Reduction(ABC):
    """What `fastdescent.reduce` makes, for the option reduce= of `descend`."""

    name: str  #: of the result

    def bound(self, dim: int, state_shapes: Callable[[], Mapping[str, Shape]]) -> Reduction:
        """The reduction for a run of these shapes."""
        return self

    @property
    def predicates(self) -> tuple[StopRule, ...]:
        """What is asked of every point."""
        return ()

    @abstractmethod
    def initial(self, dim: int) -> list[Kept]:
        """The arrays to keep: shape, and value or values at t = 0."""

    def shape(self, dim: int) -> Shape:
        """The shape of the result."""
        return ()

    @abstractmethod
    def after(self, keep: list[Node], move: Move) -> list[Node]:
        """The arrays after a step, from those before it."""

    @abstractmethod
    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        """The result, from the arrays after the last step; `count` includes the end."""

    def finished(self, found: Array) -> Array:
        """The result as the user gets it, from that of the end Program."""
        return found


@dataclass(frozen=True)
class PointReduction(Reduction):
    """A reduction that looks at points one by one."""

    @abstractmethod
    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        """The arrays after one more point."""

    def after(self, keep: list[Node], move: Move) -> list[Node]:
        return self.having_seen(keep, move.start)


@dataclass(frozen=True)
class FieldReduction(PointReduction):
    """A reduction of one field of every point."""

    field: str

    def shape(self, dim: int) -> Shape:
        return (dim,) if self.field == "x" else ()


@at_top
@dataclass(frozen=True)
class Min(FieldReduction):
    """The least value; NaN if one is."""

    def initial(self, dim: int) -> list[Kept]:
        return [(self.shape(dim), math.inf)]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        return [point.b.elementwise("min", keep[0], point.field(self.field))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        return self.having_seen(keep, end)[0]


@at_top
@dataclass(frozen=True)
class Max(FieldReduction):
    """The greatest value; NaN if one is."""

    def initial(self, dim: int) -> list[Kept]:
        return [(self.shape(dim), -math.inf)]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        return [point.b.elementwise("max", keep[0], point.field(self.field))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        return self.having_seen(keep, end)[0]


@at_top
@dataclass(frozen=True)
class Mean(FieldReduction):
    """Keeps the sum; the result is the sum over the count. The sum starts at -0, since -0 + v has the bits of v."""

    def initial(self, dim: int) -> list[Kept]:
        return [(self.shape(dim), -0.0)]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        return [point.b.add(keep[0], point.field(self.field))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        return end.b.div(self.having_seen(keep, end)[0], count)


@at_top
@dataclass(frozen=True)
class Exponential(FieldReduction):
    """The exponential moving average: the first value, then decay * average + (1 - decay) * value."""

    decay: float

    def initial(self, dim: int) -> list[Kept]:
        return [((), 0.0), (self.shape(dim), 0.0)]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        b, value, (has_value, average) = point.b, point.field(self.field), keep
        updated = b.add(b.mul(b.const(self.decay), average), b.mul(b.const(1.0 - self.decay), value))
        return [b.const(1.0), b.select(b.broadcast(has_value, value.shape), updated, value)]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        return self.having_seen(keep, end)[1]


@at_top
@dataclass(frozen=True)
class Std(FieldReduction):
    """Keeps the count, the mean and the sum of squares about it (Welford, Technometrics 4(3), 1962)."""

    def initial(self, dim: int) -> list[Kept]:
        return [((), 0.0), (self.shape(dim), 0.0), (self.shape(dim), 0.0)]

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        b, value, (count, mean, squares) = point.b, point.field(self.field), keep
        count = b.add(count, b.const(1.0))
        deviation = b.sub(value, mean)
        mean = b.add(mean, b.div(deviation, count))
        return [count, mean, b.add(b.mul(deviation, b.sub(value, mean)), squares)]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        _, _, squares = self.having_seen(keep, end)
        return end.b.elementwise("sqrt", end.b.div(squares, count))


@at_top
@dataclass(frozen=True)
class TailMean(FieldReduction):
    """Keeps the n - 1 latest values, the oldest first. Places that have no value yet are -0, which adds nothing."""

    n: int

    def initial(self, dim: int) -> list[Kept]:
        return [((self.n - 1, *self.shape(dim)), -0.0)] if self.n > 1 else []

    def having_seen(self, keep: list[Node], point: Point) -> list[Node]:
        return [point.b.view(self._with_latest(values, point), lambda a: a[1:]) for values in keep]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        b = end.b
        total = b.sum(self._with_latest(keep[0], end), (0,)) if keep else end.field(self.field)
        return b.div(total, b.elementwise("min", count, b.const(float(self.n))))

    def _with_latest(self, values: Node, point: Point) -> Node:
        latest = point.field(self.field)
        return point.b.concatenate([values, point.b.reshape(latest, (1, *latest.shape))], 0)


@at_top
@dataclass(frozen=True)
class PathLength(Reduction):
    """The sum of the steps' lengths."""

    def initial(self, dim: int) -> list[Kept]:
        return [((), 0.0)]

    def after(self, keep: list[Node], move: Move) -> list[Node]:
        b = move.start.b
        return [b.add(keep[0], b.norm(b.sub(b.copy(move.x_next), move.start.x)))]

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        return keep[0]
