"""Reductions that look at every k-th point alone: what they compute is no part of a step.

At t = 0, k, 2 k, ... a run pauses. Then a *look* measures something at the points of the trajectories that stand
there. Its arrays lie in the state of a step, which leaves them alone, so that they come along wherever a state goes.

An example, k = 10, of a trajectory that ends at t = 25: looks are taken at 0, 10 and 20, and for the result at 25.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.program import Program
from fastdescent.program.step.formula import Formula
from fastdescent.program.step.reductions import Array, Kept, Move, Point, Reduction

#: Evaluates a Program at many points: inputs and outputs (n, size), by name.
Evaluate = Callable[[Program, Mapping[str, Array]], dict[str, Array]]

TAKEN = ("last", "max", "min", "mean")


@dataclass(frozen=True)
class Look(Reduction):
    """Keeps what the next look needs, and the value so far: the latest, the greatest, the least, or the sum."""

    every: int
    take: str  #: of TAKEN

    def memory(self, dim: int) -> Shape:
        """The shape of what the next look needs."""
        return (0,)

    def remembered(self, dim: int) -> Array:
        """The memory at first."""
        return np.zeros(self.memory(dim))

    @abstractmethod
    def measured(
        self, evaluate: Evaluate, formula: Formula, x: Array, memory: Array, anew: bool
    ) -> tuple[Array, Array]:
        """The values at points (n, dim), as (n, 1), and the new memory (n, size); `anew` at t = 0."""

    def initial(self, dim: int) -> list[Kept]:
        remembered: list[Kept] = [(self.memory(dim), self.remembered(dim))]
        return [*(remembered if remembered[0][0] != (0,) else []), ((), 0.0)]

    def after(self, keep: list[Node], move: Move) -> list[Node]:
        return keep

    def result(self, keep: list[Node], end: Point, count: Node) -> Node:
        """The value so far; see `with_end`."""
        return keep[-1]

    def taken(self, value: Array, kept: Array, is_first: bool) -> Array:
        """What is kept once a value has been added."""
        if is_first or self.take == "last":
            return value
        if self.take == "mean":
            with np.errstate(over="ignore", invalid="ignore"):
                return np.asarray(kept + value)
        return np.asarray(np.maximum(kept, value) if self.take == "max" else np.minimum(kept, value))

    def concluded(self, kept: Array, nit: npt.NDArray[np.int32]) -> Array:
        """The result from what was kept at all looks, that at the end included."""
        if self.take != "mean":
            return kept
        n_looks = nit // self.every + 1 + (nit % self.every != 0)
        return np.asarray(kept / n_looks.astype(kept.dtype).reshape(-1, 1))
