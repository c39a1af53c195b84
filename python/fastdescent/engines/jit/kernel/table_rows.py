"""Rows that depend on t alone. They stand in memory, filled at every step."""

from __future__ import annotations

from fastdescent.engines.jit.emit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.kernel.arguments import KernelArguments
from fastdescent.engines.jit.loops.rows import Rows


class TimeRows:
    """The `n` rows from `first` on, of all groups of a block."""

    def __init__(self, m: Arithmetic, arguments: KernelArguments, first: int, n: int, groups: list[Rows]) -> None:
        self._m, self._first, self._n, self._groups = m, first, n, groups
        if n:
            self._table, self._offsets = arguments.pointer("table"), arguments.pointer("table_offset")

    def fill(self) -> None:
        """A broadcast where lanes agree on t, else a number for each lane. `%k` steps were made in this call."""
        e, m, n = self._m.emitter, self._m, self._n
        if not n:
            return
        start = e.value(f"mul i64 {e.value('zext i32 %k to i64')}, {n}")
        here = e.value(f"getelementptr {m.number}, ptr {self._table}, i64 {start}")
        agree = e.value(f"icmp eq ptr {self._offsets}, null")
        e.do(f"br i1 {agree}, label %agree, label %differ")
        for label, numbers in (("agree", self._same), ("differ", self._gathered)):
            e.label(label)
            with e.inside():
                for r in range(n):
                    source = e.value(f"getelementptr {m.number}, ptr {here}, i64 {r}")
                    for g, rows in enumerate(self._groups):
                        rows.store(self._first + r, numbers(source, g))
            e.do("br label %filled")
        e.label("filled")

    def _same(self, source: str, g: int) -> Vectors:
        return self._m.splat(self._m.emitter.value(f"load {self._m.number}, ptr {source}"))

    def _gathered(self, source: str, g: int) -> Vectors:
        e, m = self._m.emitter, self._m
        first = (u * m.width for u in range(g * m.n, (g + 1) * m.n))
        places = [e.value(f"getelementptr i64, ptr {self._offsets}, i64 {lane}") for lane in first]
        return m.gathered(source, [e.value(f"load <{m.width} x i64>, ptr {place}, align 8") for place in places])
