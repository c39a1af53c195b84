"""Tracing an optimizer's rule: x, the gradient, the state and t become the nodes of one step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent.program.build import Builder
from fastdescent.program.compile import StateRow, compile_step
from fastdescent.program.differentiate import directional, gradient
from fastdescent.program.draws import Draws
from fastdescent.program.formula import POINT, Formula, fresh
from fastdescent.program.graph import Node, Shape
from fastdescent.program.instantiate import instantiate
from fastdescent.program.program import Program
from fastdescent.program.reductions import Point, Reduction, state_rows
from fastdescent.program.source import refuse
from fastdescent.program.spread import spreads
from fastdescent.program.trace import Traced, as_node
from fastdescent.program.walls import KEEPING, Wall

#: The parameter that every run supplies for `grad.resolution`.
RESOLUTION = "dtype.resolution"

Rule = Callable[..., tuple[Any, Mapping[str, Any]]]


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


class Gradient:
    """grad(x), grad.fun(x) and grad.hvp(x, v) inside a rule; grad.resolution is the dtype's relative spacing."""

    def __init__(self, formula: Formula) -> None:
        self._formula = formula
        self._at = {formula.x.number: (formula.fun, formula.gradient)}
        b, params = formula.builder, formula.params
        self._params = {name: b.graph.leaf("param", name, shape) for name, shape in params.items()}

    def _value_and_gradient(self, x: Any) -> tuple[Node, Node]:
        b = self._formula.builder
        node = b.broadcast(as_node(b, x), self._formula.x.shape)
        if node.number not in self._at:
            fun = instantiate(b, self._formula.fun, {**self._params, POINT: node})
            self._at[node.number] = fun, gradient(b, fun, node)
        return self._at[node.number]

    def __call__(self, x: Any) -> Traced:
        return Traced(self._formula.builder, self._value_and_gradient(x)[1])

    @property
    def resolution(self) -> Traced:
        """2**-52 in float64, 2**-23 in float32."""
        b = self._formula.builder
        return Traced(b, b.graph.leaf("param", RESOLUTION, ()))

    def fun(self, x: Any) -> Traced:
        """f(x)."""
        return Traced(self._formula.builder, self._value_and_gradient(x)[0])

    def hvp(self, x: Any, v: Any) -> Traced:
        """The Hessian at x times v."""
        b = self._formula.builder
        node = b.broadcast(as_node(b, x), self._formula.x.shape)
        direction = b.broadcast(as_node(b, v), self._formula.x.shape)
        return Traced(b, directional(b, self._value_and_gradient(x)[1], node, direction))


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
        own = fresh(formula)
        state, x_next, after = _run_rule(own, spec, shapes)
        found = {name: _shape_of(own.builder, after, name) for name in state._leaves}
        unknown = [name for name, _ in spec.init if name not in state._leaves]
        if unknown:
            raise ValueError(f"init names {unknown[0]!r}, but the rule reads no state.{unknown[0]}")
        if all(state._leaves[name].shape == shape for name, shape in found.items()):
            return _compiled(own, spec, state, x_next, after)
        shapes |= found
    raise TypeError("the shapes of the optimizer's state change from step to step; return each with one shape")


def _run_rule(own: Formula, spec: StepSpec, shapes: Mapping[str, Shape]) -> tuple[State, Node, dict[str, Any]]:
    b = own.builder
    state = State(b, shapes, own.x.shape)
    t = Traced(b, b.graph.leaf("time", "t", ()))
    hyper = {name: _hyper_value(b, value) for name, value in spec.hyper}
    if "wall" in inspect.signature(spec.rule).parameters:
        hyper["wall"] = Wall(b, own.dim, spec.boundary) if spec.boundary in KEEPING else None
    draws = Draws()
    result = spec.rule(Traced(b, own.x, is_point=True), Gradient(own), state, t, **hyper)
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
    program = compile_step(b, rows, tests)
    spreads_on = spreads(own.gradient, x_next) and spreads(own.x, x_next)
    return StepProgram(program, tuple(np.asarray(initial, dtype=float).tolist()), spreads_on)
