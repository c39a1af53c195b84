"""What the stop tests look at: the outputs of a step before its state is replaced, and the rows that they keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fastdescent._base.status import Status
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.layout.stages import StateRow
from fastdescent.program.step.formula import Formula, formula_in_graph
from fastdescent.program.step.spec import StepSpec
from fastdescent.program.step.walls import Wall
from fastdescent.program.trace.operands import as_node

_STEEP = 3e38  #: a component of a gradient, above every gtol; float32 has it


def tested_values(formula: Formula, spec: StepSpec, seen: Mapping[str, Node], stalled: Any) -> list[tuple[str, Node]]:
    """The values that the stop tests look at before the state is replaced.

    `seen` are the nodes that predicates see; `stalled` is the rule's verdict, or None if it gives none.
    """
    slope = _tested_slope(formula, spec)
    values = [("gradient", _steep_at_first(formula.builder, slope) if spec.gtol_waits else slope)]
    if spec.with_fun:
        values.append(("fun", formula.fun))
    b = formula.builder
    conditions = [(status, rule.in_graph(b, seen)) for status, rule in spec.stops]
    if stalled is not None:
        conditions.insert(0, (Status.STALLED, b.reshape(as_node(b, stalled), ())))
    if conditions:
        values.append(("stop", _first_status(b, conditions)))
    return values


def kept_for_tests(formula: Formula, spec: StepSpec, returned: Mapping[str, Any]) -> list[StateRow]:
    """The rows by which tests compare a point with the one before it; `returned` is the rule's new state."""
    if not (spec.with_ftol or spec.keeps_previous_x):
        return []
    b = formula.builder
    accepted = as_node(b, returned["accepted"]) if "accepted" in returned else b.const(1.0)
    after = [("moved", b.reshape(accepted, ()))]
    after += [("previous_fun", formula.fun)] if spec.with_ftol else []
    after += [("previous_x", formula.x)] if spec.keeps_previous_x else []
    return [StateRow(name, b.graph.leaf("input", f"test.{name}", node.shape), node) for name, node in after]


def seen_by_predicates(
    names: Collection[str], formula: Formula, spec: StepSpec, full: Formula, states: Mapping[str, Node],
    before: Mapping[str, Node], t: Node,
) -> dict[str, Node]:  # fmt: skip
    """The operands of predicates that read these names. They see f over all samples, whose formula is `full`.

    `formula` is the step's; `states` are the optimizer's arrays, and `before` the rows of `kept_for_tests`, both as the
    step finds them.
    """
    if not names:
        return {}
    b = formula.builder
    point = formula if spec.batch is None else formula_in_graph(full, b, formula.x)
    values = {"x": formula.x, "fun": point.fun, "t": t, **states}
    if "grad" in names:
        values["grad"] = _tested_slope(point, spec)
    if "x_previous" in names:
        moved = b.broadcast(before["moved"], formula.x.shape)
        values["x_previous"] = b.select(moved, before["previous_x"], formula.x)
    return values


def _tested_slope(formula: Formula, spec: StepSpec) -> Node:
    """The gradient that gtol tests: at walls that clip, without what pushes out."""
    if spec.boundary != "clip":
        return formula.gradient
    return Wall(formula.builder, formula.dim, "clip").projected(formula.x, formula.gradient)


def _steep_at_first(b: Builder, slope: Node) -> Node:
    """The gradient, but that at t = 0 its components are large, unless they are not finite."""
    is_start = b.elementwise("lt", b.graph.leaf("time", "t", ()), b.const(1.0))
    large = b.elementwise("max", b.elementwise("abs", slope), b.const(_STEEP))
    return b.select(b.broadcast(is_start, slope.shape), large, slope)


def _first_status(b: Builder, conditions: Sequence[tuple[Status, Node]]) -> Node:
    """The status of the first condition that holds at the point from which the step starts, else 0."""
    found = b.const(0.0)
    for status, holds in reversed(conditions):
        found = b.select(holds, b.const(float(status)), found)
    return found
