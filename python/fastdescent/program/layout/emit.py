"""Instructions, put together from places and views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastdescent.program.graph.loops import nest
from fastdescent.program.graph.nodes import Shape
from fastdescent.program.graph.views import View, c_strides
from fastdescent.program.opcodes import GATHER, N_PARTS, NUMBERS, ONGOING, REDUCTIONS
from fastdescent.program.section import WIDTH


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node's elements lie: in rows of the block or, if `uniform`, in the vector of uniform numbers."""

    uniform: bool
    view: View


class InstructionList:
    """The instructions of a section so far, each a list of WIDTH integers (see `section`)."""

    def __init__(self) -> None:
        self.instructions: list[list[int]] = []

    def __len__(self) -> int:
        return len(self.instructions)

    def add(self, op: str, out: View, operands: list[Place], attr: Any = None) -> None:
        """`attr` holds the summed axes of a reduction, or the number of a gather's samples and their distance."""
        axes = attr if op in REDUCTIONS or op in ONGOING else None
        for loops_and_places in nest(out, [p.view for p in operands], axes):
            rest = attr if op == GATHER else ()
            self._append([NUMBERS[op], _uniform_mask(operands), *loops_and_places, *rest])

    def add_draw(self, op: str, out: View, operands: list[Place]) -> None:
        """Loops run over blocks of random numbers, the numbers of each, and the parts of its counter and key."""
        instruction = [NUMBERS[op], _uniform_mask(operands), *out.shape, N_PARTS, out.offset, *out.strides, 0]
        for place in operands:
            instruction += [place.view.offset, 0, 0, *place.view.strides]
        self._append(instruction)

    def _append(self, columns: list[int]) -> None:
        self.instructions.append(columns + [0] * (WIDTH - len(columns)))


def gather_operands(operands: Sequence[Place], shape: Shape) -> list[Place]:
    """Both operands of a gather with a result of `shape`, seen with that shape.

    The first gives the sample's number for each element; the second shows the elements of sample 0.
    """
    (index, data), rest = operands, c_strides(shape[1:])
    which = View(index.view.offset, (*index.view.strides, *(0 for _ in rest)), shape)
    return [Place(index.uniform, which), Place(data.uniform, View(data.view.offset, (0, *rest), shape))]


def _uniform_mask(operands: Sequence[Place]) -> int:
    return sum(1 << k for k, p in enumerate(operands) if p.uniform)
