"""Tracing an optimizer's rule: x, the gradient, the state and t become the nodes of one step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.spread import spreads
from fastdescent.program.layout.extent import refuse_too_many_rows
from fastdescent.program.layout.stages import StateRow, compile_step
from fastdescent.program.program import Program
from fastdescent.program.step.formula import Formula, fresh
from fastdescent.program.step.gradient import Gradient, Noise
from fastdescent.program.step.minibatch import BatchSpec, of_batch
from fastdescent.program.step.randomness import Stream
from fastdescent.program.step.reductions import Point, Reduction, state_rows
from fastdescent.program.step.rng import Rng
from fastdescent.program.step.walls import KEEPING, Wall
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced
from fastdescent.program.trace.untraced import Draws

Rule = Callable[..., tuple[Any, Mapping[str, Any]]]


@at_top
@dataclass(frozen=True)
class NoiseSpec:
    """What is added to the gradient: `rule(x, g, t, rng, **hyper)`."""

    rule: Callable[..., Any]
    hyper: tuple[tuple[str, Any], ...]  #: as those of a rule


@dataclass(frozen=True)
class StepSpec:
    """What a step Program is made for, besides the formula."""

    rule: Rule
    hyper: tuple[tuple[str, Any], ...]  #: name -> a Python value, or a `Leaf` for a value that comes with the run
    init: tuple[tuple[str, float], ...]
    with_fun: bool
    with_ftol: bool
    with_xtol: bool
    boundary: str = "ignore"
    velocity: tuple[str, ...] = ()  #: states that a wall stops or turns round
    reduce: tuple[Reduction, ...] = ()  #: their rows stand last in the state
    noise: NoiseSpec | None = None
    batch: BatchSpec | None = None


@at_top
@dataclass(frozen=True)
class Leaf:
    """A hyperparameter that the run supplies: op is "param", "lane" or "time" (tabulated over t)."""

    op: str
    name: str
    shape: Shape = ()


@dataclass(frozen=True)
class StepProgram:
    """The Program of one step and the state at t = 0 (the point's rows are the start's)."""

    program: Program
    initial: tuple[float, ...]
    spreads: bool  #: a gradient or x that is not finite makes the next x not finite


class State:
    """The rule's view of its own state: an attribute a name; what is not in `init` starts at zero."""

    def __init__(self, builder: Builder, shapes: Mapping[str, Shape], default: Shape) -> None:
        self._builder, self._shapes, self._default = builder, shapes, default
        self._leaves: dict[str, Node] = {}

    def __getattr__(self, name: str) -> Traced:
        if name.startswith("_"):
            raise AttributeError(name)
        shape = self._shapes.get(name, self._default)
        self._leaves[name] = self._builder.graph.leaf("input", f"state.{name}", shape)
        return Traced(self._builder, self._leaves[name])


def build_step(formula: Formula, spec: StepSpec) -> StepProgram:
    """Traces the rule and compiles the step. The shapes of the state are found by tracing until they agree."""
    shapes: dict[str, Shape] = {name: () for name, _ in spec.init}
    for _ in range(4):
        own = fresh(formula) if spec.batch is None else of_batch(formula, spec.batch)
        state, x_next, after = _run_rule(formula, own, spec, shapes)
        found = {name: _shape_of(own.builder, after, name) for name in state._leaves}
        unknown = [name for name, _ in spec.init if name not in state._leaves]
        if unknown:
            raise ValueError(f"init names {unknown[0]!r}, but the rule reads no state.{unknown[0]}")
        if all(state._leaves[name].shape == shape for name, shape in found.items()):
            return _compiled(own, spec, state, x_next, after)
        shapes |= found
    raise TypeError("the shapes of the optimizer's state change from step to step; return each with one shape")


def _run_rule(
    formula: Formula, own: Formula, spec: StepSpec, shapes: Mapping[str, Shape]
) -> tuple[State, Node, dict[str, Any]]:
    b = own.builder
    state = State(b, shapes, own.x.shape)
    t = Traced(b, b.graph.leaf("time", "t", ()))
    hyper = {name: _hyper_value(b, value) for name, value in spec.hyper}
    wanted = inspect.signature(spec.rule).parameters
    if "wall" in wanted:
        hyper["wall"] = Wall(b, own.dim, spec.boundary) if spec.boundary in KEEPING else None
    if "rng" in wanted:
        hyper["rng"] = Rng(b, Stream.USER)
    grad = Gradient(own, formula, spec.batch, _noise(b, spec.noise, t))
    draws = Draws()
    with tracing():
        result = spec.rule(Traced(b, own.x, is_point=True), grad, state, t, **hyper)
    draws.warn("the optimizer's rule")
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping)):
        refuse("the optimizer's rule must return (new x, dict of new state)", "write return x - lr * grad(x), {}")
    x_next = as_node(b, result[0])
    if x_next.shape != own.x.shape:
        refuse(f"the rule returned x of shape {x_next.shape}, not {own.x.shape}", "return the whole point")
    if "accepted" in result[1] and as_node(b, result[1]["accepted"]).size != 1:
        shape = as_node(b, result[1]["accepted"]).shape
        refuse(f'the rule returned "accepted" of shape {shape}, not one truth value', "use np.all or np.any of it")
    return state, *_kept_inside(b, spec, x_next, dict(result[1]))


def _noise(b: Builder, spec: NoiseSpec | None, t: Traced) -> Noise | None:
    if spec is None:
        return None
    hyper = {name: _hyper_value(b, value) for name, value in spec.hyper}

    def noise(x: Traced, g: Traced, rng: Rng) -> Any:
        return spec.rule(x, g, t, rng, **hyper)

    return noise


def _kept_inside(b: Builder, spec: StepSpec, x_next: Node, after: dict[str, Any]) -> tuple[Node, dict[str, Any]]:
    if spec.boundary not in KEEPING:
        return x_next, after
    x_next, factor = Wall(b, x_next.size, spec.boundary).kept(x_next)
    for name in spec.velocity:
        if name in after:
            after[name] = Traced(b, b.mul(factor, as_node(b, after[name])))
    return x_next, after


def _hyper_value(b: Builder, value: Any) -> Any:
    if isinstance(value, Leaf):
        return Traced(b, b.graph.leaf(value.op, value.name, value.shape))
    return tuple(_hyper_value(b, v) for v in value) if isinstance(value, tuple) else value


def _shape_of(b: Builder, after: Mapping[str, Any], name: str) -> Shape:
    if name not in after:
        refuse(f"the rule reads state.{name} but does not return it", f'return {{..., "{name}": its new value}}')
    return as_node(b, after[name]).shape


def _compiled(own: Formula, spec: StepSpec, state: State, x_next: Node, after: dict[str, Any]) -> StepProgram:
    b = own.builder
    init = dict(spec.init)
    rows = [StateRow("x", own.x, x_next)]
    rows += [StateRow(leaf.attr, leaf, as_node(b, after[name])) for name, leaf in state._leaves.items()]
    initial = [0.0] * own.dim
    initial += [v for name, leaf in state._leaves.items() for v in [init.get(name, 0.0)] * leaf.size]
    tests = [("gradient", own.gradient)]
    if spec.boundary == "clip":
        tests = [("gradient", Wall(b, own.dim, "clip").projected(own.x, own.gradient))]
    if spec.with_fun:
        tests.append(("fun", own.fun))
    if spec.with_ftol or spec.with_xtol:
        accepted = as_node(b, after["accepted"]) if "accepted" in after else b.const(1.0)
        extra = [("moved", b.reshape(accepted, ()))]
        extra += [("previous_fun", own.fun)] if spec.with_ftol else []
        extra += [("previous_x", own.x)] if spec.with_xtol else []
        rows += [StateRow(name, b.graph.leaf("input", f"test.{name}", n.shape), n) for name, n in extra]
        initial += [0.0] * sum(n.size for _, n in extra)
    reduced, at_zero = state_rows(spec.reduce, Point.of(own), x_next)
    rows += reduced
    initial += at_zero
    refuse_too_many_rows(b, [n for _, n in tests], [row.after for row in rows])
    program = compile_step(b, rows, tests)
    spreads_on = spreads(own.gradient, x_next) and spreads(own.x, x_next)
    return StepProgram(program, tuple(np.asarray(initial, dtype=float).tolist()), spreads_on)
