"""The generator `rng` of rules and noise functions: each call takes numbers of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.opcodes import N_DRAWN
from fastdescent.program.step.randomness import MOST_BLOCKS, Source, Stream
from fastdescent.program.trace.tracer import Traced

Size = int | tuple[int, ...] | None


class Rng:
    """Named as the methods of `numpy.random.Generator` are; `size` is a shape, None means one number.

    The same call at the same place of the rule gives other numbers for each trajectory and each step, and the same ones
    when a run is made again, split, or resumed.
    """

    def __init__(self, b: Builder, stream: Stream, first_block: int = 0, n_blocks: int = MOST_BLOCKS) -> None:
        self._source = Source.of(b, stream)
        self._block, self._end = first_block, first_block + n_blocks

    def standard_normal(self, size: Size = None) -> Traced:
        """Normal numbers of mean 0 and deviation 1 (Box and Muller); float32 rounds those of float64."""
        return self._draw("draw_normal", size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Normal numbers of mean `loc` and deviation `scale`."""
        return loc + scale * self.standard_normal(_shape(size, loc, scale))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """low < u <= high: with low = 0, high = 1 a multiple of 2^-53, never 0."""
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            raise ValueError(f"rng.uniform: low must be at most high; got low={low}, high={high}")
        u = self._draw("draw_uniform", _shape(size, low, high))
        return u if (low, high) == (0.0, 1.0) else low + (high - low) * u

    def integers(self, low: int, high: int | None = None, size: Size = None) -> Any:
        """Whole numbers low <= k < high, or 0 <= k < low. Below 2^24 in number, so that float32 has them."""
        low, high = _whole("low", low), None if high is None else _whole("high", high)
        first, n = (0, low) if high is None else (low, high - low)
        if not 1 <= n <= 1 << 24:
            given = f"low={low}" if high is None else f"low={low}, high={high}"
            raise ValueError(f"rng.integers must choose among 1 to 2^24 numbers; got {n} of them, {given}")
        k = self._draw("draw_integer", size, n)
        return k + first if first else k

    def rademacher(self, size: Size = None) -> Any:
        """-1 or 1, each with probability 1/2."""
        return 2.0 * self.integers(2, size=size) - 1.0

    def standard_t(self, df: Any, size: Size = None) -> Any:
        """Student's t of `df` degrees of freedom.

        R. W. Bailey, "Polar generation of random variates with the t-distribution", Math. Comp. 62, 1994.
        """
        if isinstance(df, int | float) and not df > 0:
            raise ValueError(f"rng.standard_t: df must be greater than 0; got {df}")
        shape = _shape(size, df)
        u, v = self._draw("draw_uniform", shape), self._draw("draw_uniform", shape)
        return np.sqrt(df * (u ** (-2.0 / df) - 1.0)) * np.cos(2.0 * np.pi * v)

    def _draw(self, op: str, size: Size, n_choices: int = 0) -> Traced:
        shape = _shape(size)
        n = math.prod(shape)
        b, block = self._source.b, self._block
        self._block += -(-n // N_DRAWN[op])
        if self._block > self._end:
            raise ValueError(
                f"rng has {self._end} blocks of random numbers for a step; this draw ends at {self._block}"
            )
        drawn: Node = self._source.draw(op, n, block, n_choices) if n else b.const(np.zeros(0))
        return Traced(b, b.reshape(drawn, shape), fresh=True)


def _shape(size: Size, *operands: Any) -> Shape:
    if size is None:
        return np.broadcast_shapes(*(np.shape(a) for a in operands)) if operands else ()
    shape = size if isinstance(size, tuple | list) else (size,)
    return tuple(_whole("size", k, at_least=0) for k in shape)


def _whole(name: str, value: Any, at_least: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"rng: {name} must be a whole number; got {value!r}")
    if at_least is not None and value < at_least:
        raise ValueError(f"rng: {name} must be {at_least} or greater; got {value}")
    return int(value)
