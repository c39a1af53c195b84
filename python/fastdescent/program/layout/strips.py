"""Which nodes run together strip by strip, so that what passes between them stays in the cache.

The loss of a network on 256 rows of data computes, for each layer, an array with as many rows. Layer by layer, each
of them goes out to memory and comes back. But row i of one needs row i of the others only: so a strip of some rows goes
through all layers, forth and back, before the next strip begins. Sums over rows go on from strip to strip, in order,
so that no bit changes.

A *family* is a set of nodes that have such rows in common: each has an axis along which element i needs, of other
members, element i alone. Its *sums* are reductions along that axis. Members run together where nothing in between
needs a whole array: a sum must be complete before it is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.views import View
from fastdescent.program.opcodes import ELEMENTWISE, GATHER, GOES_ON, REDUCTIONS

#: Nodes of fewer elements stay in the cache as they are, and so do groups that would save less.
_LEAST_ELEMENTS = 512
_LEAST_LENGTH = 16  #: rows of data that are worth cutting


@dataclass(slots=True)
class Family:
    """`turns` gives the axis of a node's loops (its own axes, or those of what it sums) along which the rows stand.

    `sums` are those of its nodes that sum along it, all others are rows themselves.
    """

    length: int
    turns: dict[int, int] = field(default_factory=dict)
    sums: set[int] = field(default_factory=set)

    def axis(self, node: Node) -> int:
        """The axis of a node's elements along which its rows stand."""
        return own_axis(node, self.turns[node.number])


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes first to stop of a schedule, members of one family. What is `inside` is read by these nodes alone."""

    first: int
    stop: int
    family: Family
    inside: frozenset[int]


def loops_of(node: Node) -> Shape:
    """The lengths of a node's loops, in the order of its axes, those that it sums included."""
    return node.inputs[0].shape if node.op in REDUCTIONS else node.shape


def own_axis(node: Node, turn: int) -> int:
    """The axis of the elements that axis `turn` of a node's loops, which it does not sum, becomes."""
    return turn - sum(k < turn for k in node.attr) if node.op in REDUCTIONS else turn


def loop_axis(node: Node, axis: int) -> int:
    """The axis of a node's loops that becomes `axis` of its elements."""
    kept = [k for k in range(len(loops_of(node))) if node.op not in REDUCTIONS or k not in node.attr]
    return kept[axis]


def within_row(view: View, turn: int, shape: Shape, axis: int, row: int) -> View | None:
    """A view of an array of `shape` whose axis `turn` runs along the array's rows, seen as rows `row` elements apart.

    Row i of it then shows elements of row i alone; None where it does not. Rows stand along `axis` of the array.
    """
    length, after = shape[axis], math.prod(shape[axis + 1 :])
    whole = length * after
    if view.shape[turn] != length or view.strides[turn] != after:
        return None
    before, within = divmod(view.offset, whole)
    strides, reach = [], within
    for k, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        outer, inner = divmod(stride, whole)
        strides.append(row if k == turn else outer * after + inner)
        reach += (n - 1) * inner if k != turn else 0
        if stride < 0:
            return None
    if reach >= after:
        return None
    return View(before * after + within, tuple(strides), view.shape)


def families(order: Sequence[Node]) -> list[Family]:
    """Families of the nodes, those of the largest nodes first; a node belongs to one at most."""
    found: list[Family] = []
    taken: set[int] = set()
    finder = _Finder(order)
    for node in sorted(order, key=lambda n: -n.size):
        if node.size < _LEAST_ELEMENTS:
            break
        if node.number in taken or not finder.may_be_rows(node):
            continue
        tried = [finder.family(node, axis, taken) for axis, n in enumerate(node.shape) if n >= _LEAST_LENGTH]
        if tried:
            best = max(tried, key=lambda f: sum(finder.nodes[k].size for k in f.turns if k not in f.sums))
            found.append(best)
            taken |= best.turns.keys()
    return found


class _Finder:
    """Finds the family of a node by going from each member to what it reads and to what reads it."""

    def __init__(self, order: Sequence[Node]) -> None:
        self.nodes = {n.number: n for n in order}
        self._readers: dict[int, list[tuple[Node, View]]] = {n.number: [] for n in order}
        for node in order:
            for base, view in reads(node):
                if base.number in self._readers:
                    self._readers[base.number].append((node, view))

    @staticmethod
    def may_be_rows(node: Node) -> bool:
        """Whether the opcode works row by row."""
        return node.op in ELEMENTWISE or node.op in REDUCTIONS or node.op == GATHER

    def family(self, seed: Node, axis: int, taken: set[int]) -> Family:
        """All that has rows in common with the seed's along its axis."""
        found = Family(seed.shape[axis])
        found.turns[seed.number] = loop_axis(seed, axis)
        stack = [seed]
        while stack:
            node = stack.pop()
            for other, turn in (*self._producers(found, node), *self._consumers(found, node)):
                if other.number in found.turns or other.number in taken or not self.may_be_rows(other):
                    continue
                found.turns[other.number] = turn
                if other.op in REDUCTIONS and turn in other.attr:
                    found.sums.add(other.number)
                else:
                    stack.append(other)
        return found

    def _producers(self, found: Family, node: Node) -> Iterator[tuple[Node, int]]:
        """Nodes of whose rows a member reads its own, with their axis."""
        turn = found.turns[node.number]
        for base, view in reads(node):
            if base.number not in self.nodes:
                continue
            for axis, n in enumerate(base.shape):
                if n == found.length and turn < len(view.shape) and within_row(view, turn, base.shape, axis, 1):
                    yield base, loop_axis(base, axis)
                    break

    def _consumers(self, found: Family, node: Node) -> Iterator[tuple[Node, int]]:
        """Nodes that read a member row by row, and sums of its rows."""
        axis = found.axis(node)
        for reader, view in self._readers[node.number]:
            for turn, n in enumerate(view.shape):
                if n != found.length or not within_row(view, turn, node.shape, axis, 1):
                    continue
                if (
                    reader.op in REDUCTIONS
                    and turn in reader.attr
                    and (len(reader.attr) > 1 or reader.op not in GOES_ON)
                ):
                    continue
                yield reader, turn
                break


def reads(node: Node) -> Iterator[tuple[Node, View]]:
    """What holds a node's operands, and where in it they stand."""
    return (view_of(n) for n in node.inputs)


def in_step(family: Family, node: Node, base: Node, view: View) -> bool:
    """Whether a member reads a member of its family row by row."""
    if node.number not in family.turns or base.number not in family.turns or base.number in family.sums:
        return False
    turn = family.turns[node.number]
    return turn < len(view.shape) and within_row(view, turn, base.shape, family.axis(base), 1) is not None


def arranged(
    order: Sequence[Node], outputs: set[int], users: Mapping[int, Sequence[Node]]
) -> tuple[list[Node], list[Group]]:
    """The nodes in an order in which members of a family stand together, and the groups that are worth cutting.

    `outputs` are nodes that are read after all, `users` the nodes that read a node, in this order or later on.
    """
    found = families(order)
    if not found:
        return list(order), []
    home = {number: family for family in found for number in family.turns}
    level: dict[int, int] = {}
    for node in order:
        level[node.number] = max((_level_after(level, home, node, base, view) for base, view in reads(node)), default=0)
    place = {number: 1 + k for k, family in enumerate(found) for number in family.turns}
    keys = {n.number: (level[n.number], place.get(n.number, 0)) for n in order}
    new = sorted(order, key=lambda n: keys[n.number])
    groups, first = [], 0
    for stop in range(1, len(new) + 1):
        if stop < len(new) and keys[new[stop].number] == keys[new[first].number]:
            continue
        if new[first].number in home:
            new[first:stop] = _sums_early(new[first:stop], home[new[first].number])
            groups += _worthwhile(new, first, stop, home[new[first].number], outputs, users)
        first = stop
    return new, groups


def _sums_early(nodes: Sequence[Node], family: Family) -> list[Node]:
    """Sums stand where what they read is still in the cache, and may then be overwritten."""
    members = {n.number for n in nodes}
    missing: dict[int, set[int]] = {}  # of each sum: what it reads, and what stands further down
    readers: dict[int, list[Node]] = {}
    sums = [n for n in nodes if n.number in family.sums]
    for s in sums:
        missing[s.number] = {base.number for base, _ in reads(s)} & members
        for number in missing[s.number]:
            readers.setdefault(number, []).append(s)
    arranged = [s for s in sums if not missing[s.number]]
    for node in nodes:
        if node.number in family.sums:
            continue
        arranged.append(node)
        for s in readers.get(node.number, ()):
            missing[s.number].remove(node.number)
            if not missing[s.number]:
                arranged.append(s)
    return arranged


def _level_after(level: Mapping[int, int], home: Mapping[int, Family], node: Node, base: Node, view: View) -> int:
    """A node stands one level up where what it reads must be complete before its group begins."""
    if base.number not in level:
        return 0
    family = home.get(base.number)
    return level[base.number] + (family is not None and not in_step(family, node, base, view))


def _worthwhile(
    order: Sequence[Node], first: int, stop: int, family: Family, outputs: set[int], users: Mapping[int, Sequence[Node]]
) -> list[Group]:
    members = {n.number for n in order[first:stop]}
    inside = {n for n in members - family.sums - outputs if n in users and all(u.number in members for u in users[n])}
    saved = sum(n.size for n in order[first:stop] if n.number in inside)
    return [Group(first, stop, family, frozenset(inside))] if saved >= _LEAST_ELEMENTS else []
