"""The scan: a node that applies one body n times to what it carries.

Step i of n computes carried[i + 1] = body(carried[i], same, each[i]). The body is a graph of its own, held as data, so
that graphs with scans pickle, share equal nodes and can be copied as others can.

A worked example, the logistic map x <- r x (1 - x), 1000 times from x = 0.3:

    body       leaves "carried 0" = x and "same 0" = r; output r x (1 - x)
    inputs     0.3, then r
    elements   1001 numbers: 0.3, and x after each step; the last one is a view of the scan

Invariants:

- The inputs of a scan are what is carried at first, then what is the same at all steps, then arrays whose first axis
  has a row for each step.
- Its elements are one part after the other. A part that is *kept* has n + 1 rows, what is carried before each step and
  at the end; a part that is not has the last of them alone. All parts are kept until the lowering knows what is read.
- The body has no leaves but these, and no scans. What does not depend on the step is computed outside.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.flatten import Record, flatten, rebuild
from fastdescent.program.graph.nodes import SCAN, Node, Shape, identity, reachable
from fastdescent.program.graph.views import View, c_strides


@at_top
@dataclass(frozen=True, eq=False)
class Loop:
    """What a scan does: `n` times the body. `outputs` are positions among `records`, one for each carried array."""

    n: int
    carried: tuple[Shape, ...]
    same: tuple[Shape, ...]
    each: tuple[Shape, ...]  #: without the axis of the steps
    records: tuple[Record, ...]
    outputs: tuple[int, ...]
    kept: tuple[bool, ...]

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        bodies = tuple((identity(r[0]), r[0].shape) if len(r) == 1 else r for r in self.records)
        return self.n, self.carried, self.same, self.each, bodies, self.outputs, self.kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loop) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __reduce__(self) -> tuple[type[Loop], tuple[Any, ...]]:
        return Loop, (self.n, self.carried, self.same, self.each, self.records, self.outputs, self.kept)

    def rows_of(self, part: int) -> int:
        """Of one carried array: for each step and the end, or for the end alone."""
        return self.n + 1 if self.kept[part] else 1

    def offset(self, part: int) -> int:
        """The first element of a part; that of one more part is the number of elements."""
        return sum(self.rows_of(k) * math.prod(self.carried[k]) for k in range(part))

    def part_of(self, view: View) -> int | None:
        """The part that a view of the scan shows elements of; None if there are several."""
        ends = [(n - 1) * s for n, s in zip(view.shape, view.strides, strict=True)]
        low = view.offset + sum(min(end, 0) for end in ends)
        high = view.offset + sum(max(end, 0) for end in ends)
        for part in range(len(self.carried)):
            if self.offset(part) <= low <= high < self.offset(part + 1):
                return part
        return None

    def last(self, part: int) -> int:
        """The first element of what is carried at the end."""
        return self.offset(part + 1) - math.prod(self.carried[part])


@dataclass(slots=True)
class Body:
    """A body in a graph of its own, to which derivatives can be added."""

    b: Builder
    carried: list[Node]
    same: list[Node]
    each: list[Node]
    after: list[Node]  #: what is carried on, in terms of the leaves

    @classmethod
    def of(cls, loop: Loop) -> Body:
        b = Builder()
        after = rebuild(b.graph, loop.records, loop.outputs)
        carried, same, each = (
            [b.graph.leaf("input", f"{name} {k}", shape) for k, shape in enumerate(shapes)]
            for name, shapes in (("carried", loop.carried), ("same", loop.same), ("each", loop.each))
        )
        return cls(b, carried, same, each, after)

    def depends(self, leaves: Sequence[Node]) -> set[int]:
        """The numbers of all nodes of the body that depend on some of its leaves, these included."""
        found = {n.number for n in leaves}
        for n in reachable(self.after):
            if any(i.number in found for i in n.inputs):
                found.add(n.number)
        return found


@functools.lru_cache(maxsize=256)
def readers(loop: Loop) -> tuple[frozenset[int], ...]:
    """For each carried array, those that depend on it a step later."""
    body = Body.of(loop)
    numbers = [body.depends([leaf]) for leaf in body.carried]
    return tuple(frozenset(k for k, n in enumerate(body.after) if n.number in found) for found in numbers)


@dataclass(slots=True)
class Plan:
    """A scan in the making: pairs and triples of nodes of the outer graph and of the body's."""

    n: int
    carried: list[tuple[Node, Node, Node]] = field(default_factory=list)  #: at first; its leaf; what is carried on
    same: list[tuple[Node, Node]] = field(default_factory=list)  #: outside; its leaf
    each: list[tuple[Node, Node]] = field(default_factory=list)  #: outside, a row for each step; its leaf

    def scan(self, b: Builder) -> Scan:
        """The scan in the graph of `b`, without inputs that its body does not read."""
        used = {n.number for n in reachable([after for _, _, after in self.carried])}
        same = [pair for pair in self.same if pair[1].number in used]
        each = [pair for pair in self.each if pair[1].number in used]
        named = {leaf.number: f"carried {k}" for k, (_, leaf, _) in enumerate(self.carried)}
        named |= {leaf.number: f"same {k}" for k, (_, leaf) in enumerate(same)}
        named |= {leaf.number: f"each {k}" for k, (_, leaf) in enumerate(each)}
        records, outputs = flatten([after for _, _, after in self.carried])
        numbers = [n.number for n in reachable([after for _, _, after in self.carried])]
        renamed = tuple(
            record if len(record) == 1 or number not in named else (*record[:3], named[number])
            for number, record in zip(numbers, records, strict=True)
        )
        loop = Loop(
            self.n, tuple(n.shape for n, _, _ in self.carried), tuple(n.shape for _, n in same),
            tuple(n.shape for _, n in each), renamed, tuple(outputs), (True,) * len(self.carried),
        )  # fmt: skip
        inputs = (*(n for n, _, _ in self.carried), *(n for n, _ in same), *(n for n, _ in each))
        return scan_node(b, loop, inputs)


def scan_node(b: Builder, loop: Loop, inputs: Sequence[Node]) -> Scan:
    """The node of a loop."""
    return Scan(b.graph.node(SCAN, tuple(inputs), (loop.offset(len(loop.carried)),), loop))


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan's node, and what it shows."""

    node: Node

    @property
    def loop(self) -> Loop:
        loop: Loop = self.node.attr
        return loop

    @property
    def first(self) -> tuple[Node, ...]:
        """What is carried at first."""
        return self.node.inputs[: len(self.loop.carried)]

    @property
    def same(self) -> tuple[Node, ...]:
        n = len(self.loop.carried)
        return self.node.inputs[n : n + len(self.loop.same)]

    @property
    def each(self) -> tuple[Node, ...]:
        return self.node.inputs[len(self.loop.carried) + len(self.loop.same) :]

    def last(self, b: Builder, part: int) -> Node:
        """What is carried at the end."""
        shape = self.loop.carried[part]
        return b.place(self.node, View(self.loop.last(part), c_strides(shape), shape))

    def before(self, b: Builder, part: int) -> Node:
        """What is carried before each step, (n, ...)."""
        return self._rows(b, part, 0)

    def after(self, b: Builder, part: int) -> Node:
        """What is carried after each step, (n, ...)."""
        return self._rows(b, part, 1)

    def _rows(self, b: Builder, part: int, first: int) -> Node:
        shape = self.loop.carried[part]
        size = math.prod(shape)
        offset = self.loop.offset(part) + first * size
        return b.place(self.node, View(offset, (size, *c_strides(shape)), (self.loop.n, *shape)))
