"""From traced outputs to a Program: lower once, split by stage, lay every stage out.

A worked example: the step x - 2 lr x^t, with a parameter lr and the step number t.

    section   computes                  how often
    setup     u2 = lr * 2               once per run
    table     nothing                   once per t; a schedule of lr would be computed here
    lanes     nothing                   once per trajectory; one lr per trajectory would be read here
    main      x = -u2 * pow(x, t) + x   every step

A value *crosses* if one stage computes it and a later one reads it. It is an output of its section. `main` has it as an
input or, if `setup` computes it, as a uniform number.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.lower import lower
from fastdescent.program.graph.nodes import FloatArray, Node, Stage, identity, postorder
from fastdescent.program.layout.layout import Layout
from fastdescent.program.layout.schedule import schedule
from fastdescent.program.program import Program
from fastdescent.program.section import INDEX, Section, Slot, empty_section
from fastdescent.program.verify.program import verify_n_uniform

Named = Sequence[tuple[str, Node]]


@dataclass(frozen=True, slots=True)
class StateRow:
    """One array of an optimizer's state: its value before the step and after it."""

    name: str
    before: Node
    after: Node


def compile_function(b: Builder, inputs: Named, outputs: Named) -> Program:
    """The Program that evaluates `outputs` at `inputs`."""
    lowered = lower(b, [n for _, n in outputs])
    return _program(b, inputs, [(name, n) for (name, _), n in zip(outputs, lowered, strict=True)], (), ())


def compile_step(b: Builder, state: Sequence[StateRow], tests: Named) -> Program:
    """The Program of one step. `tests` are the values that stop tests read, computed before the state is replaced."""
    lowered = lower(b, [*(n for _, n in tests), *(s.after for s in state)])
    head = [(name, n) for (name, _), n in zip(tests, lowered, strict=False)]
    tail = [(s.name, n) for s, n in zip(state, lowered[len(head) :], strict=True)]
    return _program(b, [(s.name, s.before) for s in state], head, tail, [s.before for s in state])


def _program(b: Builder, inputs: Named, head: Named, tail: Named, state: Sequence[Node]) -> Program:
    roots = [n for _, n in (*head, *tail)]
    constants, crossing = _boundaries(roots)
    leaves = {op: [n for n in postorder(roots) if n.op == op] for op in ("param", "time", "lane", "index")}
    given = (*constants, *itertools.chain(*crossing.values(), *leaves.values()), *(n for _, n in inputs))
    scheduled = schedule([n for _, n in head], [n for _, n in tail], {n.number for n in given}, strips=True)
    minus_zero = b.const(-0.0) if scheduled.sums_go_on else None
    if minus_zero is not None and minus_zero not in constants:
        constants.append(minus_zero)
    numbers, uniform = _stored_constants(constants)
    n_constants = len(numbers)
    of_params = [n for n in crossing[Stage.RUN] if n.op != "param"]
    n_given = _store(leaves["param"], uniform, n_constants)
    verify_n_uniform(n_given + sum(n.size for n in of_params))
    setup = _early_section((), uniform, n_given, of_params)
    n_uniform = _store(of_params, uniform, n_given)
    table = _early_section(leaves["time"], uniform, n_uniform, crossing[Stage.TIME])
    lanes = _early_section(leaves["lane"], uniform, n_uniform, crossing[Stage.LANE])
    main_inputs = [*inputs]
    main_inputs += [(f"lane{k}", n) for k, n in enumerate(crossing[Stage.LANE])]
    main_inputs += [(INDEX, n) for n in leaves["index"]]
    main_inputs += [(f"time{k}", n) for k, n in enumerate(crossing[Stage.TIME])]
    main = Layout(main_inputs, uniform, n_uniform).section(scheduled, head, tail, state, minus_zero)
    return Program(
        constants=numbers,
        params=tuple(Slot(n.attr, uniform[n.number], n.size) for n in leaves["param"]),
        setup=setup,
        table=table,
        lanes=lanes,
        main=main,
        state=tuple(Slot(name, main.input(name).offset, n.size) for (name, n) in inputs) if state else (),
    )


def _boundaries(roots: Sequence[Node]) -> tuple[list[Node], dict[Stage, list[Node]]]:
    """Constants that are read, and the nodes of each earlier stage that a later one reads."""
    constants: dict[int, Node] = {}
    crossing: dict[Stage, dict[int, Node]] = {s: {} for s in (Stage.RUN, Stage.TIME, Stage.LANE)}
    reads = [(n.stage, view_of(i)[0]) for n in postorder(roots) if n.op != "view" for i in n.inputs]
    reads += [(Stage.STEP, view_of(n)[0]) for n in roots]
    for stage, read in reads:
        if read.stage == Stage.CONST:
            constants[read.number] = read
        elif read.stage != stage:
            crossing[read.stage][read.number] = read
    return list(constants.values()), {s: list(found.values()) for s, found in crossing.items()}


def _stored_constants(constants: Sequence[Node]) -> tuple[FloatArray, dict[int, int]]:
    """All numbers, and the first one of each node. Arrays that differ in shape alone share their numbers."""
    values: list[FloatArray] = [np.zeros(0)]
    uniform: dict[int, int] = {}
    first: dict[bytes, int] = {}
    n = 0
    for node in constants:
        assert node.value is not None
        key = identity(node.value)
        if key not in first:
            first[key] = n
            values.append(node.value.ravel())
            n += node.size
        uniform[node.number] = first[key]
    return np.concatenate(values), uniform


def _store(nodes: Sequence[Node], uniform: dict[int, int], n_uniform: int) -> int:
    """Appends nodes to the uniform numbers; returns how many there are then."""
    for n in nodes:
        uniform[n.number] = n_uniform
        n_uniform += n.size
    return n_uniform


def _early_section(leaves: Sequence[Node], uniform: dict[int, int], n_uniform: int, outputs: Sequence[Node]) -> Section:
    """A section that runs before `main`."""
    if not outputs:
        return empty_section(n_uniform)
    inputs = [(str(n.attr), n) for n in leaves]
    computed = {n.number for n in outputs}
    known = {number: first for number, first in uniform.items() if number not in computed}
    scheduled = schedule(outputs, (), {*known, *(n.number for n in leaves)}, strips=False)
    return Layout(inputs, known, n_uniform).section(scheduled, [(f"value{k}", n) for k, n in enumerate(outputs)])
