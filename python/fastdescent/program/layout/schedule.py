"""The order in which a section computes its nodes, depth first, so that a value stands close before its use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node, postorder
from fastdescent.program.layout.strips import Group, arranged


@dataclass(frozen=True, slots=True)
class Schedule:
    """`head` nodes come first, before the stop test; `order` holds them and the others, views left out."""

    order: tuple[Node, ...]
    n_head: int
    groups: tuple[Group, ...] = ()  #: those that run strip by strip, in order

    @property
    def sums_go_on(self) -> bool:
        """Whether sums are begun anew, at -0.0, to which whatever is added stays as it is."""
        return any(group.family.sums for group in self.groups)


def schedule(head: Sequence[Node], tail: Sequence[Node], known: Collection[int], strips: bool) -> Schedule:
    """The nodes that head and tail need beyond those whose numbers are in `known`."""
    order = [n for n in postorder([*head, *tail], known) if n.op != "view"]
    needed = {n.number for n in postorder(head, known)}
    halves = [n for n in order if n.number in needed], [n for n in order if n.number not in needed]
    if not strips:
        return Schedule((*halves[0], *halves[1]), len(halves[0]))
    users: dict[int, list[Node]] = {}
    for node in order:
        for n in node.inputs:
            users.setdefault(view_of(n)[0].number, []).append(node)
    outputs = {view_of(n)[0].number for n in (*head, *tail)}
    (first, before), (second, after) = (arranged(half, outputs, users) for half in halves)
    n_head = len(first)
    moved = (replace(g, first=g.first + n_head, stop=g.stop + n_head) for g in after)
    return Schedule((*first, *second), n_head, (*before, *moved))
