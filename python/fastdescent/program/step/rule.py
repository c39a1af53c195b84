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
  tests ("moved", "previous_fun", "previous_x" and others, each only if a test needs it); the rows of the reductions.
- `initial` has one number per row of the state. The first `dim` of them are placeholders for the start.
- A state that the rule reads, the rule also returns, in the shape in which it was read. Names that the rule returns and
  never reads have no rows.
- The rule is traced at most `_MOST_TRACES` times. Each trace has a graph of its own, so that no trace leaves nodes to
  the next one, and equal specifications give equal bits.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.spread import spreads
from fastdescent.program.layout.extent import refuse_too_many_rows
from fastdescent.program.layout.stages import StateRow, compile_step
from fastdescent.program.step.formula import Formula, copy_of
from fastdescent.program.step.gradient import Gradient, Noise
from fastdescent.program.step.minibatch import minibatch_formula
from fastdescent.program.step.randomness import Stream
from fastdescent.program.step.reduction_rows import reduction_rows
from fastdescent.program.step.reductions import Move, Point
from fastdescent.program.step.rng import Rng
from fastdescent.program.step.sides import KEEPING, has
from fastdescent.program.step.spec import Leaf, NoiseSpec, StepProgram, StepSpec, wants_grad
from fastdescent.program.step.tested import kept_for_tests, seen_by_predicates, tested_values
from fastdescent.program.step.treatment import NAMES, Treatment
from fastdescent.program.step.walls import Wall
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.copies.copies import Copies
from fastdescent.program.trace.global_generators import GlobalGenerators
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

_MOST_TRACES = 4
VERDICTS = ("accepted", "stalled")  #: states that are one truth value each


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
    treatment: Treatment


def build_step(formula: Formula, spec: StepSpec) -> StepProgram:
    """Traces the rule and compiles the step.

    The shapes of the state are not declared. The first trace assumes those in `init` and the shape of x for other
    names; each further trace assumes the shapes that the last one returned, until both are the same.
    """
    return _compile(_traced_with_its_shapes(formula, spec), spec, formula)


def state_shapes(formula: Formula, spec: StepSpec) -> dict[str, Shape]:
    """The arrays that the rule keeps, by name."""
    return {name: leaf.shape for name, leaf in _traced_with_its_shapes(formula, spec).leaves.items()}


def _traced_with_its_shapes(formula: Formula, spec: StepSpec) -> _TracedRule:
    shapes: dict[str, Shape] = {name: shape for name, shape, _ in spec.init}
    for _ in range(_MOST_TRACES):
        traced = _trace_rule(formula, spec, shapes)
        returned = {name: _returned_shape(traced, name) for name in traced.leaves}
        unread = [name for name, *_ in spec.init if name not in traced.leaves]
        if unread:
            raise ValueError(f"init names {unread[0]!r}, but the rule reads no state.{unread[0]}")
        if all(traced.leaves[name].shape == shape for name, shape in returned.items()):
            return traced
        for name, shape, _ in spec.init:
            if shape and returned[name] != shape:
                raise ValueError(f"init[{name!r}] has shape {shape}, but the rule returns {name} of {returned[name]}")
        shapes |= returned
    raise TypeError("the shapes of the optimizer's state change from step to step; return each with one shape")


# ---------------------------------------------------------------------- tracing
def _trace_rule(formula: Formula, spec: StepSpec, shapes: Mapping[str, Shape]) -> _TracedRule:
    own = copy_of(formula) if spec.batch is None else minibatch_formula(formula, spec.batch)
    b = own.builder
    state = RuleState(b, shapes, own.x.shape)
    t = Traced(b, b.graph.leaf("time", "t", ()))
    arguments = {name: _hyper_value(b, value) for name, value in spec.hyper} | _optional_arguments(b, own.dim, spec)
    treatment = Treatment(**{name: _hyper_value(b, getattr(spec.treatment, name)) for name in NAMES})
    grad = Gradient(own, formula, spec.batch, _noise(b, spec.noise, t), treatment)
    generators = GlobalGenerators()
    with tracing(b):
        result = Copies().stand_in(spec.rule)(Traced(b, own.x, is_point=True), grad, state, t, **arguments)
    generators.warn_if_used("the optimizer's rule")
    x_next, returned = _checked_result(own, result)
    if has(spec.boundary, *KEEPING):
        x_next, returned = _inside_box(b, spec, x_next, returned)
    return _TracedRule(own, state._leaves, x_next, returned, treatment)


def _optional_arguments(b: Builder, dim: int, spec: StepSpec) -> dict[str, Any]:
    """The arguments `wall` and `rng`, for rules that have them."""
    wanted = inspect.signature(spec.rule).parameters
    arguments: dict[str, Any] = {}
    if "wall" in wanted:
        arguments["wall"] = Wall(b, dim, spec.boundary) if has(spec.boundary, *KEEPING) else None
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

    def noise(x: Traced, g: Traced, rng: Rng, grad: Gradient) -> Any:
        return spec.rule(x, g, t, rng, **({"grad": grad} if wants_grad(spec.rule) else {}), **hyper)

    return noise


def _checked_result(formula: Formula, result: Any) -> tuple[Node, dict[str, Any]]:
    """The new x and the new state, if the rule has returned these two."""
    b, shape = formula.builder, formula.x.shape
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping)):
        refuse("the optimizer's rule must return (new x, dict of new state)", "write return x - lr * grad(x), {}")
    x_next, returned = as_node(b, result[0]), dict(result[1])
    if x_next.shape != shape:
        refuse(f"the rule returned x of shape {x_next.shape}, not {shape}", "return the whole point")
    for name in VERDICTS:
        if name in returned and (verdict := as_node(b, returned[name])).size != 1:
            refuse(f'the rule returned "{name}" of shape {verdict.shape}, not one truth value',
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
def _seen(traced: _TracedRule, spec: StepSpec, full: Formula, before: Mapping[str, Node]) -> dict[str, Node]:
    """The operands of predicates, at the point from which the step starts."""
    own, names = traced.formula, {name for rule in spec.predicates for name in rule.arguments}
    states = {leaf.attr: leaf for leaf in traced.leaves.values()}
    t = own.builder.graph.leaf("time", "t", ())
    return seen_by_predicates(names, own, spec, full, states, before, t, traced.treatment)


def _compile(traced: _TracedRule, spec: StepSpec, full: Formula) -> StepProgram:
    own, x_next = traced.formula, traced.x_next
    b, init = own.builder, {name: values for name, _, values in spec.init}
    rows = [StateRow("x", own.x, x_next)]
    arrays = [(leaf, as_node(b, traced.returned[name])) for name, leaf in traced.leaves.items()]
    rows += [StateRow(leaf.attr, leaf, after) for leaf, after in arrays]
    initial = [0.0] * own.dim
    for name, leaf in traced.leaves.items():
        initial += np.resize(init.get(name, 0.0), leaf.size).tolist()
    before = kept_for_tests(own, spec, traced.returned)
    seen = _seen(traced, spec, full, {row.name: row.before for row in before})
    outputs = tested_values(own, spec, seen, traced.returned.get("stalled"), traced.treatment)
    for row in before:
        rows.append(row)
        initial += [0.0] * row.after.size
    reduction_state, reduction_initial = reduction_rows(
        spec.reduce, Move(Point.of(own, seen, traced.treatment), x_next, arrays)
    )
    rows += reduction_state
    initial += reduction_initial
    refuse_too_many_rows(b, [node for _, node in outputs], [row.after for row in rows])
    program = compile_step(b, rows, outputs)
    both_spread = spreads(own.gradient, x_next) and spreads(own.x, x_next)
    return StepProgram(program, tuple(np.asarray(initial, dtype=float).tolist()), both_spread)
