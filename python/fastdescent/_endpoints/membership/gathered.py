"""Endpoints gathered into cells, and which of the cells' representatives are polished: the most populous ones.

Example. Of three cells, the two with most endpoints are chosen:

>>> x = np.array([[0.1], [0.5], [0.1], [0.9], [0.9]])
>>> ends = EndpointSet.of(x, np.zeros(5), np.zeros(5, np.int8), eligible=(0,))
>>> found = gathered(ends, Frame.of(((0.0, 1.0),)), 0.01, at_most=2)
>>> found.representative.tolist(), found.number(found.cells.cell).tolist()
([0, 3], [0, -1, 0, 1, 1])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Cells, EndpointSet, Frame, Ints, gather


@dataclass(frozen=True)
class Gathered:
    """Cells, numbered by first occurrence, and those that were chosen, in the same order."""

    cells: Cells
    representative: npt.NDArray[np.int_]  #: of each chosen cell the endpoint of least gradient
    number_of_cell: Ints  #: its number among the chosen ones, or -1; one more entry, -1, for endpoints without a cell

    def number(self, cell: Ints) -> Ints:
        """The numbers among the chosen cells, or -1."""
        return self.number_of_cell[cell]


def gathered(ends: EndpointSet, frame: Frame, size: float, at_most: int | None = None) -> Gathered:
    """Gathers endpoints into cells whose sides are `size` times the frame's, and chooses at most so many of them."""
    cells = gather(ends, frame, size)
    n = len(cells.count)
    chosen = np.arange(n)
    if at_most is not None and n > at_most:
        chosen = np.sort(np.argpartition(-cells.count, at_most)[:at_most])
    number_of_cell = np.full(n + 1, -1, np.int32)
    number_of_cell[chosen] = np.arange(len(chosen))
    return Gathered(cells, cells.representative[chosen], number_of_cell)
