"""Instructions, put together from places and views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastdescent.program.elementary.draws import N_PARTS
from fastdescent.program.graph.loops import nest
from fastdescent.program.graph.nodes import Shape
from fastdescent.program.graph.views import View, c_strides
from fastdescent.program.opcodes import GATHER, NUMBERS, ONGOING, REDUCTIONS
from fastdescent.program.section import WIDTH


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node's elements stand: rows of the block, or numbers of the uniform vector."""

    uniform: bool
    view: View


class Code:
    """A section's instructions so far."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []

    def add(self, op: str, out: View, operands: list[Place], attr: Any = None) -> None:
        """`attr` holds the summed axes of a reduction, the rows of a gather and their distance."""
        axes = attr if op in REDUCTIONS or op in ONGOING else None
        for loop in nest(out, [p.view for p in operands], axes):
            row = [NUMBERS[op], _uniform_mask(operands), *loop]
            row += attr if op == GATHER else ()
            self.rows.append(row + [0] * (WIDTH - len(row)))

    def draw(self, op: str, out: View, operands: list[Place]) -> None:
        """Blocks, the numbers of each, and the parts of counter and key."""
        row = [NUMBERS[op], _uniform_mask(operands), *out.shape, N_PARTS, out.offset, *out.strides, 0]
        for place in operands:
            row += [place.view.offset, 0, 0, *place.view.strides]
        self.rows.append(row + [0] * (WIDTH - len(row)))


def gathered(operands: Sequence[Place], shape: Shape) -> list[Place]:
    """The number of a row for each element, and the elements of the first row."""
    (index, data), rest = operands, c_strides(shape[1:])
    which = View(index.view.offset, (*index.view.strides, *(0 for _ in rest)), shape)
    return [Place(index.uniform, which), Place(data.uniform, View(data.view.offset, (0, *rest), shape))]


def _uniform_mask(operands: Sequence[Place]) -> int:
    return sum(1 << k for k, p in enumerate(operands) if p.uniform)
