"""The stop tests on vectors: which lanes go on for certain. As `goes_on` of cpp/src/isa/tests.hpp.

The others are looked at one by one by the core, which decides.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.kernel.arguments import KernelArguments
from fastdescent.engines.jit.loops.loops import LONGEST_FOLD, Index, fold
from fastdescent.engines.jit.loops.rows import Rows

_MOST_MAGNITUDES = 4  #: coordinates; of more, a sum is too far from the norm
_TINY = {"float64": 2.0**-500, "float32": 2.0**-60}


@dataclass(frozen=True)
class Stops:
    """Which tests there are, and the rows that they look at; -1 for what is absent."""

    dim: int
    x: int
    gradient: int
    fun: int
    previous_fun: int
    previous_x: int
    moved: int
    stop: int
    gtol: bool
    xtol: bool
    ftol: bool
    box: bool
    centred: bool  #: the radius is around the origin

    @property
    def only_far_away(self) -> bool:
        """Whether nothing but a point far away, or one that is not finite, can stop a lane."""
        return not (self.gtol or self.xtol or self.ftol or self.box or self.fun >= 0 or self.stop >= 0)

    def rows_in_memory(self) -> set[int]:
        """Rows that loops over the coordinates read."""
        return self.rows() if self.dim > LONGEST_FOLD else set()

    def rows(self) -> set[int]:
        """All rows that tests look at."""
        found = {row for row in (self.fun, self.previous_fun, self.moved, self.stop) if row >= 0}
        for first in (self.x, self.gradient, self.previous_x):
            found |= set(range(first, first + self.dim)) if first >= 0 else set()
        return found


class StopTests:
    """The tests on the vectors of a group."""

    def __init__(self, m: Arithmetic, arguments: KernelArguments, rows: Rows, stops: Stops) -> None:
        self._m, self._arguments, self._rows, self._stops = m, arguments, rows, stops
        self.slope2 = _squares(m, stops.dim, lambda d: rows.at(stops.gradient, d))
        self.further = [*self._of_box(), *self._of_change()]

    def distance2(self) -> Vectors:
        """From the centre of the radius, squared."""
        return _squares(self._m, self._stops.dim, self._from_center)

    def magnitudes(self) -> Iterator[str]:
        """Of all coordinates, seen from the centre."""
        for d in range(self._stops.dim):
            yield from self._m.abs(self._from_center(d))

    def _from_center(self, d: Index) -> Vectors:
        return from_center(self._m, self._arguments, self._rows, self._stops, d)

    def going(self) -> Vectors:
        """Masks of the lanes that go on for certain."""
        m, arguments = self._m, self._arguments
        top = m.const(float(np.finfo(m.dtype).max))
        result = m.mask_and(m.le(self.slope2, top), m.le(self.distance2(), m.splat(arguments.number("escape2"))))
        if self._stops.gtol:
            result = m.mask_and(result, m.gt(self.slope2, m.splat(arguments.number("gtol2"))))
        for mask in self.further:
            result = m.mask_and(result, mask)
        return result

    def _of_box(self) -> Iterator[Vectors]:
        m, arguments, stops = self._m, self._arguments, self._stops
        for d in range(stops.dim if stops.box else 0):
            x = self._rows.get(stops.x + d)
            yield m.mask_and(m.ge(x, _element(m, arguments, "low", d)), m.le(x, _element(m, arguments, "high", d)))

    def _of_change(self) -> Iterator[Vectors]:
        m, arguments, rows, stops = self._m, self._arguments, self._rows, self._stops
        if stops.fun >= 0:
            yield m.le(m.abs(rows.get(stops.fun)), m.const(float(np.finfo(m.dtype).max)))
        if stops.stop >= 0:
            yield m.eq(rows.get(stops.stop), m.const(0.0))
        if stops.moved < 0:
            return
        unmoved = m.eq(rows.get(stops.moved), m.const(0.0))
        if stops.ftol:
            change = m.abs(m.sub(rows.get(stops.fun), rows.get(stops.previous_fun)))
            yield m.mask_or(m.gt(change, m.splat(arguments.number("ftol"))), unmoved)
        if stops.xtol:
            moved2 = _squares(m, stops.dim, lambda d: m.sub(rows.at(stops.x, d), rows.at(stops.previous_x, d)))
            yield m.mask_or(m.gt(moved2, m.splat(arguments.number("xtol2"))), unmoved)


class Screening:
    """Whether all lanes go on for certain, at little cost. To be made before the loop; `one` is for single vectors.

    Processors compare on the units that multiply, and have others for sums and minima. So vectors are put together, and
    compared once. Nothing in a sum of what is not negative is larger than the sum, and a NaN does not leave it.
    """

    def __init__(self, one: Arithmetic, arguments: KernelArguments, stops: Stops) -> None:
        self._one, self._stops, self._arguments = one, stops, arguments
        self._radius = one.splat(arguments.number("escape2"))
        if self._adds_magnitudes:
            # Less by more than all errors of rounding; below zero where squares would underflow.
            self._radius = one.sub(one.mul(one.sqrt(self._radius), one.const(0.999)), one.const(_TINY[one.dtype]))

    @property
    def _adds_magnitudes(self) -> bool:
        return self._stops.dim <= _MOST_MAGNITUDES

    def masks(self, tests: Sequence[StopTests]) -> list[str]:
        """All are set where every lane goes on for certain. Where they are not, `StopTests.going` tells."""
        one, stops = self._one, self._stops
        slope2 = [(v,) for each in tests for v in each.slope2]
        away = [(v,) for each in tests for v in (each.magnitudes() if self._adds_magnitudes else each.distance2())]
        masks = [*one.le(functools.reduce(one.add, slope2), one.const(float(np.finfo(one.dtype).max)))]
        masks += one.le(functools.reduce(one.add, away), self._radius)
        if stops.gtol:
            masks += one.gt(functools.reduce(one.least, slope2), one.splat(self._arguments.number("gtol2")))
        return [*masks, *(mask for each in tests for vectors in each.further for mask in vectors)]


def from_center(m: Arithmetic, arguments: KernelArguments, rows: Rows, stops: Stops, d: Index) -> Vectors:
    """A coordinate, seen from the centre of the escape radius."""
    x = rows.at(stops.x, d)
    return x if stops.centred else m.sub(x, _element(m, arguments, "center", d))


def _squares(m: Arithmetic, dim: int, term: Callable[[Index], Vectors]) -> Vectors:
    def add(d: Index, total: Vectors) -> Vectors:
        a = term(d)
        return m.fma(a, a, total)

    first = term(0)
    return fold(m, dim, m.mul(first, first), add, first=1)


def _element(m: Arithmetic, arguments: KernelArguments, name: str, d: Index) -> Vectors:
    pointer = m.emitter.value(f"getelementptr {m.number}, ptr {arguments.pointer(name)}, i64 {d}")
    return m.splat(m.emitter.value(f"load {m.number}, ptr {pointer}, !invariant.load !1"))
