"""From ordered nodes to instructions: rows and operands.

Nothing here changes a value. Rows are handed out where lifetimes allow; pieces of an assembled array are computed in
place; views cost nothing; nodes that only a group reads stand there one strip at a time.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.views import View, c_strides
from fastdescent.program.layout.emit import Code, Place, gathered
from fastdescent.program.layout.row_allocator import RowPool
from fastdescent.program.layout.schedule import Schedule
from fastdescent.program.layout.strip_layout import GroupLayout
from fastdescent.program.layout.strips import Group
from fastdescent.program.opcodes import DRAWS, GATHER, INWARD
from fastdescent.program.section import WIDTH, Section, Slot, Strips

_FOREVER = 1 << 60  #: a position after every instruction


@dataclass(slots=True)
class Register:
    """Rows that hold a computed node; freed after `last`, the position of the last instruction that reads them."""

    offset: int
    size: int
    last: int


class Layout:
    """Lays out one section. Inputs stand first, in the order given; uniform nodes are read where they are."""

    def __init__(self, inputs: Sequence[tuple[str, Node]], uniform: dict[int, int], n_uniform: int) -> None:
        self._uniform, self._n_uniform = uniform, n_uniform
        self.code = Code()
        self._strips: list[Strips] = []
        self.pool = RowPool()
        self._homes: dict[int, tuple[int, View]] = {}  # node -> (owner of its register, view of that register)
        self._registers: dict[int, Register] = {}
        self._ending: list[tuple[int, int]] = []  # a heap of (last, node) of registers that nodes have taken
        slots = []
        for name, node in inputs:
            slots.append(Slot(name, self.pool.take(node.size), node.size))
            self._homes[node.number] = (node.number, View.whole(node.shape))
            self._registers[node.number] = Register(slots[-1].offset, node.size, _FOREVER)
        self._inputs = tuple(slots)
        self._input_numbers = frozenset(self._homes)

    def section(
        self,
        plan: Schedule,
        head: Sequence[tuple[str, Node]],
        tail: Sequence[tuple[str, Node]] = (),
        state: Sequence[Node] = (),
        minus_zero: Node | None = None,
    ) -> Section:
        """`head` outputs are computed before the stop test, `tail` outputs replace the `state` inputs after it.

        `minus_zero` is a uniform number, where the plan has sums that go on.
        """
        self._plan(plan, [n for _, n in head], [n for _, n in tail], state)
        split, position = 0, 0
        saved: dict[int, int] = {}
        outputs: list[Slot] = []
        groups = {group.first: group for group in plan.groups}
        while position <= len(plan.order):
            if position == plan.n_head:
                outputs = [Slot(name, self._output_rows(n), n.size) for name, n in head]
                split = len(self.code.rows)
                saved = self._save_replaced(tail)
            if position in groups:
                group = groups[position]
                self._make_room(group, plan.order)
                zero = None if minus_zero is None else self.place(minus_zero)
                self._strips += GroupLayout(group, plan.order, self.place, self.code, self.pool, zero).emit()
                position = group.stop
                self._release_ending(position - 1)
                continue
            if position < len(plan.order):
                self._compute(plan.order[position], position)
            position += 1
        for (_, node), target in zip(tail, state, strict=True):
            self._replace(node, target, saved)
        code = np.array(self.code.rows, dtype=np.int32).reshape(-1, WIDTH)
        strips, n_rows = tuple(self._strips), self.pool.n_rows
        return Section(code, n_rows, self._n_uniform, self._inputs, tuple(outputs), split, strips)

    # ------------------------------------------------------------------ planning
    def _is_computed(self, node: Node) -> bool:
        return node.op != "view" and node.number not in self._homes and node.number not in self._uniform

    def _plan(self, plan: Schedule, head: list[Node], tail: list[Node], state: Sequence[Node]) -> None:
        """Decides which nodes share a register, which replace state in place, and when registers are last read.

        To what reads it from outside, a group is one instruction, at its end.
        """
        order, n_head = plan.order, plan.n_head
        ends = list(range(len(order)))
        for group in plan.groups:
            ends[group.first : group.stop] = [group.stop - 1] * (group.stop - group.first)
        group_of = {order[k].number: group for group in plan.groups for k in range(group.first, group.stop)}
        self._owner: dict[int, tuple[Node, View]] = {}
        for node in order:
            if node.op == "assemble":
                for piece, (offset, strides) in zip(node.inputs, node.attr, strict=True):
                    self._adopt(piece, node, View(offset, strides, piece.shape))
        self._last: dict[int, int] = {}
        for position, node in zip(ends, order, strict=True):
            self._last[self._root(node)] = position
            for n in node.inputs:
                self._last[self._root(n)] = position
        for n in head:
            self._last[self._root(n)] = max(n_head, self._last.get(self._root(n), 0))
        self._in_place: dict[int, Node] = {}
        positions = {n.number: k for k, n in zip(ends, order, strict=True)}
        for node, target in zip(tail, state, strict=True):
            at = positions.get(node.number, -1)
            self._last[self._root(node)] = len(order)
            free = self._last.get(target.number, -1) < at or (
                self._last.get(target.number) == at
                and node.shape == target.shape
                and self._reads_in_step(node, target)
                and (node.number not in group_of or self._is_read_before(order, group_of[node.number], node, target))
            )
            fresh = node.number not in self._owner and node.number not in self._in_place and node.op != "assemble"
            if at >= n_head and free and fresh:
                self._in_place[node.number] = target

    def _is_read_before(self, order: Sequence[Node], group: Group, node: Node, target: Node) -> bool:
        """Whether in each strip a group has read of the target, before or as it computes a node, what that replaces."""
        reading = [n for n in order[group.first : group.stop] if any(self._root(i) == target.number for i in n.inputs)]
        turns, last = group.family.turns, order.index(node)
        return all(
            order.index(n) <= last
            and n.op not in INWARD
            and n.shape == target.shape
            and turns[n.number] == turns[node.number]
            and all(i is target or self._root(i) != target.number for i in n.inputs)
            for n in reading
        )

    def _adopt(self, piece: Node, owner: Node, view: View) -> None:
        """A computed piece of an assembled array is written straight to its rows there."""
        base, shown = view_of(piece)
        flat = view.apply(lambda a: a.reshape(-1))
        if flat is None or not shown.is_whole or base.size != piece.size:
            return
        if self._is_computed(base) and base.op != "assemble" and base.number not in self._owner:
            strides = tuple(flat.strides[0] * s for s in c_strides(base.shape))
            self._owner[base.number] = (owner, View(flat.offset, strides, base.shape))

    def _root(self, node: Node) -> int:
        """The node whose register holds this node's elements."""
        base = view_of(node)[0]
        return self._owner[base.number][0].number if base.number in self._owner else base.number

    def _reads_in_step(self, node: Node, operand: Node) -> bool:
        """Whether node reads the register of operand row for row only, so that it may be overwritten as it is read."""
        if node.op in INWARD or node.op == "assemble":
            return False
        return all(n is operand or self._root(n) != self._root(operand) for n in node.inputs)

    # ------------------------------------------------------------------ emitting
    def _compute(self, node: Node, position: int) -> None:
        if node.op == "assemble":
            register = self._register(node)
            for piece, (offset, strides) in zip(node.inputs, node.attr, strict=True):
                where = View(register.offset + offset, strides, piece.shape)
                if self.place(piece) != Place(False, where):
                    self.code.add("copy", where, [self.place(piece)])
            self._homes[node.number] = (node.number, View.whole(node.shape))
        else:
            owner, view = self._owner.get(node.number, (node, View.whole(node.shape)))
            operands = [self.place(n) for n in node.inputs]
            if node.op == GATHER:
                operands = gathered(operands, view.shape)
            register = self._register(owner, position if owner is node else -1)
            out = View(register.offset + view.offset, view.strides, view.shape)
            if node.op in DRAWS:
                self.code.draw(node.op, out, operands)
            else:
                self.code.add(node.op, out, operands, node.attr)
            self._homes[node.number] = (owner.number, view)

        self._release_ending(position)

    def _release_ending(self, position: int) -> None:
        while self._ending and self._ending[0][0] <= position:
            self._release(*heapq.heappop(self._ending))

    def _release(self, last: int, number: int) -> None:
        """Gives rows back, unless another node has taken them over."""
        register = self._registers.get(number)
        if register is not None and register.last == last:
            self.pool.give(register.offset, register.size)
            del self._registers[number]

    def _make_room(self, group: Group, order: Sequence[Node]) -> None:
        """Registers for nodes of a group that are read from outside of it."""
        for node in order[group.first : group.stop]:
            if node.number not in group.inside:
                owner, view = self._owner.get(node.number, (node, View.whole(node.shape)))
                self._register(owner)
                self._homes[node.number] = (owner.number, view)

    def _register(self, owner: Node, position: int = -1) -> Register:
        found = self._registers.get(owner.number)
        if found is not None:
            return found
        target = self._in_place.get(owner.number)
        if target is not None:
            found = Register(self._registers[target.number].offset, owner.size, _FOREVER)
        else:
            last = self._last.get(owner.number, position)
            found = self._reused(owner, position, last) or Register(self.pool.take(owner.size), owner.size, last)
        self._registers[owner.number] = found
        heapq.heappush(self._ending, (found.last, owner.number))
        return found

    def _reused(self, node: Node, position: int, last: int) -> Register | None:
        """The register of an operand that dies here and is read row for row."""
        if position < 0:
            return None
        for n in node.inputs:
            register = self._registers.get(self._root(n))
            if (
                register is not None
                and register.last == position
                and register.size == node.size
                and n.op != "view"
                and n.number == self._root(n)
                and self._reads_in_step(node, n)
            ):
                del self._registers[n.number]
                return Register(register.offset, register.size, last)
        return None

    def place(self, node: Node) -> Place:
        base, view = view_of(node)
        if base.number in self._uniform:
            return Place(True, View(self._uniform[base.number] + view.offset, view.strides, view.shape))
        owner, home = self._homes[base.number]
        seen = home.then(view)
        assert seen is not None, "pieces of an assembled array are one-dimensional progressions or copies"
        return Place(False, View(self._registers[owner].offset + seen.offset, seen.strides, seen.shape))

    # ------------------------------------------------------------------ outputs
    def _output_rows(self, node: Node) -> int:
        """First of consecutive rows that hold the node; copied there if it stands elsewhere."""
        place = self.place(node)
        offset = place.view.offset
        if not place.uniform and View(0, place.view.strides, place.view.shape).is_whole:
            return offset
        register = Register(self.pool.take(node.size), node.size, _FOREVER)
        self.code.add("copy", View(register.offset, c_strides(node.shape), node.shape), [place])
        return register.offset

    def _save_replaced(self, tail: Sequence[tuple[str, Node]]) -> dict[int, int]:
        """New state that is a view of old state is put aside before anything is replaced."""
        saved = {}
        for _, node in tail:
            if view_of(node)[0].number in self._input_numbers and node.number not in saved:
                offset = self.pool.take(node.size)
                self.code.add("copy", View(offset, c_strides(node.shape), node.shape), [self.place(node)])
                saved[node.number] = offset
        return saved

    def _replace(self, node: Node, target: Node, saved: dict[int, int]) -> None:
        if self._in_place.get(node.number) is target:
            return
        offset = self._registers[target.number].offset
        place = self.place(node)
        if node.number in saved:
            place = Place(False, View(saved[node.number], c_strides(node.shape), node.shape))
        self.code.add("copy", View(offset, c_strides(node.shape), node.shape), [place])
