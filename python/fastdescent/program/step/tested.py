"""What the stop tests look at: the outputs of a step before its state is replaced, and the rows that they keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastdescent._base.status import Status
from fastdescent.program.graph.nodes import Node
from fastdescent.program.layout.stages import StateRow
from fastdescent.program.step.formula import Formula, formula_in_graph
from fastdescent.program.step.spec import StepSpec
from fastdescent.program.step.stops import STATE, StopRule
from fastdescent.program.step.walls import Wall
from fastdescent.program.trace.operands import as_node


def tested_values(
    formula: Formula,
    spec: StepSpec,
    full: Formula,
    states: Mapping[str, Node],
    returned: Mapping[str, Any],
    before: Mapping[str, Node],
) -> list[tuple[str, Node]]:
    """The values that the stop tests look at before the state is replaced.

    `formula` is the step's, `full` that of all samples; `states` are the optimizer's and `before` the rows of
    `kept_for_tests`, as the step finds them; `returned` is what the rule returned.
    """
    values = [("gradient", _tested_slope(formula, spec))]
    if spec.with_fun:
        values.append(("fun", formula.fun))
    b, zero = formula.builder, formula.builder.const(0.0)
    status = zero if spec.stop is None else _stop_status(spec.stop, formula, spec, full, states, before)
    if "stalled" in returned:
        stalled = b.reshape(as_node(b, returned["stalled"]), ())
        status = b.select(stalled, b.const(float(Status.STALLED)), status)
    if status is not zero:
        values.append(("stop", status))
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


def _tested_slope(formula: Formula, spec: StepSpec) -> Node:
    """The gradient that gtol tests: at walls that clip, without what pushes out."""
    if spec.boundary != "clip":
        return formula.gradient
    return Wall(formula.builder, formula.dim, "clip").projected(formula.x, formula.gradient)


def _stop_status(
    rule: StopRule, formula: Formula, spec: StepSpec, full: Formula, states: Mapping[str, Node],
    before: Mapping[str, Node],
) -> Node:  # fmt: skip
    """The status of a trajectory whose stop rule holds at the point from which the step starts, else 0.

    The rule sees f over all samples.
    """
    b = formula.builder
    seen = formula if spec.batch is None else formula_in_graph(full, b, formula.x)
    values = {"x": formula.x, "fun": seen.fun, "t": b.graph.leaf("time", "t", ())}
    values |= {STATE + name: leaf for name, leaf in states.items()}
    if "grad" in rule.arguments:
        values["grad"] = _tested_slope(seen, spec)
    if "x_previous" in rule.arguments:
        moved = b.broadcast(before["moved"], formula.x.shape)
        values["x_previous"] = b.select(moved, before["previous_x"], formula.x)
    return b.select(rule.in_graph(b, values), b.const(float(Status.STOPPED)), b.const(0.0))
