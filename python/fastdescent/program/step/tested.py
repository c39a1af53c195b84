"""What the stop tests look at: the outputs of a step before its state is replaced, and the rows that they keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fastdescent._base.status import Status
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.layout.stages import StateRow
from fastdescent.program.step.formula import Formula, formula_in_graph
from fastdescent.program.step.sides import has
from fastdescent.program.step.spec import SPACING, StepSpec
from fastdescent.program.step.treatment import Treatment
from fastdescent.program.step.walls import Wall
from fastdescent.program.trace.operands import as_node

_STEEP = 3e38  #: a component of a gradient, above every gtol; float32 has it


def tested_values(
    formula: Formula, spec: StepSpec, seen: Mapping[str, Node], stalled: Any, treatment: Treatment
) -> list[tuple[str, Node]]:
    """The values that the stop tests look at before the state is replaced.

    `seen` are the nodes that predicates see; `stalled` is the rule's verdict, or None if it gives none.
    """
    slope = _tested_slope(formula, spec, treatment)
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
    if spec.spaced:
        one_step = _since_the_last_step(formula, False, spec.sees_previous_x, returned, "step.")
        return [*one_step, *_since_the_last_check(formula, spec, returned)]
    return _since_the_last_step(formula, spec.with_ftol, spec.with_xtol or spec.sees_previous_x, returned, "")


def _since_the_last_step(
    formula: Formula, with_fun: bool, with_x: bool, returned: Mapping[str, Any], prefix: str
) -> list[StateRow]:
    """What a test of one step needs; names begin with the prefix."""
    if not (with_fun or with_x):
        return []
    b = formula.builder
    after = [("moved", _accepted(b, returned))]
    after += [("previous_fun", formula.fun)] if with_fun else []
    after += [("previous_x", formula.x)] if with_x else []
    return [_kept(b, prefix + name, node) for name, node in after]


def _since_the_last_check(formula: Formula, spec: StepSpec, returned: Mapping[str, Any]) -> list[StateRow]:
    """What stood at the last multiple of the spacing; "moved" is 0 between the multiples.

    With spacing 3 the step at t = 2 sets "moved", so that tests look at t = 3, where "previous_x" is still x_0; that
    step puts x_3 there.
    """
    b = formula.builder
    t, spacing = b.graph.leaf("time", "t", ()), b.graph.leaf("param", SPACING, ())
    since = b.sub(t, b.mul(spacing, b.elementwise("floor", b.div(t, spacing))))
    is_check = b.elementwise("lt", since, b.const(0.5))
    is_next = b.elementwise("lt", b.sub(spacing, since), b.const(1.5))
    rows, moved = [], is_next
    if "accepted" in returned:
        before = b.select(is_check, b.const(0.0), b.graph.leaf("input", "test.accepted", ()))
        accepted = _kept(b, "accepted", b.elementwise("max", _accepted(b, returned), before))
        rows, moved = [accepted], b.select(is_next, accepted.after, b.const(0.0))
    rows.append(_kept(b, "moved", moved))
    now = [("previous_fun", formula.fun)] if spec.with_ftol else []
    now += [("previous_x", formula.x)] if spec.with_xtol else []
    for name, node in now:
        before = b.graph.leaf("input", f"test.{name}", node.shape)
        rows.append(_kept(b, name, b.select(b.broadcast(is_check, node.shape), node, before)))
    return rows


def _accepted(b: Builder, returned: Mapping[str, Any]) -> Node:
    """Whether the rule's step counts as one."""
    return b.reshape(as_node(b, returned["accepted"]) if "accepted" in returned else b.const(1.0), ())


def _kept(b: Builder, name: str, after: Node) -> StateRow:
    return StateRow(name, b.graph.leaf("input", f"test.{name}", after.shape), after)


def seen_by_predicates(
    names: Collection[str], formula: Formula, spec: StepSpec, full: Formula, states: Mapping[str, Node],
    before: Mapping[str, Node], t: Node, treatment: Treatment,
) -> dict[str, Node]:  # fmt: skip
    """The operands of predicates that read these names. They see f over all samples, whose formula is `full`.

    `formula` is the step's; `states` are the optimizer's arrays, and `before` the rows of `kept_for_tests`, both as the
    step finds them.
    """
    if not names:
        return {}
    b = formula.builder
    sees_all = spec.batch is None or not {"fun", "grad"} & set(names)
    point = formula if sees_all else formula_in_graph(full, b, formula.x)
    values = {"x": formula.x, "fun": point.fun, "t": t, **states}
    if "grad" in names:
        values["grad"] = _tested_slope(point, spec, treatment)
    if "x_previous" in names:
        prefix = "step." if spec.spaced else ""
        moved = b.broadcast(before[f"{prefix}moved"], formula.x.shape)
        values["x_previous"] = b.select(moved, before[f"{prefix}previous_x"], formula.x)
    return values


def _tested_slope(formula: Formula, spec: StepSpec, treatment: Treatment) -> Node:
    """The gradient that gtol tests: with L2 decay; at walls that clip, without what pushes out."""
    b, x = formula.builder, formula.x
    slope = treatment.decayed(b, x, formula.gradient)
    return Wall(b, formula.dim, spec.boundary).projected(x, slope) if has(spec.boundary, "clip") else slope


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
