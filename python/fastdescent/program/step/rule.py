"""Traces an optimizer's rule and compiles one step: x, the gradient, the state and t become the nodes of one graph.

An example: heavy ball on x0^2 + x1^2, where the run supplies lr and tests the change of f.

>>> from fastdescent.program.listing import Listing
>>> from fastdescent.program.step.formula import trace
>>> def heavy_ball(x, grad, state, t, *, lr):
...     v = 0.5 * state.v + grad(x)
...     return x - lr * v, {"v": v}
>>> formula = trace(lambda x: x[0] ** 2 + x[1] ** 2, 2, {})
>>> spec = StepSpec(heavy_ball, (("lr", Leaf("param", "lr")),), (), with_fun=True, with_ftol=True, with_xtol=False)
>>> step = build_step(formula, spec)
>>> print(Listing(step.program, "heavy ball"))
heavy ball
  main: 8 instructions, 9 rows
    in   x = r0:2, state.v = r2:4, moved = r4, previous_fun = r5
    r7         = 2 * r1
    r6         = 2 * r0
    r8         = r1 * r1
    r8         = r0 * r0 + r8
    r2:4       = 0.5 * r2:4 + r6:8
    r0:2       = -u3 * r2:4 + r0:2
    r4         = 1
    r5         = r8
    out  gradient = r6:8, fun = r8

The state is rows 0 to 5. The outputs are the gradient and f of the point *before* the step: the stop tests look at
them first, and only then are the rows of the state replaced. u3 is lr.

>>> step.initial, step.spreads
((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), True)

Invariants:

- The state's rows are, in this order: x; the rule's own state, as the rule first reads its names; the rows of the stop
  tests ("moved", "previous_fun", "previous_x", each only if a test needs it); the rows of the reductions.
- `initial` has one number per row of the state. The first `dim` of them are placeholders for the start.
- A state that the rule reads, the rule also returns, in the shape in which it was read. Names that the rule returns and
  never reads have no rows.
- The rule is traced at most `_MOST_TRACES` times. Each trace has a graph of its own, so that no trace leaves nodes to
  the next one, and equal specifications give equal bits.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent._base.status import Status
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.spread import spreads
from fastdescent.program.layout.extent import refuse_too_many_rows
from fastdescent.program.layout.stages import StateRow, compile_step
from fastdescent.program.program import Program
from fastdescent.program.step.formula import Formula, copy_of, formula_in_graph
from fastdescent.program.step.gradient import Gradient, Noise
from fastdescent.program.step.minibatch import BatchSpec, minibatch_formula
from fastdescent.program.step.randomness import Stream
from fastdescent.program.step.reductions import Point, Reduction, reduction_rows
from fastdescent.program.step.rng import Rng
from fastdescent.program.step.stops import STATE, StopRule
from fastdescent.program.step.walls import KEEPING, Wall
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.global_generators import GlobalGenerators
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

Rule = Callable[..., tuple[Any, Mapping[str, Any]]]

_MOST_TRACES = 4


@at_top
@dataclass(frozen=True)
class NoiseSpec:
    """The noise that is added to the gradient: `rule(x, g, t, rng, **hyper)`."""

    rule: Callable[..., Any]
    hyper: tuple[tuple[str, Any], ...]  #: as the `hyper` of a `StepSpec`


@dataclass(frozen=True)
class StepSpec:
    """The specification of a step Program, besides the formula."""

    rule: Rule
    hyper: tuple[tuple[str, Any], ...]  #: name -> a Python value, or a `Leaf` for a value that comes with the run
    init: tuple[tuple[str, float], ...]  #: states that do not start at zero
    with_fun: bool  #: f is an output
    with_ftol: bool  #: the state keeps the previous f
    with_xtol: bool  #: the state keeps the previous x
    boundary: str = "ignore"
    velocity: tuple[str, ...] = ()  #: states that a wall stops or reverses
    reduce: tuple[Reduction, ...] = ()
    noise: NoiseSpec | None = None
    batch: BatchSpec | None = None
    stop: StopRule | None = None  #: the user's stop rule

    @property
    def keeps_previous_x(self) -> bool:
        """Whether a stop test compares x with the point before."""
        return self.with_xtol or (self.stop is not None and "x_previous" in self.stop.arguments)


@at_top
@dataclass(frozen=True)
class Leaf:
    """A hyperparameter that the run supplies: op is "param", "lane" or "time" (tabulated over t)."""

    op: str
    name: str
    shape: Shape = ()


@dataclass(frozen=True)
class StepProgram:
    """The Program of one step, and the state at t = 0 without the start."""

    program: Program
    initial: tuple[float, ...]
    spreads: bool  #: a gradient or x that is not finite makes the next x not finite


class RuleState:
    """The argument `state` of a rule: `state.v` is the leaf of the state v.

    A state has the shape that `shapes` gives to its name, and otherwise the default.
    """

    def __init__(self, builder: Builder, shapes: Mapping[str, Shape], default: Shape) -> None:
        self._builder, self._shapes, self._default = builder, shapes, default
        self._leaves: dict[str, Node] = {}  #: of the names read so far

    def __getattr__(self, name: str) -> Traced:
        if name.startswith("_"):
            raise AttributeError(name)
        shape = self._shapes.get(name, self._default)
        self._leaves[name] = self._builder.graph.leaf("input", f"state.{name}", shape)
        return Traced(self._builder, self._leaves[name])


@dataclass(frozen=True)
class _TracedRule:
    """One trace of a rule: the formula in the graph of the trace, and what the rule has read and returned."""

    formula: Formula
    leaves: Mapping[str, Node]  #: states that the rule has read
    x_next: Node
    returned: Mapping[str, Any]  #: states that the rule has returned


def build_step(formula: Formula, spec: StepSpec) -> StepProgram:
    """Traces the rule and compiles the step.

    The shapes of the state are not declared. The first trace assumes () for the names in `init` and the shape of x for
    others; each further trace assumes the shapes that the last one returned, until both are the same.
    """
    return _compile(_traced_with_its_shapes(formula, spec), spec, formula)


def state_shapes(formula: Formula, spec: StepSpec) -> dict[str, Shape]:
    """The arrays that the rule keeps, by name."""
    return {name: leaf.shape for name, leaf in _traced_with_its_shapes(formula, spec).leaves.items()}


def _traced_with_its_shapes(formula: Formula, spec: StepSpec) -> _TracedRule:
    shapes: dict[str, Shape] = {name: () for name, _ in spec.init}
    for _ in range(_MOST_TRACES):
        traced = _trace_rule(formula, spec, shapes)
        returned = {name: _returned_shape(traced, name) for name in traced.leaves}
        unread = [name for name, _ in spec.init if name not in traced.leaves]
        if unread:
            raise ValueError(f"init names {unread[0]!r}, but the rule reads no state.{unread[0]}")
        if all(traced.leaves[name].shape == shape for name, shape in returned.items()):
            return traced
        shapes |= returned
    raise TypeError("the shapes of the optimizer's state change from step to step; return each with one shape")


# ---------------------------------------------------------------------- tracing
def _trace_rule(formula: Formula, spec: StepSpec, shapes: Mapping[str, Shape]) -> _TracedRule:
    own = copy_of(formula) if spec.batch is None else minibatch_formula(formula, spec.batch)
    b = own.builder
    state = RuleState(b, shapes, own.x.shape)
    t = Traced(b, b.graph.leaf("time", "t", ()))
    arguments = {name: _hyper_value(b, value) for name, value in spec.hyper} | _optional_arguments(b, own.dim, spec)
    grad = Gradient(own, formula, spec.batch, _noise(b, spec.noise, t))
    generators = GlobalGenerators()
    with tracing():
        result = spec.rule(Traced(b, own.x, is_point=True), grad, state, t, **arguments)
    generators.warn_if_used("the optimizer's rule")
    x_next, returned = _checked_result(own, result)
    if spec.boundary in KEEPING:
        x_next, returned = _inside_box(b, spec, x_next, returned)
    return _TracedRule(own, state._leaves, x_next, returned)


def _optional_arguments(b: Builder, dim: int, spec: StepSpec) -> dict[str, Any]:
    """The arguments `wall` and `rng`, for rules that have them."""
    wanted = inspect.signature(spec.rule).parameters
    arguments: dict[str, Any] = {}
    if "wall" in wanted:
        arguments["wall"] = Wall(b, dim, spec.boundary) if spec.boundary in KEEPING else None
    if "rng" in wanted:
        arguments["rng"] = Rng(b, Stream.USER)
    return arguments


def _hyper_value(b: Builder, value: Any) -> Any:
    if isinstance(value, Leaf):
        return Traced(b, b.graph.leaf(value.op, value.name, value.shape))
    return tuple(_hyper_value(b, v) for v in value) if isinstance(value, tuple) else value


def _noise(b: Builder, spec: NoiseSpec | None, t: Traced) -> Noise | None:
    if spec is None:
        return None
    hyper = {name: _hyper_value(b, value) for name, value in spec.hyper}

    def noise(x: Traced, g: Traced, rng: Rng) -> Any:
        return spec.rule(x, g, t, rng, **hyper)

    return noise


def _checked_result(formula: Formula, result: Any) -> tuple[Node, dict[str, Any]]:
    """The new x and the new state, if the rule has returned these two."""
    b, shape = formula.builder, formula.x.shape
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping)):
        refuse("the optimizer's rule must return (new x, dict of new state)", "write return x - lr * grad(x), {}")
    x_next, returned = as_node(b, result[0]), dict(result[1])
    if x_next.shape != shape:
        refuse(f"the rule returned x of shape {x_next.shape}, not {shape}", "return the whole point")
    if "accepted" in returned:
        accepted = as_node(b, returned["accepted"])
        if accepted.size != 1:
            refuse(f'the rule returned "accepted" of shape {accepted.shape}, not one truth value',
                   "use np.all or np.any of it")  # fmt: skip
    return x_next, returned


def _inside_box(b: Builder, spec: StepSpec, x_next: Node, returned: dict[str, Any]) -> tuple[Node, dict[str, Any]]:
    """The new x put back into the box, and velocities stopped or reversed where x was outside."""
    x_next, factor = Wall(b, x_next.size, spec.boundary).put_back(x_next)
    velocities = {name: returned[name] for name in spec.velocity if name in returned}
    return x_next, returned | {name: Traced(b, b.mul(factor, as_node(b, v))) for name, v in velocities.items()}


def _returned_shape(traced: _TracedRule, name: str) -> Shape:
    if name not in traced.returned:
        refuse(f"the rule reads state.{name} but does not return it", f'return {{..., "{name}": its new value}}')
    return as_node(traced.formula.builder, traced.returned[name]).shape


# ---------------------------------------------------------------------- compiling
def _compile(traced: _TracedRule, spec: StepSpec, full: Formula) -> StepProgram:
    own, x_next = traced.formula, traced.x_next
    b, init = own.builder, dict(spec.init)
    rows = [StateRow("x", own.x, x_next)]
    rows += [StateRow(leaf.attr, leaf, as_node(b, traced.returned[name])) for name, leaf in traced.leaves.items()]
    initial = [0.0] * own.dim
    for name, leaf in traced.leaves.items():
        initial += [init.get(name, 0.0)] * leaf.size
    before = _rows_of_stop_tests(traced, spec)
    outputs = _outputs(own, spec)
    if spec.stop is not None:
        outputs.append(("stop", _stop_status(spec.stop, traced, spec, full, {row.name: row.before for row in before})))
    for row in before:
        rows.append(row)
        initial += [0.0] * row.after.size
    reduction_state, reduction_initial = reduction_rows(spec.reduce, Point.of(own), x_next)
    rows += reduction_state
    initial += reduction_initial
    refuse_too_many_rows(b, [node for _, node in outputs], [row.after for row in rows])
    program = compile_step(b, rows, outputs)
    both_spread = spreads(own.gradient, x_next) and spreads(own.x, x_next)
    return StepProgram(program, tuple(np.asarray(initial, dtype=float).tolist()), both_spread)


def _outputs(formula: Formula, spec: StepSpec) -> list[tuple[str, Node]]:
    """The values that the stop tests look at before the state is replaced."""
    return [("gradient", _tested_slope(formula, spec)), *([("fun", formula.fun)] if spec.with_fun else [])]


def _tested_slope(formula: Formula, spec: StepSpec) -> Node:
    """The gradient that gtol tests: at walls that clip, without what pushes out."""
    if spec.boundary != "clip":
        return formula.gradient
    return Wall(formula.builder, formula.dim, "clip").projected(formula.x, formula.gradient)


def _stop_status(
    rule: StopRule, traced: _TracedRule, spec: StepSpec, full: Formula, before: Mapping[str, Node]
) -> Node:
    """The status of a trajectory whose stop rule holds at the point from which the step starts, else 0.

    The rule sees f over all samples.
    """
    own = traced.formula
    b = own.builder
    seen = own if spec.batch is None else formula_in_graph(full, b, own.x)
    values = {"x": own.x, "fun": seen.fun, "t": b.graph.leaf("time", "t", ())}
    values |= {STATE + name: leaf for name, leaf in traced.leaves.items()}
    if "grad" in rule.arguments:
        values["grad"] = _tested_slope(seen, spec)
    if "x_previous" in rule.arguments:
        moved = b.broadcast(before["moved"], own.x.shape)
        values["x_previous"] = b.select(moved, before["previous_x"], own.x)
    return b.select(rule.in_graph(b, values), b.const(float(Status.STOPPED)), b.const(0.0))


def _rows_of_stop_tests(traced: _TracedRule, spec: StepSpec) -> Sequence[StateRow]:
    """The rows by which xtol and ftol compare a point with the one before it."""
    if not (spec.with_ftol or spec.keeps_previous_x):
        return ()
    own, returned = traced.formula, traced.returned
    b = own.builder
    accepted = as_node(b, returned["accepted"]) if "accepted" in returned else b.const(1.0)
    after = [("moved", b.reshape(accepted, ()))]
    after += [("previous_fun", own.fun)] if spec.with_ftol else []
    after += [("previous_x", own.x)] if spec.keeps_previous_x else []
    return [StateRow(name, b.graph.leaf("input", f"test.{name}", node.shape), node) for name, node in after]
