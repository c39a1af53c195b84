"""Where the nodes inside a group stand: side by side in a chunk of rows as long as one strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.views import View
from fastdescent.program.layout.row_allocator import RowPool
from fastdescent.program.layout.strips import Group, within_row
from fastdescent.program.opcodes import INWARD

#: Rows of a chunk, of a vector each: what stays in the first cache or, where strips would be too short, in the second.
_STRIP_ROWS, _MOST_STRIP_ROWS = 768, 8192
_FEWEST, _MOST = 16, 128  #: rows of data in a strip


@dataclass(frozen=True, slots=True)
class Chunk:
    """`length` rows of data for each node; element 0 of a node's first row stands at `starts[node] * length`."""

    group: Group
    length: int  #: rows of data in a strip
    widths: dict[int, int]  #: of a node inside: from one row of data to the next
    starts: dict[int, int]
    n_rows: int

    def place(self, base: Node, view: View, turn: int, length: int) -> View:
        """A view of a node inside whose axis `turn` runs along rows of data, cut to `length` of them."""
        family, width = self.group.family, self.widths[base.number]
        seen = within_row(view, turn, base.shape, family.axis(base), width)
        assert seen is not None, "members read each other row by row"
        return View(self.starts[base.number] * self.length + seen.offset, seen.strides, cut(seen.shape, turn, length))


def cut(shape: Shape, axis: int, length: int) -> Shape:
    """The shape with another length along an axis."""
    return (*shape[:axis], length, *shape[axis + 1 :])


def chunk_of(group: Group, order: Sequence[Node]) -> Chunk:
    """Hands out places to the nodes inside, and those of nodes that nothing reads any more again."""
    nodes, length = order[group.first : group.stop], group.family.length
    last = {view_of(n)[0].number: position for position, node in enumerate(nodes) for n in node.inputs}
    inside = {n.number: n for n in nodes if n.number in group.inside}
    widths = {number: _padded(n.size // length) for number, n in inside.items()}
    pool, starts, free = RowPool(), dict[int, int](), set[int]()
    for position, node in enumerate(nodes):
        if node.number in inside:
            dying = next(
                (n for n in node.inputs if _can_take_over(group, node, n, widths) and last[n.number] == position), None
            )
            if dying is not None:
                starts[node.number] = starts[dying.number]
                free.add(dying.number)
            else:
                starts[node.number] = pool.take(widths[node.number])
        for base in {view_of(n)[0].number for n in node.inputs}:
            if base in inside and last[base] == position and base not in free:
                pool.give(starts[base], widths[base])
    strip = _strip_length(length, pool.n_rows)
    return Chunk(group, strip, widths, starts, strip * pool.n_rows)


def _can_take_over(group: Group, node: Node, operand: Node, widths: dict[int, int]) -> bool:
    """Whether a node may overwrite an operand as it reads it."""
    return (
        operand.number in widths
        and node.op not in INWARD
        and operand.shape == node.shape
        and group.family.axis(operand) == group.family.axis(node)
        and all(n is operand or view_of(n)[0] is not operand for n in node.inputs)
    )


def collides(stride: int, n: int) -> bool:
    """Whether rows that stand so far apart, n of them, fall on each other in the cache."""
    return n >= 16 and stride > 0 and stride % 64 == 0


def apart(view: View) -> tuple[tuple[int, ...], int]:
    """Strides of the same axes at which rows do not fall on each other, and how many rows that takes."""
    strides, width = [0] * len(view.shape), 1
    for k in sorted(range(len(view.shape)), key=lambda k: view.strides[k]):
        if view.strides[k]:
            strides[k] = width
            width = _padded(width * view.shape[k])
    return tuple(strides), width


def _padded(width: int) -> int:
    """A width of rows that is no large power of two."""
    return width + 2 if width % 16 == 0 else width


def _strip_length(length: int, width: int) -> int:
    """How many rows of data: such that they fit, and that few or none are left over."""
    most = max(min(_FEWEST, _MOST_STRIP_ROWS // width), _STRIP_ROWS // width, 2)
    most = min(most, _MOST, length)
    return next((n for n in range(most, most // 2, -1) if length % n == 0), most)
