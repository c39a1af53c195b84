"""The order in which a section computes its nodes: depth first, so that a value is computed shortly before its use.

Nodes of a strip loop are then moved together (`strips`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node, postorder
from fastdescent.program.layout.strips import StripLoop, with_strip_loops


@dataclass(frozen=True, slots=True)
class Schedule:
    """`order` holds the nodes, views left out: first `n_head` that come before the stop test, then the others."""

    order: tuple[Node, ...]
    n_head: int
    strip_loops: tuple[StripLoop, ...] = ()  #: in order; none goes over the stop test

    @property
    def sums_go_on(self) -> bool:
        """Whether a loop continues sums from strip to strip, and so needs the number -0.0."""
        return any(loop.family.sums for loop in self.strip_loops)

    def completed(self) -> list[int]:
        """For each node, the position at which all of its elements are known: its own, or the end of its loop."""
        positions = list(range(len(self.order)))
        for loop in self.strip_loops:
            positions[loop.first : loop.stop] = [loop.stop - 1] * (loop.stop - loop.first)
        return positions


def schedule(head: Sequence[Node], tail: Sequence[Node], known: Collection[int], strips: bool) -> Schedule:
    """The nodes that `head` and `tail` need beyond those whose numbers are in `known`."""
    order = [n for n in postorder([*head, *tail], known) if n.op != "view"]
    needed = {n.number for n in postorder(head, known)}
    before = [n for n in order if n.number in needed]
    after = [n for n in order if n.number not in needed]
    if not strips:
        return Schedule((*before, *after), len(before))
    readers: dict[int, list[Node]] = {}
    for node in order:
        for n in node.inputs:
            readers.setdefault(view_of(n)[0].number, []).append(node)
    outputs = {view_of(n)[0].number for n in (*head, *tail)}
    before, loops_before = with_strip_loops(before, outputs, readers)
    after, loops_after = with_strip_loops(after, outputs, readers)
    n_head = len(before)
    shifted = (replace(loop, first=loop.first + n_head, stop=loop.stop + n_head) for loop in loops_after)
    return Schedule((*before, *after), n_head, (*loops_before, *shifted))
