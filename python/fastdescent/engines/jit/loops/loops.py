"""Loops inside a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors

#: What is folded over more rows than this becomes a loop over rows in memory.
LONGEST_FOLD = 64

Index = int | str  #: a number, or the name of an i64


class Carry:
    """Values that go from one turn of a loop to the next."""

    def __init__(self, m: Arithmetic) -> None:
        self._m = m
        self._names: Vectors = ()
        self._first: Vectors = ()
        self.after: Vectors = ()

    def __call__(self, first: Vectors) -> Vectors:
        """The values at the beginning of a turn; `first` is that of the first one."""
        self._first = first
        self._names = tuple("%" + self._m.emitter.fresh("c") for _ in first)
        return self._names

    def triples(self) -> Iterator[tuple[str, str, str]]:
        """Name, value before the loop, value after a turn."""
        return zip(self._names, self._first, self.after, strict=True)


@contextmanager
def loop(m: Arithmetic, n: int, first: int = 0, step: int = 1) -> Iterator[tuple[str, Carry]]:
    """A loop over first, first + step ... below n. What `carry` is given is what it returns at the first turn."""
    e = m.emitter
    before, body, after = e.block, e.fresh("loop"), e.fresh("past")
    e.do(f"br label %{body}")
    e.label(body)
    index, following = "%" + e.fresh("i"), "%" + e.fresh("i")
    phis = e.hole()
    with e.inside():
        carry = Carry(m)
        yield index, carry
        e.define(following, f"add i64 {index}, {step}")
        again = e.read(f"icmp ne i64 {following}, {n}")
        e.do(f"br i1 {again}, label %{body}, label %{after}")
        end = e.block
    phis.append(f"  {index} = phi i64 [ {first}, %{before} ], [ {following}, %{end} ]")
    for name, old, new in carry.triples():
        phis.append(f"  {name} = phi {m.vector} [ {old}, %{before} ], [ {new}, %{end} ]")
    e.label(after)


@contextmanager
def iterate(m: Arithmetic, n: int, step: int = 1) -> Iterator[Index]:
    """0, step, 2 * step ... below n: a loop where there are several."""
    if n <= step:
        yield 0
        return
    with loop(m, n, step=step) as (index, _):
        yield index


def fold(m: Arithmetic, n: int, start: Vectors, step: Callable[[Index, Vectors], Vectors], first: int = 0) -> Vectors:
    """step(n - 1, ... step(first, start)), unrolled where that is short."""
    total = start
    if n <= LONGEST_FOLD:
        for d in range(first, n):
            total = step(d, total)
        return total
    with loop(m, n, first) as (index, carry):
        carry.after = step(index, carry(start))
    return carry.after
