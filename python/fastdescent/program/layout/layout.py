"""From a schedule to a section: rows for every node, and instructions.

Nothing here changes a value. Rows are used again as soon as `registers` allows. Pieces of an assembled array are
computed in place. Views cost nothing. Nodes that are internal to a strip loop are stored one strip at a time.

A worked example: f(x, y) = (x + y)^2 + x, scheduled as add, fma.

    in   x = r0, y = r1
    r2 = r0 + r1
    r2 = r2 * r2 + r0                   fma overwrites its operand, which nothing reads later
    out  fun = r2

Invariants:

- Inputs are stored first, in the order given, and keep their rows until the section ends. Only a new state replaces
  them.
- Each row is written before it is read; an instruction overwrites a row of its operand only as it reads that row.
- An output occupies consecutive rows. Outputs before the stop test are complete at `split`.
- The state is replaced last: in place by the last instruction that reads the old state, or by copies at the end. New
  state that is a view of old state is saved before.
"""

from __future__ import annotations

import functools
import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import SCAN, Node
from fastdescent.program.graph.scan.loop import Body, Loop
from fastdescent.program.graph.views import View, c_strides
from fastdescent.program.layout.emit import InstructionList, Place, gather_operands
from fastdescent.program.layout.registers import plan_registers
from fastdescent.program.layout.row_allocator import RowAllocator
from fastdescent.program.layout.scan_layout import ScanLayout
from fastdescent.program.layout.schedule import Schedule, schedule
from fastdescent.program.layout.strip_layout import StripLoopLayout, Surroundings
from fastdescent.program.layout.strips import StripLoop
from fastdescent.program.opcodes import DRAWS, GATHER
from fastdescent.program.section import WIDTH, Section, Slot, Strips

_END = 1 << 60  #: a position after every instruction


@dataclass(slots=True)
class Register:
    """Rows that hold one computed array; free after position `last_read` of the schedule."""

    offset: int
    size: int
    last_read: int


class Layout:
    """Lays out one section. `uniform` gives the first uniform number of each node that is stored among these."""

    def __init__(self, inputs: Sequence[tuple[str, Node]], uniform: dict[int, int], n_uniform: int) -> None:
        self._uniform, self._n_uniform = uniform, n_uniform
        self._instructions = InstructionList()
        self._strips: list[Strips] = []
        self._rows = RowAllocator()
        self._stored_in: dict[int, tuple[int, View]] = {}  # node -> (root, view of the root's register)
        self._registers: dict[int, Register] = {}  # root -> its register
        self._last_reads: list[tuple[int, int]] = []  # a heap of (last read, root) of registers in use
        slots = []
        for name, node in inputs:
            slots.append(Slot(name, self._rows.allocate(node.size), node.size))
            self._stored_in[node.number] = (node.number, View.whole(node.shape))
            self._registers[node.number] = Register(slots[-1].offset, node.size, _END)
        self._inputs = tuple(slots)
        self._input_numbers = frozenset(self._stored_in)

    def section(
        self,
        schedule: Schedule,
        head: Sequence[tuple[str, Node]],
        tail: Sequence[tuple[str, Node]] = (),
        state: Sequence[Node] = (),
        minus_zero: Node | None = None,
    ) -> Section:
        """`head` outputs are computed before the stop test, `tail` outputs replace the `state` inputs after it.

        `minus_zero` is a uniform number, needed if the schedule has sums that go on.
        """
        self._register_plan = plan_registers(
            schedule, [n for _, n in head], [n for _, n in tail], state, self._is_stored
        )
        split, position = 0, 0
        saved: dict[int, int] = {}
        outputs: list[Slot] = []
        loops = {loop.first: loop for loop in schedule.strip_loops}
        while position <= len(schedule.order):
            if position == schedule.n_head:
                outputs = [Slot(name, self._output_rows(n), n.size) for name, n in head]
                split = len(self._instructions)
                saved = self._save_replaced(tail)
            if position in loops:
                self._add_loop(loops[position], schedule.order, minus_zero)
                position = loops[position].stop
            else:
                if position < len(schedule.order):
                    self._compute(schedule.order[position], position)
                position += 1
        for (_, node), old in zip(tail, state, strict=True):
            self._replace(node, old, saved)
        code = np.array(self._instructions.instructions, dtype=np.int32).reshape(-1, WIDTH)
        strips, n_rows = tuple(self._strips), self._rows.n_rows
        return Section(code, n_rows, self._n_uniform, self._inputs, tuple(outputs), split, strips)

    def _is_stored(self, number: int) -> bool:
        """Whether rows or uniform numbers hold a node already."""
        return number in self._stored_in or number in self._uniform

    def _place(self, node: Node) -> Place:
        """Where the elements of a node lie now."""
        base, view = view_of(node)
        if base.number in self._uniform:
            return Place(True, View(self._uniform[base.number] + view.offset, view.strides, view.shape))
        root, rows = self._stored_in[base.number]
        seen = rows.then(view)
        assert seen is not None, "pieces of an assembled array are one-dimensional progressions or copies"
        return Place(False, View(self._registers[root].offset + seen.offset, seen.strides, seen.shape))

    def _compute(self, node: Node, position: int) -> None:
        if node.op == "assemble":
            self._assemble(node)
        elif node.op == SCAN:
            self._scan(node)
        else:
            root, view = self._register_plan.owner(node)
            operands = [self._place(n) for n in node.inputs]
            if node.op == GATHER:
                operands = gather_operands(operands, view.shape)
            register = self._operand_register(node, position) if root is node else None
            register = register or self._register(root)
            out = View(register.offset + view.offset, view.strides, view.shape)
            if node.op in DRAWS:
                self._instructions.add_draw(node.op, out, operands)
            else:
                self._instructions.add(node.op, out, operands, node.attr)
            self._stored_in[node.number] = (root.number, view)
        self._free_until(position)

    def _assemble(self, node: Node) -> None:
        """Copies the pieces that were not computed in the rows of the assembled array."""
        register = self._register(node)
        for piece, (offset, strides) in zip(node.inputs, node.attr, strict=True):
            rows = View(register.offset + offset, strides, piece.shape)
            if self._place(piece) != Place(False, rows):
                self._instructions.add("copy", rows, [self._place(piece)])
        self._stored_in[node.number] = (node.number, View.whole(node.shape))

    def _scan(self, node: Node) -> None:
        """Adds the loop of a scan."""
        out = self._register(node).offset
        self._stored_in[node.number] = (node.number, View.whole(node.shape))
        layout = ScanLayout(node, out, self._place, self._instructions, self._rows)
        self._strips.append(layout.emit(_body_section))

    def _add_loop(self, loop: StripLoop, order: Sequence[Node], minus_zero: Node | None) -> None:
        """Allocates registers for the nodes that are not internal; then adds the loop's instructions."""
        for node in order[loop.first : loop.stop]:
            if node.number not in loop.internal:
                root, view = self._register_plan.owner(node)
                self._register(root)
                self._stored_in[node.number] = (root.number, view)
        zero = None if minus_zero is None else self._place(minus_zero)
        around = Surroundings(self._place, self._instructions, self._rows, zero)
        self._strips += StripLoopLayout(loop, order, around).emit()
        self._free_until(loop.stop - 1)

    def _register(self, root: Node) -> Register:
        """The register of a root; allocated if it has none."""
        found = self._registers.get(root.number)
        if found is not None:
            return found
        old = self._register_plan.in_place.get(root.number)
        if old is not None:
            found = Register(self._registers[old.number].offset, root.size, _END)
        else:
            found = Register(self._rows.allocate(root.size), root.size, self._register_plan.last_read[root.number])
        return self._add_register(root, found)

    def _operand_register(self, node: Node, position: int) -> Register | None:
        """The register of an operand, for the node that overwrites it, if that is the last to read it."""
        if node.number in self._registers or node.number in self._register_plan.in_place:
            return None
        for n in node.inputs:
            register = self._registers.get(n.number)
            if (
                register is not None
                and register.last_read == position
                and register.size == node.size
                and self._register_plan.may_overwrite(node, n)
            ):
                del self._registers[n.number]
                last_read = self._register_plan.last_read[node.number]
                return self._add_register(node, Register(register.offset, register.size, last_read))
        return None

    def _add_register(self, root: Node, register: Register) -> Register:
        self._registers[root.number] = register
        heapq.heappush(self._last_reads, (register.last_read, root.number))
        return register

    def _free_until(self, position: int) -> None:
        """Frees registers that nothing reads after this position, unless another node has taken them over."""
        while self._last_reads and self._last_reads[0][0] <= position:
            last_read, root = heapq.heappop(self._last_reads)
            register = self._registers.get(root)
            if register is not None and register.last_read == last_read:
                self._rows.free(register.offset, register.size)
                del self._registers[root]

    def _output_rows(self, node: Node) -> int:
        """First of consecutive rows that hold the node; copied there if its elements lie otherwise."""
        place = self._place(node)
        if not place.uniform and View(0, place.view.strides, place.view.shape).is_whole:
            return place.view.offset
        return self._copy_to_new_rows(node)

    def _save_replaced(self, tail: Sequence[tuple[str, Node]]) -> dict[int, int]:
        """Copies new state that is a view of old state before anything is replaced: node -> first row of the copy."""
        saved: dict[int, int] = {}
        for _, node in tail:
            if view_of(node)[0].number in self._input_numbers and node.number not in saved:
                saved[node.number] = self._copy_to_new_rows(node)
        return saved

    def _copy_to_new_rows(self, node: Node) -> int:
        place, offset = self._place(node), self._rows.allocate(node.size)
        self._instructions.add("copy", View(offset, c_strides(node.shape), node.shape), [place])
        return offset

    def _replace(self, node: Node, old: Node, saved: dict[int, int]) -> None:
        """Copies new state to the rows of the old state, unless it was computed there."""
        if self._register_plan.in_place.get(node.number) is old:
            return
        place = self._place(node)
        if node.number in saved:
            place = Place(False, View(saved[node.number], c_strides(node.shape), node.shape))
        new = View(self._registers[old.number].offset, c_strides(node.shape), node.shape)
        self._instructions.add("copy", new, [place])


@functools.lru_cache(maxsize=256)
def _body_section(loop: Loop) -> Section:
    """The body of a scan as a section by itself, a step whose state is what is carried."""
    body = Body.of(loop)
    leaves = [*body.carried, *body.same, *body.each]
    names = [f"state{k}" for k in range(len(body.after))]
    scheduled = schedule((), body.after, {n.number for n in leaves}, strips=False)
    layout = Layout([(str(n.attr), n) for n in leaves], {}, 0)
    return layout.section(scheduled, (), list(zip(names, body.after, strict=True)), body.carried)
