"""Which nodes share rows: decided for a whole section, before any row is allocated.

A *register* is a range of rows that holds one computed array. Three decisions are made here:

- *Roots.* A view has no register of its own, and neither has a piece of an assembled array: a piece is computed right
  where the assembled array has it. The root of a node is the node whose register holds its elements.
- *Last reads.* The register of a root is free after the last position of the schedule that reads it.
- *Replacing in place.* A node that becomes the new value of a state array may be written over the old value, if nothing
  reads the old value later.

A worked example: gradient descent on f = x0^2 + 3 x1^2, that is x_new = x - lr * grad.

    position  node                      root      register's last read    instruction
    0         a = x1 * 3                itself    1                       r2 = r1 * 3
    1         p1 = fma(x1, 3, a)        grad      4                       r4 = r1 * 3 + r2
    2         p0 = x0 + x0              grad      4                       r3 = r0 + r0
    3         grad = (p0, p1)           grad      4                       none
    4         fnma(lr, grad, x)         itself    5, the end              r0:2 = -u1 * r3:5 + r0:2

p0 and p1 are computed in the two rows of grad, so that position 3 copies nothing. x is last read at position 4, row by
row, by the node that replaces it. So the new x is written over the old one, and no copy follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import SCAN, Node
from fastdescent.program.graph.views import View, c_strides
from fastdescent.program.layout.schedule import Schedule
from fastdescent.program.layout.strips import StripLoop
from fastdescent.program.opcodes import INWARD


@dataclass(slots=True)
class RegisterPlan:
    """The decisions. Nodes are named by their numbers."""

    owners: dict[int, tuple[Node, View]] = field(default_factory=dict)  #: piece -> its assembled array, its rows there
    last_read: dict[int, int] = field(default_factory=dict)  #: root -> position
    in_place: dict[int, Node] = field(default_factory=dict)  #: new state -> the old state that it overwrites

    def root(self, node: Node) -> int:
        """The node whose register holds this node's elements."""
        base = view_of(node)[0]
        return self.owners[base.number][0].number if base.number in self.owners else base.number

    def owner(self, node: Node) -> tuple[Node, View]:
        """The root of a computed node, and which rows of that register are the node's."""
        return self.owners.get(node.number, (node, View.whole(node.shape)))

    def may_overwrite(self, node: Node, operand: Node) -> bool:
        """Whether a node, as it is computed, may be written over an operand: each row is read just before."""
        if node.op in INWARD or node.op in ("assemble", SCAN):
            return False
        return all(n is operand or self.root(n) != self.root(operand) for n in node.inputs)


def plan_registers(
    schedule: Schedule, head: Sequence[Node], tail: Sequence[Node], state: Sequence[Node], stored: Callable[[int], bool]
) -> RegisterPlan:
    """`stored` tells of which nodes the elements are given: inputs and uniform numbers."""
    registers = RegisterPlan()
    for node in schedule.order:
        if node.op == "assemble":
            for piece, (offset, strides) in zip(node.inputs, node.attr, strict=True):
                _compute_there(registers, piece, node, View(offset, strides, piece.shape), stored)
    completed = schedule.completed()
    for position, node in zip(completed, schedule.order, strict=True):
        for n in (node, *node.inputs):
            registers.last_read[registers.root(n)] = position
    for n in head:
        root = registers.root(n)
        registers.last_read[root] = max(schedule.n_head, registers.last_read.get(root, 0))
    positions = {n.number: k for k, n in zip(completed, schedule.order, strict=True)}
    for node, old in zip(tail, state, strict=True):
        position = positions.get(node.number, -1)
        registers.last_read[registers.root(node)] = len(schedule.order)
        has_own = node.number not in registers.owners and node.op not in ("assemble", SCAN)
        is_first = node.number not in registers.in_place
        if (
            position >= schedule.n_head
            and has_own
            and is_first
            and _may_replace(registers, schedule, node, old, position)
        ):
            registers.in_place[node.number] = old
    return registers


def _compute_there(
    registers: RegisterPlan, piece: Node, whole: Node, view: View, stored: Callable[[int], bool]
) -> None:
    """A computed piece of an assembled array is written straight to its rows there, if these are one progression."""
    base, shown = view_of(piece)
    flat = view.apply(lambda a: a.reshape(-1))
    if flat is None or not shown.is_whole or base.size != piece.size:
        return
    if base.op not in ("assemble", SCAN) and not stored(base.number) and base.number not in registers.owners:
        strides = tuple(flat.strides[0] * s for s in c_strides(base.shape))
        registers.owners[base.number] = (whole, View(flat.offset, strides, base.shape))


def _may_replace(registers: RegisterPlan, schedule: Schedule, node: Node, old: Node, position: int) -> bool:
    """Whether the old state is not read after the node is written, which is complete at `position`."""
    last = registers.last_read.get(old.number, -1)
    if last != position:
        return last < position
    if node.shape != old.shape or not registers.may_overwrite(node, old):
        return False
    loop = next((s for s in schedule.strip_loops if s.first <= position < s.stop), None)
    return loop is None or _reads_before(registers, schedule.order, loop, node, old)


def _reads_before(registers: RegisterPlan, order: Sequence[Node], loop: StripLoop, node: Node, old: Node) -> bool:
    """Whether each strip reads its samples of the old state, and no others, until it computes the node's."""
    nodes = order[loop.first : loop.stop]
    loop_axes, written = loop.family.loop_axes, order.index(node)
    return all(
        order.index(n) <= written
        and n.op not in INWARD
        and n.shape == old.shape
        and loop_axes[n.number] == loop_axes[node.number]
        and all(i is old or registers.root(i) != old.number for i in n.inputs)
        for n in nodes
        if any(registers.root(i) == old.number for i in n.inputs)
    )
