"""Decisions: a function that asks `if` of a traced condition is run once for each answer.

A *way* is the answers that one run got, in order. Each run follows a given beginning of a way and answers True from
there on; then the ways that differ in one later answer follow. What the runs returned is a tree of choices:

>>> from fastdescent.program.graph.build import Builder
>>> b = Builder()
>>> x = b.graph.leaf("input", "x", ())
>>> positive = b.elementwise("lt", b.const(0.0), x)
>>> tree = explored(b, lambda decide: x if decide(positive) else b.neg(x))
>>> tree.op, [n.op for n in tree.inputs]
('choose', ['lt', 'input', 'neg'])

A way on which the function raises an error is NaN: there is no value.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from fastdescent._base.errors import TraceError
from fastdescent.program.graph.build import Builder, constant_value
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.session import Decide
from fastdescent.program.trace.source import is_raised_by_user, user_line

_MOST_WAYS = 64
_MOST_NODES = 1 << 20  #: of all ways together
_LONGEST_WAY = 1000  #: answers; a `while` whose condition stays traced never ends


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question on a way."""

    condition: Node
    truth: bool
    line: str  #: of the user's code

    def other(self) -> Answer:
        return Answer(self.condition, not self.truth, self.line)


Way = tuple[Answer, ...]


def explored(b: Builder, run: Callable[[Decide], Node]) -> Node:
    """The value of a function that `run` runs on one way; `choose` nodes at the top, if it asks anything."""
    return _Explorer(b, run).value(())


class _Explorer:
    def __init__(self, b: Builder, run: Callable[[Decide], Node]) -> None:
        self._builder, self._run = b, run
        self._n_ways, self._asked = 0, Counter[str]()
        self._error: Exception | None = None

    def value(self, beginning: Way) -> Node:
        """The value on all ways that begin like this."""
        way, node = self._followed(beginning)
        if not way and self._error is not None:
            raise self._error
        for k in range(len(way) - 1, len(beginning) - 1, -1):
            answer = way[k]
            other = self.value((*way[:k], answer.other()))
            pair = (node, other) if answer.truth else (other, node)
            node = self._builder.choose(answer.condition, *pair)
        if not beginning and self._error is not None and math.isnan(_only_number(node)):
            raise self._error  # on each way
        return node

    def _followed(self, beginning: Way) -> tuple[Way, Node]:
        """One run: the whole way, and its value."""
        self._n_ways += 1
        if self._n_ways > _MOST_WAYS:
            self._refuse(f"takes more than {_MOST_WAYS} ways")
        way: list[Answer] = []
        known: dict[int, bool] = {}

        def decide(asked: Node) -> bool:
            condition, is_contrary = _plain(self._builder, asked)
            return decided(condition) is not is_contrary

        def decided(condition: Node) -> bool:
            if condition.number in known:
                return known[condition.number]
            if len(way) < len(beginning):
                if beginning[len(way)].condition is not condition:
                    self._refuse_change()
                answer = beginning[len(way)]
            else:
                answer = Answer(condition, True, user_line())
                self._asked[answer.line] += 1
            if len(way) == _LONGEST_WAY:
                raise TraceError(f"more than {_LONGEST_WAY} questions were asked of traced values, in {answer.line}; "
                                 "bound the loop, or write np.where(condition, a, b)")  # fmt: skip
            way.append(answer)
            known[condition.number] = answer.truth
            return answer.truth

        try:
            node = self._run(decide)
        except Exception as error:
            if not way or not is_raised_by_user(error):
                raise
            self._error = error
            node = self._builder.const(math.nan)
        if way and len(self._builder.graph) > _MOST_NODES:
            self._refuse(f"has more than {_MOST_NODES} operations on {self._n_ways} ways")
        return tuple(way), node

    def _refuse(self, what: str) -> NoReturn:
        line, n = self._asked.most_common(1)[0]
        raise TraceError(
            f"the function {what}, by the truth of traced values; the line that asks most often, {n} times, is {line}; "
            "write np.where(condition, a, b) there"
        )

    @staticmethod
    def _refuse_change() -> NoReturn:
        raise TraceError(
            "the function does not ask the same questions each time it is called; random numbers, counters and the "
            "like must come from outside, as parameters"
        )


_TRUTHS = ("lt", "le", "eq", "ne")


def _plain(b: Builder, condition: Node) -> tuple[Node, bool]:
    """The condition without comparisons of a truth with 0 or 1, and whether it is its contrary.

    So a truth that is a key of a dictionary, which compares it with others, is asked for once.
    """
    is_contrary = False
    while condition.op in ("eq", "ne"):
        first, second = condition.inputs
        if constant_value(first) is not None:
            first, second = second, first
        value = constant_value(second)
        if value is None or first.shape:
            break
        if first.op not in _TRUTHS or float(value) not in (0.0, 1.0):
            return b.elementwise(condition.op, first, second), is_contrary  # the constant last, as everywhere
        is_contrary ^= (float(value) == 1.0) is (condition.op == "ne")
        condition = first
    return condition, is_contrary


def _only_number(node: Node) -> float:
    """The value of a constant, or of choices that are all this constant; else infinity."""
    if node.value is not None:
        return float(node.value)
    if node.op != "choose":
        return math.inf
    first, second = (_only_number(n) for n in node.inputs[1:])
    return first if first == second or (math.isnan(first) and math.isnan(second)) else math.inf
