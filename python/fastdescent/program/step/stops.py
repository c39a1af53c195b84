"""A user's stop rule: a predicate of a point and of what led to it, traced into a graph of its own.

Reductions that ask a question of every point hold such predicates, too.

An example: stop once f has fallen below 1/1000 of its slope.

>>> rule = trace_stop_rule(lambda fun, grad: fun < 1e-3 * np.max(np.abs(grad)), dim=2, state_shapes={})
>>> rule.arguments
('fun', 'grad')
>>> rule == trace_stop_rule(lambda grad, fun: fun < 1e-3 * np.max(np.abs(grad)), dim=2, state_shapes={})
True

Rules are equal if their graphs are, so that a lambda that is written anew finds the step that was compiled for an
earlier one. They pickle as their graphs. In a step their operands are copies: a product that f ends with is rounded
before the rule sees it, as it is in results, and never becomes part of an fma of the rule.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import nearest, shown
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.flatten import Record, flatten, rebuild
from fastdescent.program.graph.instantiate import instantiate
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.copies.copies import Copies
from fastdescent.program.trace.global_generators import GlobalGenerators
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

STATE = "state."  #: what the names of the leaves of the optimizer's state begin with
ARGUMENTS = ("x", "fun", "grad", "x_previous", "t", "state")


@at_top
@dataclass(frozen=True, eq=False)
class StopRule:
    """The graph of a predicate, as flat records; its leaves are named as its arguments, and "state.v"."""

    records: tuple[Record, ...]
    output: int

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """Names of the leaves, sorted."""
        return tuple(sorted({record[3] for record in self.records if len(record) > 1 and record[0] == "input"}))

    @property
    def states(self) -> list[tuple[str, Shape]]:
        """Names and shapes of the leaves of the optimizer's state."""
        leaves = [r for r in self.records if len(r) > 1 and r[0] == "input" and r[3].startswith(STATE)]
        return [(name, shape) for _, _, shape, name in leaves]

    @cached_property
    def key(self) -> Hashable:
        """Equal for equal graphs: constants by their bytes."""
        return self.output, tuple(
            record if len(record) > 1 else (record[0].shape, record[0].tobytes()) for record in self.records
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StopRule) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __getstate__(self) -> tuple[tuple[Record, ...], int]:
        return self.records, self.output

    def __setstate__(self, state: tuple[tuple[Record, ...], int]) -> None:
        for name, value in zip(("records", "output"), state, strict=True):
            object.__setattr__(self, name, value)

    def in_graph(self, b: Builder, values: Mapping[str, Node]) -> Node:
        """The predicate in a step's graph: 1 where it holds, else 0."""
        own = Builder()
        (output,) = rebuild(own.graph, self.records, [self.output])
        return b.copy(instantiate(b, output, {name: b.copy(values[name]) for name in self.arguments}))


class _State:
    """The argument `state`: `state.v` is the optimizer's state v before the step."""

    def __init__(self, b: Builder, shapes: Mapping[str, Shape], what: str) -> None:
        self._b, self._shapes, self._what = b, shapes, what

    def __getitem__(self, name: Any) -> Traced:
        refuse(f"{self._what} reads state[{name!r}]", "write state.v for the array v")

    def __getattr__(self, name: str) -> Traced:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._shapes:
            kept = ", ".join(self._shapes) or "nothing"
            refuse(f"{self._what} reads state.{name}; the optimizer keeps {kept}{nearest(name, self._shapes)}",
                   "read what it keeps")  # fmt: skip
        return Traced(self._b, self._b.graph.leaf("input", STATE + name, self._shapes[name]))


def wants_state(function: Callable[..., Any], what: str = "stop_when") -> bool:
    return "state" in _wanted(function, what)


def trace_stop_rule(
    function: Callable[..., Any], dim: int, state_shapes: Mapping[str, Shape], what: str = "stop_when"
) -> StopRule:
    """Runs the function once on tracers; errors call it `what`.

    Raises
    ------
    TypeError
        If it is not callable, has an argument that it cannot be given, or returns anything but one truth value.
    """
    names = _wanted(function, what)
    b = Builder()
    shapes: dict[str, Shape] = {"x": (dim,), "fun": (), "grad": (dim,), "x_previous": (dim,), "t": ()}
    given: dict[str, Any] = {}
    for name in (name for name in ARGUMENTS if name in names):  # whatever the order in which the function has them
        is_state = name == "state"
        given[name] = _State(b, state_shapes, what) if is_state else _leaf(b, name, shapes[name])
    generators = GlobalGenerators()
    with tracing(b):
        result = Copies().stand_in(function)(**given)
    generators.warn_if_used(what)
    is_truth = isinstance(result, bool | np.bool_) or (isinstance(result, Traced) and result.is_bool)
    if result is None or not is_truth:
        refuse(f"{what} must return a truth value", "return a comparison, such as fun < 1e-3")
    node = as_node(b, result)
    if node.size != 1:
        refuse(f"{what} returned shape {node.shape}, not one truth value", "use np.all or np.any of it")
    records, (output,) = flatten([b.reshape(node, ())])
    return StopRule(tuple(records), output)


def _leaf(b: Builder, name: str, shape: Shape) -> Traced:
    return Traced(b, b.graph.leaf("input", name, shape), is_point=name == "x")


def _wanted(function: Any, what: str) -> list[str]:
    """The arguments to be given by name; others must have defaults."""
    if not callable(function):
        raise TypeError(f"{what} must be a function of any of {', '.join(ARGUMENTS)}; got {shown(function)}")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be a function whose arguments can be seen; got {shown(function)}") from None
    names = []
    for p in parameters:
        by_name = p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        if by_name and p.name in ARGUMENTS:
            names.append(p.name)
        elif p.default is p.empty or p.name in ARGUMENTS:
            hint = "; take the / away" if p.name in ARGUMENTS else nearest(p.name, ARGUMENTS)
            raise TypeError(
                f"{what} has an argument {p.name!r}, which it cannot be given; its arguments are any of "
                f"{', '.join(ARGUMENTS)}, by name{hint}"
            )
    return names
