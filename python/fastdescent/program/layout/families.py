"""Families: nodes whose arrays have the same samples along one axis.

The *sample axis* of an array is the axis along which element i needs, of other members of the family, element i alone.
Mostly it runs along the samples of a `finite_sum`. The *sums* of a family are its reductions along that axis. They are
members, but have no samples of their own.

A worked example, with w of shape (3, 4) and X of shape (100, 3):

    h = tanh(X @ w)            (100, 4), sample axis 0
    s = sum(h * h, axis=1)     (100,),   sample axis 0
    f = sum(s)                 ()        a sum of the family

All nodes are members. A node that reads h[::-1] does not become one by that: its sample i needs sample 99 - i of h.

Two numberings of axes occur. A *loop axis* counts the loops of a node: its operands' axes if it is a reduction.
An *element axis* counts the axes of its result. The product X @ w is a `dot` with the loops (100, 4, 3), of which it
sums axis 2; its result has the axes (100, 4).

Invariants:

- A node belongs to at most one family.
- A member was found because it reads one member, or is read by one, sample by sample. It may read other members
  otherwise: `reads_by_sample` tells, and `strips` then lets it wait for the complete array.
- A sum reduces the sample axis alone, with an opcode that can continue from an earlier result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.views import View
from fastdescent.program.opcodes import ELEMENTWISE, GATHER, GOES_ON, REDUCTIONS

_LEAST_SIZE = 512  #: elements; a smaller array stays in the cache as it is
_LEAST_SAMPLES = 16  #: an axis of fewer is not worth cutting


@dataclass(slots=True)
class Family:
    """`loop_axes` gives, for each member's number, the loop axis that runs along the samples; `sums` sum that axis."""

    n_samples: int
    loop_axes: dict[int, int] = field(default_factory=dict)
    sums: set[int] = field(default_factory=set)

    def sample_axis(self, node: Node) -> int:
        """The element axis of a member along which its samples lie."""
        return _element_axis(node, self.loop_axes[node.number])

    def reads_by_sample(self, node: Node, base: Node, view: View) -> bool:
        """Whether `node` and `base` are members, and sample i of `node` needs sample i of `view` alone."""
        if node.number not in self.loop_axes or base.number not in self.loop_axes or base.number in self.sums:
            return False
        axis = self.loop_axes[node.number]
        return axis < len(view.shape) and repacked(view, axis, base.shape, self.sample_axis(base), 1) is not None


def loop_lengths(node: Node) -> Shape:
    """The lengths of a node's loops: the axes of its result, or of the operands that it reduces."""
    return node.inputs[0].shape if node.op in REDUCTIONS else node.shape


def operand_views(node: Node) -> Iterator[tuple[Node, View]]:
    """For each operand: the node that holds its elements, and the view that shows them."""
    return (view_of(n) for n in node.inputs)


def repacked(view: View, view_axis: int, shape: Shape, sample_axis: int, width: int) -> View | None:
    """The same elements after the viewed array is stored sample after sample, `width` rows per sample.

    `view` shows an array of `shape` in C order. None if its axis `view_axis` does not run along the samples one by one,
    or if element i along it needs another sample than i.

    Columns 1 and 2 of an array (5, 4), which become columns of an array with 6 rows per sample:

    >>> repacked(View(1, (4, 1), (5, 2)), 0, (5, 4), 0, 6)
    View(offset=1, strides=(6, 1), shape=(5, 2))
    """
    n_samples, after = shape[sample_axis], math.prod(shape[sample_axis + 1 :])
    whole = n_samples * after
    if view.shape[view_axis] != n_samples or view.strides[view_axis] != after:
        return None
    before, within = divmod(view.offset, whole)
    strides, last = [], within
    for k, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        outer, inner = divmod(stride, whole)
        strides.append(width if k == view_axis else outer * after + inner)
        last += (n - 1) * inner if k != view_axis else 0
        if stride < 0:
            return None
    if last >= after:
        return None
    return View(before * after + within, tuple(strides), view.shape)


def find_families(order: Sequence[Node]) -> list[Family]:
    """The families of these nodes, from the largest node's to the smallest one's."""
    found: list[Family] = []
    taken: set[int] = set()
    finder = _Finder(order)
    for node in sorted(order, key=lambda n: -n.size):
        if node.size < _LEAST_SIZE:
            break
        if node.number in taken or not finder.may_be_member(node):
            continue
        tried = [finder.family(node, axis, taken) for axis, n in enumerate(node.shape) if n >= _LEAST_SAMPLES]
        if tried:
            best = max(tried, key=lambda f: sum(finder.nodes[k].size for k in f.loop_axes if k not in f.sums))
            found.append(best)
            taken |= best.loop_axes.keys()
    return found


class _Finder:
    """Finds the family of a node by going from each member to its operands and to its readers."""

    def __init__(self, order: Sequence[Node]) -> None:
        self.nodes = {n.number: n for n in order}
        self._readers: dict[int, list[tuple[Node, View]]] = {n.number: [] for n in order}
        for node in order:
            for base, view in operand_views(node):
                if base.number in self._readers:
                    self._readers[base.number].append((node, view))

    @staticmethod
    def may_be_member(node: Node) -> bool:
        """Whether the opcode works on each sample by itself."""
        return node.op in ELEMENTWISE or node.op in REDUCTIONS or node.op == GATHER

    def family(self, seed: Node, axis: int, taken: set[int]) -> Family:
        """All nodes that share samples with the seed, whose samples lie along `axis`."""
        found = Family(seed.shape[axis])
        found.loop_axes[seed.number] = _loop_axis(seed, axis)
        stack = [seed]
        while stack:
            node = stack.pop()
            for other, loop_axis in (*self._producers(found, node), *self._consumers(found, node)):
                if other.number in found.loop_axes or other.number in taken or not self.may_be_member(other):
                    continue
                found.loop_axes[other.number] = loop_axis
                if other.op in REDUCTIONS and loop_axis in other.attr:
                    found.sums.add(other.number)
                else:
                    stack.append(other)
        return found

    def _producers(self, found: Family, node: Node) -> Iterator[tuple[Node, int]]:
        """Nodes that a member reads sample by sample, each with its loop axis."""
        loop_axis = found.loop_axes[node.number]
        for base, view in operand_views(node):
            if base.number not in self.nodes or loop_axis >= len(view.shape):
                continue
            for axis, n in enumerate(base.shape):
                if n == found.n_samples and repacked(view, loop_axis, base.shape, axis, 1):
                    yield base, _loop_axis(base, axis)
                    break

    def _consumers(self, found: Family, node: Node) -> Iterator[tuple[Node, int]]:
        """Nodes that read a member sample by sample, and sums over its samples, each with its loop axis."""
        axis = found.sample_axis(node)
        for reader, view in self._readers[node.number]:
            for loop_axis, n in enumerate(view.shape):
                by_sample = n == found.n_samples and repacked(view, loop_axis, node.shape, axis, 1)
                if by_sample and (not _reduces(reader, loop_axis) or _can_go_on(reader)):
                    yield reader, loop_axis
                    break


def _element_axis(node: Node, loop_axis: int) -> int:
    """The axis of a node's result that a loop axis becomes, which the node does not sum."""
    return loop_axis - sum(k < loop_axis for k in node.attr) if node.op in REDUCTIONS else loop_axis


def _loop_axis(node: Node, element_axis: int) -> int:
    """The loop axis of a node that becomes an axis of its result."""
    kept = [k for k in range(len(loop_lengths(node))) if not _reduces(node, k)]
    return kept[element_axis]


def _reduces(node: Node, loop_axis: int) -> bool:
    return node.op in REDUCTIONS and loop_axis in node.attr


def _can_go_on(node: Node) -> bool:
    """Whether a reduction may be computed strip by strip, each strip continuing from the sum of the last one."""
    return len(node.attr) == 1 and node.op in GOES_ON
