"""A traced scalar function of one point, and the Programs made of it: values, gradients, Hessian products."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fastdescent._base.at_top import at_top
from fastdescent._base.recent import Recent
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.differentiate import directional, gradient
from fastdescent.program.graph.flatten import Record, flatten, rebuild
from fastdescent.program.graph.instantiate import instantiate
from fastdescent.program.graph.intervals import Interval, certainly_finite
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.layout.extent import refuse_too_many_rows
from fastdescent.program.layout.stages import compile_function
from fastdescent.program.program import Program
from fastdescent.program.step.data_rows import Rows
from fastdescent.program.step.treatment import DECAY, Treatment
from fastdescent.program.trace.function import value_of
from fastdescent.program.trace.tracer import Traced

_MOST_STEPS = 64  #: step Programs kept per formula, so that rules that are defined in a loop do not pile up
POINT = "the point"  #: name of the leaf x; no parameter can have this name


@dataclass(frozen=True, eq=False)
class Formula:
    """f(x; parameters), with f and its gradient at the leaf x already in the graph."""

    builder: Builder
    x: Node
    fun: Node
    gradient: Node
    params: Mapping[str, Shape]
    rows: Rows | None = None  #: the data, if f is a mean over samples
    lanes: frozenset[str] = frozenset()  #: parameters of which each trajectory has a value of its own
    steps: Recent[Any, Any] = field(default_factory=lambda: Recent(_MOST_STEPS))  #: step Programs, by specification
    _programs: dict[Any, Program] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __reduce__(self) -> tuple[Callable[..., Formula], tuple[Any, ...]]:
        return formula_of_pickle, (*flatten([self.x, self.fun, self.gradient]), dict(self.params), self.rows)

    @property
    def dim(self) -> int:
        return self.x.size

    def leaves(self, b: Builder) -> dict[str, Node]:
        """The parameters by name, in the graph of `b`."""
        shapes = self.params.items()
        return {name: b.graph.leaf("lane" if name in self.lanes else "param", name, shape) for name, shape in shapes}

    def with_lanes(self, names: frozenset[str]) -> Formula:
        """The formula in which each trajectory has values of its own for these parameters; the same one each time."""

        def make() -> Formula:
            b = Builder()
            of_lanes = replace(self, lanes=names)
            return formula_in_graph(of_lanes, b, b.graph.leaf("input", POINT, (self.dim,)))

        made: Formula = self.steps.get(("lanes", names), make)
        return made

    def finite_within(self, box: Interval, params: Mapping[str, Interval], largest: float) -> bool:
        """Whether f is certainly finite at every point whose coordinates are all in `box`."""
        return certainly_finite(self.fun, {**params, POINT: box}, largest)

    def program(self, *outputs: str) -> Program:
        """The Program that maps x to some of "fun", "gradient", "grad_norm"; (x, v) to "hvp"; (x, w) to "decayed_norm".

        The last one is the norm of the gradient of f + sum(w x^2) / 2, w (dim,).
        """
        if outputs not in self._programs:
            with self._lock:  # compiling adds nodes to the graph that all callers share
                self._programs[outputs] = self._compiled(outputs)
        return self._programs[outputs]

    def _compiled(self, outputs: tuple[str, ...]) -> Program:
        b = self.builder
        nodes = {"fun": self.fun, "gradient": self.gradient}
        inputs = [("x", self.x)]
        if "grad_norm" in outputs:
            nodes["grad_norm"] = b.norm(self.gradient)
        if "decayed_norm" in outputs:
            weights = b.graph.leaf("input", DECAY, self.x.shape)
            inputs.append(("w", weights))
            nodes["decayed_norm"] = b.norm(Treatment(weight_decay=Traced(b, weights)).decayed(b, self.x, self.gradient))
        if "hvp" in outputs:
            v = b.graph.leaf("input", "v", self.x.shape)
            inputs.append(("v", v))
            nodes["hvp"] = directional(b, self.gradient, self.x, v)
        refuse_too_many_rows(b, [nodes[name] for name in outputs])
        return compile_function(b, inputs, [(name, nodes[name]) for name in outputs])


@at_top
def formula_of_pickle(
    records: Sequence[Record], outputs: Sequence[int], params: Mapping[str, Shape], rows: Rows | None
) -> Formula:
    b = Builder()
    x, fun, slope = rebuild(b.graph, records, outputs)
    return Formula(b, x, fun, slope, params, rows)


def trace(
    function: Callable[..., Any],
    dim: int,
    params: Mapping[str, Shape],
    rows: Rows | None = None,
    call: Callable[..., Any] | None = None,
) -> Formula:
    """Runs the function on tracers. x has shape (dim,); the result must be one number.

    The function is called as `function(x, **params)`, or as `call(function, x, **params)`. With `rows` it gets all
    samples after x.
    """
    b = Builder()
    x = b.graph.leaf("input", POINT, (dim,))
    leaves = {name: Traced(b, b.graph.leaf("param", name, shape)) for name, shape in params.items()}

    def called(copy: Callable[..., Any]) -> Any:
        point = Traced(b, x, is_point=True, fresh=True)
        given = (point, *(rows.arrays if rows else ()))
        return copy(*given, **leaves) if call is None else call(copy, *given, **leaves)

    fun = value_of(b, function, called)
    return Formula(b, x, fun, gradient(b, fun, x), dict(params), rows)


def copy_of(formula: Formula) -> Formula:
    """The same formula in a new graph, built in the same order, so that its values have the same bits."""
    b = Builder()
    return formula_in_graph(formula, b, b.graph.leaf("input", POINT, (formula.dim,)))


def formula_in_graph(formula: Formula, b: Builder, x: Node) -> Formula:
    """The same formula at a leaf x of another graph."""
    fun = instantiate(b, formula.fun, {**formula.leaves(b), POINT: x})
    return Formula(b, x, fun, gradient(b, fun, x), formula.params, formula.rows, formula.lanes)
