"""Reductions in Programs: their rows in a step's state, and the end Program that gives the results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, reachable
from fastdescent.program.layout.extent import refuse_too_many_rows
from fastdescent.program.layout.stages import StateRow, compile_function
from fastdescent.program.program import Program
from fastdescent.program.step.formula import Formula, copy_of
from fastdescent.program.step.reductions import Kept, Move, Point, Reduction
from fastdescent.program.step.spec import StepSpec
from fastdescent.program.step.tested import seen_by_predicates
from fastdescent.program.step.treatment import DECAY, Treatment
from fastdescent.program.trace.tracer import Traced


def reduction_rows(reductions: Sequence[Reduction], move: Move) -> tuple[list[StateRow], list[float]]:
    """The reductions' arrays before and after a step, and their numbers at t = 0."""
    rows: list[StateRow] = []
    initial: list[float] = []
    for k, reduction in enumerate(reductions):
        arrays = reduction.initial(move.start.x.size)
        before = _leaves(move.start.b, k, arrays)
        after = reduction.after(before, move)
        rows += [StateRow(old.attr, old, new) for old, new in zip(before, after, strict=True)]
        for shape, values in arrays:
            initial += np.broadcast_to(values, shape).ravel().tolist()
    return rows, initial


def end_program(formula: Formula, spec: StepSpec) -> Program:
    """The end Program: from the last x, the state's rows that are read, t and the count of points to results by name.

    Its inputs have the names of the state's rows, and `DECAY`, the weight of L2 decay for each coordinate.
    """
    own = copy_of(formula)
    b = own.builder
    count = b.graph.leaf("input", "count", ())
    weights = Traced(b, b.graph.leaf("input", DECAY, own.x.shape)) if spec.treatment.decays else 0.0
    treatment = Treatment(weight_decay=weights)
    end = Point.of(own, _seen_at_the_end(own, spec, treatment), treatment)
    outputs = []
    for k, reduction in enumerate(spec.reduce):
        keep = _leaves(b, k, reduction.initial(own.dim))
        outputs.append((reduction.name, reduction.result(keep, end, count)))
    refuse_too_many_rows(b, [n for _, n in outputs])
    read = [n for n in reachable([n for _, n in outputs]) if n.op == "input" and n is not own.x]
    return compile_function(b, [("x", own.x), *((leaf.attr, leaf) for leaf in read)], outputs)


def _seen_at_the_end(own: Formula, spec: StepSpec, treatment: Treatment) -> dict[str, Node]:
    """The operands of predicates, from leaves that are named as the rows of the state."""
    graph, names = own.builder.graph, {name for rule in spec.predicates for name in rule.arguments}
    prefix = "step." if spec.spaced else ""
    shapes = {f"{prefix}moved": (), f"{prefix}previous_x": own.x.shape}
    before = {name: graph.leaf("input", name, shape) for name, shape in shapes.items()}
    states = {n: graph.leaf("input", n, s) for rule in spec.predicates for n, s in rule.states}
    return seen_by_predicates(names, own, spec, own, states, before, graph.leaf("input", "t", ()), treatment)


def _leaves(b: Builder, k: int, arrays: Sequence[Kept]) -> list[Node]:
    return [b.graph.leaf("input", f"reduce{k}.{j}", shape) for j, (shape, _) in enumerate(arrays)]
