"""Refuses programs whose arrays are too large to be held, before anything of their size is built.

The test is a lower bound on the rows of a program, from the lifetimes of its arrays alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent._base.memory import bytes_of_work, refuse_if_too_large, size_text
from fastdescent.program.graph.build import Builder, view_of
from fastdescent.program.graph.lower import lower
from fastdescent.program.graph.nodes import Node, Stage, reachable
from fastdescent.program.layout.schedule import Schedule, schedule
from fastdescent.program.verify.program import MOST_ROWS

_NEVER_TOO_MANY = 1 << 22  #: rows; smaller programs are not examined
_ADVICE = "use a smaller surface, or write it so that no array has so many elements"


def refuse_too_many_rows(b: Builder, head: Sequence[Node], tail: Sequence[Node] = ()) -> None:
    """Raises MemoryError. `head` and `tail` are what a program computes before and after its stop tests."""
    nodes = [n for n in reachable([*head, *tail]) if n.op != "view" and n.value is None]
    if sum(n.size for n in nodes) <= _NEVER_TOO_MANY:
        return
    lowered = lower(b, [*head, *tail])
    n_rows, largest = _least_rows(lowered[: len(head)], lowered[len(head) :])
    what = f"a program of {n_rows} rows, with an array of shape {largest.shape} among them,"
    work = bytes_of_work(n_rows, 1)
    refuse_if_too_large(work, what, _ADVICE)
    if n_rows > MOST_ROWS:
        raise MemoryError(f"{what} would take {size_text(work)}, and has more than {MOST_ROWS} rows; {_ADVICE}")


def _least_rows(head: Sequence[Node], tail: Sequence[Node]) -> tuple[int, Node]:
    """The rows that hold values at the same time, in any layout; and the largest array among them."""
    nodes = reachable([*head, *tail])
    stored = {n.number for n in nodes if not n.inputs or n.stage < Stage.STEP}
    early = [n for n in nodes if n.inputs and n.op != "view" and Stage.CONST < n.stage < Stage.STEP]
    scheduled = schedule(head, tail, stored, strips=True)
    completed = scheduled.completed()
    last_read = {_base(n).number: at for node, at in zip(scheduled.order, completed, strict=True) for n in node.inputs}
    last_read |= {_base(n).number: len(completed) for n in head}
    free = _need_no_rows(scheduled, tail)
    inputs = [n for n in nodes if n.op == "input"]
    in_use = most = sum(n.size for n in inputs)
    counted, ending = [*inputs, *early], dict[int, int]()  # position -> rows that are last read there
    for position, (node, end) in enumerate(zip(scheduled.order, completed, strict=True)):
        if node.number not in free:
            counted.append(node)
            in_use += node.size
            ending[last_read[node.number]] = ending.get(last_read[node.number], 0) + node.size
        if position == end:
            in_use -= ending.pop(position, 0)
        most = max(most, in_use)
    largest = max(counted, key=lambda n: n.size)
    return max(most, largest.size), largest


def _need_no_rows(scheduled: Schedule, tail: Sequence[Node]) -> set[int]:
    """Nodes that may take no rows of their own.

    Internal nodes of a strip loop are stored one strip at a time. Pieces of an assembled array may be computed in its
    rows, and new state in the rows of the old state.
    """
    pieces = {n.number for node in scheduled.order if node.op == "assemble" for n in map(_base, node.inputs)}
    return pieces.union(*(loop.internal for loop in scheduled.strip_loops), (_base(n).number for n in tail))


def _base(node: Node) -> Node:
    return view_of(node)[0]
