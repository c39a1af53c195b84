"""The buffer of a strip loop: rows that hold the internal nodes, one strip at a time.

A worked example. A loop over 1000 samples has the internal nodes

    a = X * w             (1000, 4)
    b = tanh(a)           (1000, 4), the only reader of a
    c = sum(b, axis=1)    (1000,), the only reader of b

a and b take 4 rows per sample and share them, since b overwrites a as it reads it. c takes one row per sample of its
own, because a reduction may not overwrite its operand. So one sample takes 5 rows, and a strip has 125 samples. The
buffer has 5 * 125 = 625 rows: a and b in rows 0 to 499, c in rows 500 to 624. Element (i, k) of b, for sample i of the
strip, is row 4 i + k.

Invariants:

- A node that starts at row s of one sample starts at row s * n_samples of the buffer, sample after sample: the samples
  of one node are neighbours, not the nodes of one sample.
- Nodes share rows only if the earlier one has no reader after the later one is written, in each strip.
- Every strip uses the same rows. So internal nodes do not move from repeat to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastdescent.program.graph.build import view_of
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.graph.views import View
from fastdescent.program.layout.cache_sets import padded
from fastdescent.program.layout.families import repacked
from fastdescent.program.layout.row_allocator import RowAllocator
from fastdescent.program.layout.strips import StripLoop
from fastdescent.program.opcodes import INWARD

#: Rows of a buffer, of one vector each, that stay in the first-level cache; and, if strips would be too short, in the
#: second-level cache.
_FIRST_CACHE_ROWS, _SECOND_CACHE_ROWS = 768, 8192
_LEAST_SAMPLES, _MOST_SAMPLES = 16, 128  #: of a strip; fewer if not even the second-level cache holds as many


@dataclass(frozen=True, slots=True)
class StripBuffer:
    """`n_rows` rows for the internal nodes of a strip; nodes are named by their numbers."""

    loop: StripLoop
    n_samples: int  #: of a strip
    widths: dict[int, int]  #: rows per sample of each node, with padding
    starts: dict[int, int]  #: the first row of each node, were the strip one sample long
    n_rows: int

    def place(self, base: Node, view: View, view_axis: int, n_samples: int) -> View:
        """Where the buffer holds a view of an internal node, cut to `n_samples` along `view_axis`."""
        family = self.loop.family
        seen = repacked(view, view_axis, base.shape, family.sample_axis(base), self.widths[base.number])
        assert seen is not None, "members read each other sample by sample"
        offset = self.starts[base.number] * self.n_samples + seen.offset
        return View(offset, seen.strides, with_length(seen.shape, view_axis, n_samples))


def with_length(shape: Shape, axis: int, length: int) -> Shape:
    """The shape with another length along an axis."""
    return (*shape[:axis], length, *shape[axis + 1 :])


def strip_buffer(loop: StripLoop, order: Sequence[Node]) -> StripBuffer:
    """Chooses rows for the internal nodes, and the number of samples of a strip."""
    nodes, n_samples = order[loop.first : loop.stop], loop.family.n_samples
    last_read = {view_of(n)[0].number: position for position, node in enumerate(nodes) for n in node.inputs}
    widths = {n.number: padded(n.size // n_samples) for n in nodes if n.number in loop.internal}
    rows, starts = RowAllocator(), dict[int, int]()
    overwritten = set[int]()
    for position, node in enumerate(nodes):
        if node.number in widths:
            possible = (n for n in node.inputs if _may_overwrite(loop, node, n, widths))
            operand = next((n for n in possible if last_read[n.number] == position), None)
            if operand is None:
                starts[node.number] = rows.allocate(widths[node.number])
            else:
                starts[node.number] = starts[operand.number]
                overwritten.add(operand.number)
        for number in {view_of(n)[0].number for n in node.inputs}:
            if number in widths and last_read[number] == position and number not in overwritten:
                rows.free(starts[number], widths[number])
    n_strip = _samples_per_strip(n_samples, rows.n_rows)
    return StripBuffer(loop, n_strip, widths, starts, n_strip * rows.n_rows)


def _may_overwrite(loop: StripLoop, node: Node, operand: Node, widths: Mapping[int, int]) -> bool:
    """Whether a node may be written over an operand: the operand is internal, and each row is read just before."""
    return (
        operand.number in widths
        and node.op not in INWARD
        and operand.shape == node.shape
        and loop.family.sample_axis(operand) == loop.family.sample_axis(node)
        and all(n is operand or view_of(n)[0] is not operand for n in node.inputs)
    )


def _samples_per_strip(n_samples: int, n_rows: int) -> int:
    """As many samples, of `n_rows` rows each, as the cache holds; or some fewer, if none are then left over.

    >>> _samples_per_strip(100, 5)
    100
    >>> _samples_per_strip(1000, 5)
    125
    >>> _samples_per_strip(1009, 5)
    128
    """
    most = max(min(_LEAST_SAMPLES, _SECOND_CACHE_ROWS // n_rows), _FIRST_CACHE_ROWS // n_rows, 2)
    most = min(most, _MOST_SAMPLES, n_samples)
    return next((n for n in range(most, most // 2, -1) if n_samples % n == 0), most)
