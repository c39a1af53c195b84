"""The two functions of a step Program (see `Compiled` in cpp/include/fastdescent/kernel.hpp), as LLVM IR.

Both hold the loop over steps, so that the state stays in registers. `exact` tests every point and comes back where a lane
may have to stop; `fast` tests nothing, and only sums up how far from the centre the points are.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastdescent.engines.jit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.emitter import Emitter
from fastdescent.engines.jit.flight import Flight
from fastdescent.engines.jit.lower import Lowering
from fastdescent.engines.jit.rows import Rows, rows_in_memory
from fastdescent.engines.jit.stops import Stops, from_center, going
from fastdescent.program.program import Section


@dataclass(frozen=True)
class KernelSpec:
    """What a kernel is made of, besides the vectors."""

    main: Section
    constants: tuple[float, ...]
    n_state: int
    n_lane: int
    n_table: int
    stops: Stops


@dataclass(frozen=True)
class Shape:
    """Numbers of a vector, vectors of a block."""

    dtype: str
    width: int
    n_vectors: int


def kernel_text(spec: KernelSpec, shape: Shape, attributes: str) -> str:
    """The module."""
    functions = [_Exact(spec, shape), _Fast(spec, shape)]
    texts = [
        f"define i32 @{f.name}(ptr noalias %flight, i32 %steps) #0 {{\n{f.text()}\n}}\n" for f in functions
    ]
    declarations = sorted(set().union(*(f.e.declarations for f in functions)))
    metadata = ['!0 = !{!"branch_weights", i32 1, i32 100000}', "!1 = !{}"]
    return "\n".join([*texts, *declarations, f"attributes #0 = {{ nounwind {attributes} }}", *metadata, ""])


class _Function:
    """What both functions begin with: the rows, what is constant over the steps, the loop's head."""

    def __init__(self, spec: KernelSpec, shape: Shape) -> None:
        self._spec = spec
        self.e = e = Emitter()
        number = "double" if shape.dtype == "float64" else "float"
        self._flight = flight = Flight(e, number)
        self._m = m = Arithmetic(e, shape.dtype, shape.width, shape.n_vectors, flight.pointer("huge_angle"))
        self._first_table = spec.n_state + spec.n_lane
        table = range(self._first_table, self._first_table + spec.n_table)
        in_memory = rows_in_memory(spec.main.code) | frozenset(table)
        self._rows = rows = Rows(m, flight.pointer("rows"), in_memory)
        self._state = [r for r in range(spec.n_state) if r not in in_memory]
        self._lowering = Lowering(m, rows, flight.pointer("uniform"), spec.constants)
        for r in range(self._first_table):
            rows.get(r)
        self._initial = {r: rows.get(r) for r in self._state}

    def _begin_loop(self) -> None:
        """`%k` counts the steps that were made."""
        e = self.e
        self._before = e.block
        e.do("br label %step")
        e.label("step")
        self._phis = e.hole()
        self._old: dict[int, Vectors] = {}
        for r in self._state:
            self._old[r] = tuple("%" + e.fresh("s") for _ in self._initial[r])
            self._rows.put(r, self._old[r])
        self._fill_table()

    def _end_loop(self) -> None:
        """To be called in the block that goes back to the head, after `%following`, the count after this step."""
        end = self.e.block
        self._phis.append(f"  %k = phi i32 [ 0, %{self._before} ], [ %following, %{end} ]")
        for r in self._state:
            self._carry(self._old[r], self._initial[r], self._rows.get(r))

    def _carry(self, names: Vectors, first: Vectors, after: Vectors) -> None:
        """Values that go from step to step."""
        for name, a, b in zip(names, first, after, strict=True):
            self._phis.append(f"  {name} = phi {self._m.vector} [ {a}, %{self._before} ], [ {b}, %{self.e.block} ]")

    def _fill_table(self) -> None:
        """Rows that depend on t alone: a broadcast where lanes agree on t, else a number for each lane."""
        e, n = self.e, self._spec.n_table
        if not n:
            return
        m, flight = self._m, self._flight
        offsets = flight.pointer("table_offset")
        start = e.value(f"mul i64 {e.value('zext i32 %k to i64')}, {n}")
        here = e.value(f"getelementptr {m.number}, ptr {flight.pointer('table')}, i64 {start}")
        agree = e.value(f"icmp eq ptr {offsets}, null")
        e.do(f"br i1 {agree}, label %agree, label %differ")
        e.label("agree")
        with e.inside():
            for r in range(n):
                pointer = e.value(f"getelementptr {m.number}, ptr {here}, i64 {r}")
                self._rows.store(self._first_table + r, m.splat(e.read(f"load {m.number}, ptr {pointer}")))
        e.do("br label %filled")
        e.label("differ")
        with e.inside():
            for r in range(n):
                self._rows.store(self._first_table + r, self._gathered(here, offsets, r))
        e.do("br label %filled")
        e.label("filled")

    def _gathered(self, here: str, offsets: str, r: int) -> Vectors:
        e, m = self.e, self._m
        base = e.value(f"getelementptr {m.number}, ptr {here}, i64 {r}")
        indices, pointers = f"<{m.width} x i64>", f"<{m.width} x ptr>"
        name = f"@llvm.masked.gather.{m.suffix}.v{m.width}p0"
        e.declare(f"declare {m.vector} {name}({pointers}, i32 immarg, {m.mask}, {m.vector})")
        found = []
        for u in range(m.n):
            place = e.value(f"getelementptr i64, ptr {offsets}, i64 {u * m.width}")
            index = e.read(f"load {indices}, ptr {place}, align 8")
            where = e.value(f"getelementptr {m.number}, ptr {base}, {indices} {index}")
            rest = f"i32 {m.bits_of_number // 8}, {m.mask} splat (i1 true), {m.vector} poison"
            found.append(e.read(f"call {m.vector} {name}({pointers} {where}, {rest})"))
        return tuple(found)


class _Exact(_Function):
    name = "exact"

    def text(self) -> str:
        e, rows, main, stops = self.e, self._rows, self._spec.main, self._spec.stops
        self._begin_loop()
        self._lowering.run(main.code[: main.split])
        going_on = going(self._m, self._flight, rows, stops)
        paused = self._m.any(self._m.mask_not(going_on))
        e.do(f"br i1 {paused}, label %pause, label %go, !prof !0")
        e.label("go")
        done = e.value("icmp eq i32 %k, %steps")
        e.do(f"br i1 {done}, label %pause, label %tail, !prof !0")
        e.label("pause")
        with e.inside():
            self._leave(going_on, sorted(stops.rows()))
        e.label("tail")
        self._lowering.run(main.code[main.split :])
        e.do("%following = add i32 %k, 1")
        e.do("br label %step")
        self._end_loop()
        return e.text()

    def _leave(self, going_on: Vectors, read_by_tests: list[int]) -> None:
        e, m = self.e, self._m
        for u, mask in enumerate(m.mask_not(going_on)):
            bits = e.value(f"bitcast {m.mask} {mask} to i{m.width}")
            wide = e.value(f"zext i{m.width} {bits} to i32")
            e.do(f"store i32 {wide}, ptr {self._flight.candidates(u)}, align 4")
        for r in sorted({*self._state, *read_by_tests}):
            self._rows.flush(r)
        e.do("ret i32 %k")


class _Fast(_Function):
    name = "fast"
    _n_sums = 2

    def text(self) -> str:
        e, m, rows = self.e, self._m, self._rows
        first = self._with_sizes([m.const(0.0)[:1]] * min(self._n_sums, m.n))
        self._begin_loop()
        sums = [("%" + e.fresh("z"),) for _ in first]
        self._lowering.run(self._spec.main.code)
        after = self._with_sizes(sums)
        e.do("%following = add i32 %k, 1")
        e.do("%again = icmp ult i32 %following, %steps")
        e.do("br i1 %again, label %step, label %exit")
        self._end_loop()
        for name, a, b in zip(sums, first, after, strict=True):
            self._carry(name, a, b)
        e.label("exit")
        for r in self._state:
            rows.flush(r)
        one = Arithmetic(e, m.dtype, m.width, 1, "")
        total = after[0] if len(after) == 1 else one.add(*after)
        outside = one.any(one.mask_not(one.le(total, one.splat(self._flight.number("escape2")))))
        inside = e.value(f"xor i1 {outside}, true")
        e.do("ret i32 " + e.value(f"zext i1 {inside} to i32"))
        return e.text()

    def _with_sizes(self, sums: list[Vectors]) -> list[Vectors]:
        """Sums over some vectors each, with the squared distances of the lanes' points."""
        one = Arithmetic(self.e, self._m.dtype, self._m.width, 1, "")
        sums = list(sums)
        for delta in from_center(self._m, self._flight, self._rows, self._spec.stops):
            for u, v in enumerate(delta):
                k = u % len(sums)
                sums[k] = one.fma((v,), (v,), sums[k])
        return sums
