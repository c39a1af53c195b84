"""The argument `rng` of rules and noise functions: a generator whose every call takes new Philox blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node, Shape
from fastdescent.program.opcodes import N_DRAWN
from fastdescent.program.step.randomness import N_BLOCKS, RandomSource, Stream
from fastdescent.program.trace.tracer import Traced

Size = int | tuple[int, ...] | None


class Rng:
    """Methods are named as those of `numpy.random.Generator`; `size` is a shape, None means one number.

    A call gives other numbers for each trajectory and each step. A run that is repeated, split or resumed gets the same
    numbers again.
    """

    def __init__(self, b: Builder, stream: Stream, first_block: int = 0, n_blocks: int = N_BLOCKS) -> None:
        self._source = RandomSource.of(b, stream)
        self._next_block, self._end_block = first_block, first_block + n_blocks

    def standard_normal(self, size: Size = None) -> Traced:
        """Normal numbers of mean 0 and deviation 1 (Box and Muller); float32 rounds those of float64."""
        return self._draw("draw_normal", size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Normal numbers of mean `loc` and deviation `scale`."""
        return loc + scale * self.standard_normal(_shape(size, loc, scale))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """low < u <= high: with low = 0, high = 1 a multiple of 2^-53, never 0."""
        if not (isinstance(low, Traced) or isinstance(high, Traced)) and low > high:
            raise ValueError(f"rng.uniform: low must be at most high; got low={low}, high={high}")
        u = self._draw("draw_uniform", _shape(size, low, high))
        return u if (low, high) == (0.0, 1.0) else low + (high - low) * u

    def integers(self, low: int, high: int | None = None, size: Size = None) -> Any:
        """Whole numbers low <= k < high, or 0 <= k < low. At most 2^24 of them, so that float32 has each."""
        low, high = _whole_number("low", low), None if high is None else _whole_number("high", high)
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
        if not isinstance(df, Traced) and not df > 0:
            raise ValueError(f"rng.standard_t: df must be greater than 0; got {df}")
        shape = _shape(size, df)
        u, v = self._draw("draw_uniform", shape), self._draw("draw_uniform", shape)
        return np.sqrt(df * (u ** (-2.0 / df) - 1.0)) * np.cos(2.0 * np.pi * v)

    def _draw(self, op: str, size: Size, n_choices: int = 0) -> Traced:
        shape = _shape(size)
        n = math.prod(shape)
        b, block = self._source.b, self._next_block
        self._next_block += -(-n // N_DRAWN[op])
        if self._next_block > self._end_block:
            raise ValueError(
                f"rng has {self._end_block} blocks of random numbers per step; this draw ends at {self._next_block}"
            )
        drawn: Node = self._source.draw(op, n, block, n_choices) if n else b.const(np.zeros(0))
        return Traced(b, b.reshape(drawn, shape), fresh=True)


def _shape(size: Size, *operands: Any) -> Shape:
    if size is None:
        return np.broadcast_shapes(*(np.shape(a) for a in operands)) if operands else ()
    shape = size if isinstance(size, tuple | list) else (size,)
    return tuple(_whole_number("size", k, at_least=0) for k in shape)


def _whole_number(name: str, value: Any, at_least: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"rng: {name} must be a whole number; got {value!r}")
    if at_least is not None and value < at_least:
        raise ValueError(f"rng: {name} must be {at_least} or greater; got {value}")
    return int(value)
