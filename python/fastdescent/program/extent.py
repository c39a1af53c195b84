"""Refuses programs whose arrays could not be held, before anything of their size is laid out, verified or allocated."""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent._memory import bytes_of_work, refuse_if_too_large, size_text
from fastdescent.program.build import Builder, view_of
from fastdescent.program.graph import Node, Stage, reachable
from fastdescent.program.lower import lower
from fastdescent.program.schedule import schedule
from fastdescent.program.verify import MOST_ROWS

_SURELY_POSSIBLE = 1 << 22  #: rows; for less nobody asks
_ADVICE = "use a smaller surface, or write it so that no array has so many elements"


def refuse_too_many_rows(b: Builder, head: Sequence[Node], tail: Sequence[Node] = ()) -> None:
    """Raises MemoryError. `head` and `tail` are what a program computes before and after its stop tests."""
    nodes = [n for n in reachable([*head, *tail]) if n.op != "view" and n.value is None]
    if sum(n.size for n in nodes) <= _SURELY_POSSIBLE:
        return
    lowered = lower(b, [*head, *tail])
    n_rows, largest = _least_rows(lowered[: len(head)], lowered[len(head) :])
    what = f"a program of {n_rows} rows, with an array of shape {largest.shape} among them,"
    work = bytes_of_work(n_rows, 1)
    refuse_if_too_large(work, what, _ADVICE)
    if n_rows > MOST_ROWS:
        raise MemoryError(f"{what} would take {size_text(work)}, and has more than {MOST_ROWS} rows; {_ADVICE}")


def _least_rows(head: Sequence[Node], tail: Sequence[Node]) -> tuple[int, Node]:
    """Rows that hold values at the same time, in whatever way they are laid out, and the largest of these values.

    What only a group reads does not count, since it stands there strip by strip; nor do pieces of an assembled array,
    which may stand in it, and new state, which may stand in place of the old one.
    """
    nodes = reachable([*head, *tail])
    early = [n for n in nodes if n.inputs and n.op != "view" and Stage.CONST < n.stage < Stage.STEP]
    plan = schedule(head, tail, {n.number for n in nodes if not n.inputs or n.stage < Stage.STEP}, strips=True)
    ends = list(range(len(plan.order)))
    for group in plan.groups:
        ends[group.first : group.stop] = [group.stop - 1] * (group.stop - group.first)
    last = {_base(n).number: end for node, end in zip(plan.order, ends, strict=True) for n in node.inputs}
    last |= {_base(n).number: len(ends) for n in head}
    elsewhere = {n.number for node in plan.order if node.op == "assemble" for n in map(_base, node.inputs)}
    elsewhere.update(*(group.inside for group in plan.groups), (_base(n).number for n in tail))
    inputs = [n for n in nodes if n.op == "input"]
    alive = most = sum(n.size for n in inputs)
    counted, ending = [*inputs, *early], dict[int, int]()
    for position, (node, end) in enumerate(zip(plan.order, ends, strict=True)):
        if node.number not in elsewhere:
            counted.append(node)
            alive += node.size
            ending[last[node.number]] = ending.get(last[node.number], 0) + node.size
        if position == end:
            alive -= ending.pop(position, 0)
        most = max(most, alive)
    largest = max(counted, key=lambda n: n.size)
    return max(most, largest.size), largest


def _base(node: Node) -> Node:
    return view_of(node)[0]
