"""From traced outputs to a Program: lower once, split by stage, lay every stage out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastdescent.program.build import Builder, view_of
from fastdescent.program.graph import FloatArray, Node, Stage, identity, postorder
from fastdescent.program.layout import Layout
from fastdescent.program.lower import lower
from fastdescent.program.program import INDEX, Program, Section, Slot, empty_section
from fastdescent.program.schedule import schedule
from fastdescent.program.verify import verify_n_uniform

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
    return _assembled(b, inputs, [(name, n) for (name, _), n in zip(outputs, lowered, strict=True)], (), ())


def compile_step(b: Builder, state: Sequence[StateRow], tests: Named) -> Program:
    """The Program of one step. `tests` are what the stop tests look at, computed before the state is replaced."""
    lowered = lower(b, [*(n for _, n in tests), *(s.after for s in state)])
    head = [(name, n) for (name, _), n in zip(tests, lowered, strict=False)]
    tail = [(s.name, n) for s, n in zip(state, lowered[len(head) :], strict=True)]
    return _assembled(b, [(s.name, s.before) for s in state], head, tail, [s.before for s in state])


def _assembled(b: Builder, inputs: Named, head: Named, tail: Named, state: Sequence[Node]) -> Program:
    roots = [n for _, n in (*head, *tail)]
    constants, crossing = _boundaries(roots)
    leaves = {op: [n for n in postorder(roots) if n.op == op] for op in ("param", "time", "lane", "index")}
    given = (*constants, *itertools.chain(*crossing.values(), *leaves.values()), *(n for _, n in inputs))
    plan = schedule([n for _, n in head], [n for _, n in tail], {n.number for n in given}, strips=True)
    minus_zero = b.const(-0.0) if plan.sums_go_on else None
    if minus_zero is not None and minus_zero not in constants:
        constants.append(minus_zero)
    values, uniform = _placed(constants)
    n_constants = len(values)
    made_of_params = [n for n in crossing[Stage.RUN] if n.op != "param"]
    n_given = _number(leaves["param"], uniform, n_constants)
    verify_n_uniform(n_given + sum(n.size for n in made_of_params))
    setup = _stage((), uniform, n_given, made_of_params)
    n_uniform = _number(made_of_params, uniform, n_given)
    table = _stage(leaves["time"], uniform, n_uniform, crossing[Stage.TIME])
    lanes = _stage(leaves["lane"], uniform, n_uniform, crossing[Stage.LANE])
    rows = [*inputs]
    rows += [(f"lane{k}", n) for k, n in enumerate(crossing[Stage.LANE])]
    rows += [(INDEX, n) for n in leaves["index"]]
    rows += [(f"time{k}", n) for k, n in enumerate(crossing[Stage.TIME])]
    main = Layout(rows, uniform, n_uniform).section(plan, head, tail, state, minus_zero)
    return Program(
        constants=values,
        params=tuple(Slot(n.attr, uniform[n.number], n.size) for n in leaves["param"]),
        setup=setup,
        table=table,
        lanes=lanes,
        main=main,
        state=tuple(Slot(name, main.input(name).offset, n.size) for (name, n) in inputs) if state else (),
    )


def _boundaries(roots: Sequence[Node]) -> tuple[list[Node], dict[Stage, list[Node]]]:
    """Constants that are read, and the values that one stage hands to a later one."""
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


def _placed(constants: Sequence[Node]) -> tuple[FloatArray, dict[int, int]]:
    """All their numbers, and where each stands; arrays that differ in nothing but shape stand in one place."""
    values: list[FloatArray] = [np.zeros(0)]
    uniform: dict[int, int] = {}
    known: dict[bytes, int] = {}
    n = 0
    for node in constants:
        assert node.value is not None
        key = identity(node.value)
        if key not in known:
            known[key] = n
            values.append(node.value.ravel())
            n += node.size
        uniform[node.number] = known[key]
    return np.concatenate(values), uniform


def _number(nodes: Sequence[Node], uniform: dict[int, int], start: int) -> int:
    for n in nodes:
        uniform[n.number] = start
        start += n.size
    return start


def _stage(leaves: Sequence[Node], uniform: dict[int, int], n_uniform: int, outputs: Sequence[Node]) -> Section:
    if not outputs:
        return empty_section(n_uniform)
    inputs = [(str(n.attr), n) for n in leaves]
    known = {number: where for number, where in uniform.items() if number not in {n.number for n in outputs}}
    plan = schedule(outputs, (), {*known, *(n.number for n in leaves)}, strips=False)
    return Layout(inputs, known, n_uniform).section(plan, [(f"value{k}", n) for k, n in enumerate(outputs)])
