"""Numbers that a run keeps of each trajectory as it goes: extremes, means, lengths.

A reduction has rows of state of its own. Every step updates them from the point that it starts from; the end, where no
step is made, is joined after the run by a Program of its own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.layout.extent import refuse_too_many_rows
from fastdescent.program.layout.stages import StateRow, compile_function
from fastdescent.program.program import Program
from fastdescent.program.step.formula import Formula, fresh

FIELDS = ("fun", "grad_norm", "x")


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a trajectory, as nodes of one graph."""

    b: Builder
    x: Node
    fun: Node
    gradient: Node

    @classmethod
    def of(cls, formula: Formula) -> Point:
        return cls(formula.builder, formula.x, formula.fun, formula.gradient)

    def field(self, name: str) -> Node:
        """One of FIELDS. Copied, so that a sum adds the rounded number: it would take up a bare product as fma."""
        if name == "grad_norm":
            return self.b.norm(self.gradient)
        return self.b.copy(self.fun if name == "fun" else self.x)


@dataclass(frozen=True)
class Reduction(ABC):
    """What `fastdescent.reduce` makes, for the option reduce= of `descend`."""

    name: str  #: of its result

    @abstractmethod
    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        """The arrays that it keeps: shape, and value at t = 0."""

    def shape(self, dim: int) -> Shape:
        """Of the result."""
        return ()

    @abstractmethod
    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        """What it keeps once the step from `point` to `x_next` is made."""

    @abstractmethod
    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        """Its result, from what it kept before the last of `count` points."""


@dataclass(frozen=True)
class OfField(Reduction):
    """Looks at one field of every point."""

    field: str

    def shape(self, dim: int) -> Shape:
        return (dim,) if self.field == "x" else ()


@at_top
@dataclass(frozen=True)
class Min(OfField):
    """The least value; NaN if one is."""

    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        return [(self.shape(dim), math.inf)]

    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        return [point.b.elementwise("min", before[0], point.field(self.field))]

    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        return self.after(before, end, end.x)[0]


@at_top
@dataclass(frozen=True)
class Max(OfField):
    """The greatest value; NaN if one is."""

    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        return [(self.shape(dim), -math.inf)]

    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        return [point.b.elementwise("max", before[0], point.field(self.field))]

    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        return self.after(before, end, end.x)[0]


@at_top
@dataclass(frozen=True)
class Mean(OfField):
    """The sum, which starts at -0 (the one number that added to any changes no bit), over the count."""

    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        return [(self.shape(dim), -0.0)]

    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        return [point.b.add(before[0], point.field(self.field))]

    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        return end.b.div(self.after(before, end, end.x)[0], count)


@at_top
@dataclass(frozen=True)
class Exponential(OfField):
    """The average that forgets: the first value, then `decay` times what it was, and the rest of the new value."""

    decay: float

    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        return [((), 0.0), (self.shape(dim), 0.0)]

    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        b, value, (is_begun, average) = point.b, point.field(self.field), before
        moved = b.add(b.mul(b.const(self.decay), average), b.mul(b.const(1.0 - self.decay), value))
        return [b.const(1.0), b.select(b.broadcast(is_begun, value.shape), moved, value)]

    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        return self.after(before, end, end.x)[1]


@at_top
@dataclass(frozen=True)
class Std(OfField):
    """Welford's recurrence (Technometrics 4(3), 1962): count, mean, and the sum of squares about it."""

    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        return [((), 0.0), (self.shape(dim), 0.0), (self.shape(dim), 0.0)]

    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        b, value, (count, mean, squares) = point.b, point.field(self.field), before
        count = b.add(count, b.const(1.0))
        away = b.sub(value, mean)
        mean = b.add(mean, b.div(away, count))
        return [count, mean, b.add(b.mul(away, b.sub(value, mean)), squares)]

    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        _, _, squares = self.after(before, end, end.x)
        return end.b.elementwise("sqrt", end.b.div(squares, count))


@at_top
@dataclass(frozen=True)
class TailMean(OfField):
    """Keeps the n - 1 latest values, the oldest first. What is not there yet is -0, so that it adds nothing."""

    n: int

    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        return [((self.n - 1, *self.shape(dim)), -0.0)] if self.n > 1 else []

    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        return [point.b.view(self._window(kept, point), lambda a: a[1:]) for kept in before]

    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        b = end.b
        total = b.sum(self._window(before[0], end), (0,)) if before else end.field(self.field)
        return b.div(total, b.elementwise("min", count, b.const(float(self.n))))

    def _window(self, kept: Node, point: Point) -> Node:
        value = point.field(self.field)
        return point.b.concatenate([kept, point.b.reshape(value, (1, *value.shape))], 0)


@at_top
@dataclass(frozen=True)
class PathLength(Reduction):
    """The sum of the steps' lengths."""

    def initial(self, dim: int) -> list[tuple[Shape, float]]:
        return [((), 0.0)]

    def after(self, before: list[Node], point: Point, x_next: Node) -> list[Node]:
        b = point.b
        return [b.add(before[0], b.norm(b.sub(b.copy(x_next), point.x)))]

    def result(self, before: list[Node], end: Point, count: Node) -> Node:
        return before[0]


def state_rows(reductions: Sequence[Reduction], here: Point, x_next: Node) -> tuple[list[StateRow], list[float]]:
    """What a step does to the rows of the reductions, and their values at t = 0."""
    rows: list[StateRow] = []
    initial: list[float] = []
    for k, reduction in enumerate(reductions):
        kept = reduction.initial(here.x.size)
        before = _leaves(here.b, k, kept)
        after = reduction.after(before, here, x_next)
        rows += [StateRow(old.attr, old, new) for old, new in zip(before, after, strict=True)]
        initial += [v for (_, value), leaf in zip(kept, before, strict=True) for v in [value] * leaf.size]
    return rows, initial


def end_program(formula: Formula, reductions: Sequence[Reduction]) -> Program:
    """The Program that maps the rows of the reductions, the end x and the count of points to the results, by name."""
    own = fresh(formula)
    b, end = own.builder, Point.of(own)
    count = b.graph.leaf("input", "count", ())
    inputs, outputs = [("x", own.x), ("count", count)], []
    for k, reduction in enumerate(reductions):
        before = _leaves(b, k, reduction.initial(own.dim))
        inputs += [(leaf.attr, leaf) for leaf in before]
        outputs.append((reduction.name, reduction.result(before, end, count)))
    refuse_too_many_rows(b, [n for _, n in outputs])
    return compile_function(b, inputs, outputs)


def _leaves(b: Builder, k: int, kept: Sequence[tuple[Shape, float]]) -> list[Node]:
    return [b.graph.leaf("input", f"reduce{k}.{j}", shape) for j, (shape, _) in enumerate(kept)]
