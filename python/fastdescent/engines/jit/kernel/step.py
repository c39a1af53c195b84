"""The two functions of a step Program (see `Compiled` in cpp/include/fastdescent/kernel.hpp), as LLVM IR.

Both hold the loop over steps, so that the state stays in registers. `exact` tests every point and comes back where a
lane may have to stop; `fast` tests nothing, and only sums up how far from the centre the points are.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from fastdescent.engines.jit.emit.arithmetic import Vectors
from fastdescent.engines.jit.emit.emitter import Emitter
from fastdescent.engines.jit.emit.fma import arithmetic_for
from fastdescent.engines.jit.emit.module import module_text
from fastdescent.engines.jit.emit.target import Target
from fastdescent.engines.jit.kernel.arguments import KernelArguments
from fastdescent.engines.jit.kernel.outline import Calls, comes_in_parts, part_functions
from fastdescent.engines.jit.kernel.spec import KernelSpec
from fastdescent.engines.jit.kernel.stops import Screening, StopTests, from_center
from fastdescent.engines.jit.kernel.table_rows import TimeRows
from fastdescent.engines.jit.kernel.unroll import Shape
from fastdescent.engines.jit.loops.instructions import Lowering
from fastdescent.engines.jit.loops.loops import Index, fold
from fastdescent.engines.jit.loops.rows import Rows, rows_in_memory


def kernel_text(spec: KernelSpec, shape: Shape, target: Target) -> str:
    """The module."""
    functions: list[_Exact | _Fast] = [_Exact(spec, shape, target), _Fast(spec, shape, target)]
    texts = {f"i32 @{f.name}(ptr noalias %arguments, i32 %steps)": f.text() for f in functions}
    declarations = set().union(*(f.e.declarations for f in functions))
    if comes_in_parts(spec.main, shape.dtype):
        parts, needed = part_functions(spec.main, spec.constants, shape, target)
        texts, declarations = parts | texts, declarations | needed
    return module_text(texts, declarations, target)


class _Group:
    """Some vectors of the block: their rows, and the names of their state at the loop's head."""

    def __init__(self, rows: Rows, lowering: Lowering | Calls, state: list[int]) -> None:
        self.rows, self.lowering = rows, lowering
        self.initial = {r: rows.get(r) for r in state}
        self.old: dict[int, Vectors] = {}


class _Function:
    """What both functions begin with: the rows, what is constant over the steps, the loop's head."""

    def __init__(self, spec: KernelSpec, shape: Shape, target: Target) -> None:
        self._spec = spec
        self.e = e = Emitter()
        self._arguments = arguments = KernelArguments(e, "double" if shape.dtype == "float64" else "float")
        arithmetic, huge_angle = arithmetic_for(target), arguments.pointer("huge_angle")
        self._m = m = arithmetic(e, shape.dtype, shape.width, shape.n_vectors, huge_angle)
        self._one = arithmetic(e, shape.dtype, shape.width, 1, huge_angle)
        first_table = spec.n_state + spec.n_lane
        in_memory = rows_in_memory(spec.main, 0, len(spec.main.instructions)) | spec.stops.rows_in_memory()
        in_memory |= set(range(first_table, first_table + spec.n_table))
        in_parts = comes_in_parts(spec.main, shape.dtype)
        if in_parts:
            in_memory = frozenset(range(spec.main.n_rows))
        state = [r for r in range(spec.n_state) if r not in in_memory]
        self._groups = []
        for g in range(shape.n_groups):
            rows = Rows(m, arguments.pointer("rows"), in_memory, shape.block, shape.first_lane(g))
            lowering = Lowering(m, rows, arguments.pointer("uniform"), spec.constants, target)
            self._groups.append(_Group(rows, Calls(m, g) if in_parts else lowering, state))
            for r in range(spec.n_state, first_table):
                if r not in in_memory:
                    rows.get(r)
        self._times = TimeRows(m, arguments, first_table, spec.n_table, [group.rows for group in self._groups])

    def _begin_loop(self) -> None:
        """`%k` counts the steps that were made."""
        e = self.e
        self._before = e.block
        e.do("br label %step")
        e.label("step")
        self._phis = e.hole()
        for group in self._groups:
            for r, values in group.initial.items():
                group.old[r] = tuple("%" + e.fresh("s") for _ in values)
                group.rows.put(r, group.old[r])
        self._times.fill()

    def _end_loop(self) -> None:
        """To be called in the block that goes back to the head, after `%following`, the count after this step."""
        self._phis.append(f"  %k = phi i32 [ 0, %{self._before} ], [ %following, %{self.e.block} ]")
        for group in self._groups:
            for r, names in group.old.items():
                self._carry(names, group.initial[r], group.rows.get(r))

    def _carry(self, names: Vectors, first: Vectors, after: Vectors) -> None:
        """Values that go from step to step."""
        for name, a, b in zip(names, first, after, strict=True):
            self._phis.append(f"  {name} = phi {self._m.vector} [ {a}, %{self._before} ], [ {b}, %{self.e.block} ]")


class Bounds(NamedTuple):
    """What tells that no point was far away: sums of squares, or largest magnitudes, of coordinates in turn.

    Processors multiply on one kind of unit and compare sizes on another: so both have work. For two vectors each, so
    that one need not wait for the other.
    """

    squares: Vectors
    largest: Vectors


class _Exact(_Function):
    name = "exact"

    def text(self) -> str:
        """The body."""
        e, main, stops = self.e, self._spec.main, self._spec.stops
        screening = Screening(self._one, self._arguments, stops)
        self._begin_loop()
        tests = []
        for group in self._groups:
            group.lowering.run(main, 0, main.split)
            tests.append(StopTests(self._m, self._arguments, group.rows, stops))
        done = e.value("icmp eq i32 %k, %steps")
        unsure = self._m.not_all(screening.masks(tests))
        e.do(f"br i1 {e.value(f'or i1 {unsure}, {done}')}, label %look, label %tail, !prof !0")
        e.label("look")
        with e.inside():
            staying = [mask for each in tests for mask in each.going()]
            out = e.value(f"or i1 {self._m.not_all(staying)}, {done}")
            e.do(f"br i1 {out}, label %pause, label %tail, !prof !0")
            e.label("pause")
            self._leave(staying, stops.rows())
        e.label("tail")
        for group in self._groups:
            group.lowering.run(main, main.split, len(main.instructions))
        e.do("%following = add i32 %k, 1")
        e.do("br label %step")
        self._end_loop()
        return e.text()

    def _leave(self, staying: list[str], read_by_tests: set[int]) -> None:
        e, m = self.e, self._m
        for u, mask in enumerate(staying):
            (leaving,) = self._one.mask_not((mask,))
            bits = e.value(f"bitcast {m.mask} {leaving} to i{m.width}")
            wide = e.value(f"zext i{m.width} {bits} to i32")
            e.do(f"store i32 {wide}, ptr {self._arguments.candidates(u)}, align 4")
        for group in self._groups:
            for r in sorted({*group.old, *read_by_tests}):
                group.rows.flush(r)
        e.do("ret i32 %k")


class _Fast(_Function):
    name = "fast"

    def text(self) -> str:
        """The body."""
        e, one = self.e, self._one
        first = Bounds(*(one.const(0.0) * 2,) * 2)
        for group in self._groups:
            first = self._bounds(first, group)
        self._begin_loop()
        before = Bounds(*(tuple("%" + e.fresh("z") for _ in vectors) for vectors in first))
        after = before
        for group in self._groups:
            group.lowering.run(self._spec.main, 0, len(self._spec.main.instructions))
            after = self._bounds(after, group)
        e.do("%following = add i32 %k, 1")
        e.do("%again = icmp ult i32 %following, %steps")
        e.do("br i1 %again, label %step, label %exit")
        self._end_loop()
        for names, vectors, following in zip(before, first, after, strict=True):
            self._carry(names, vectors, following)
        e.label("exit")
        for group in self._groups:
            for r in group.old:
                group.rows.flush(r)
        outside = one.not_all(one.le(self._most_distance2(after), one.splat(self._arguments.number("escape2"))))
        sure = e.value(f"xor i1 {outside}, true")
        e.do("ret i32 " + e.value(f"zext i1 {sure} to i32"))
        return e.text()

    def _bounds(self, before: Bounds, group: _Group) -> Bounds:
        """With the points where the lanes of a group are now."""

        def add(d: Index, carried: Vectors) -> Vectors:
            after, one = list(carried), self._one
            for u, v in enumerate(self._from_center(group, d)):
                k = u % 2
                if isinstance(d, int) and (u + d) % 2:
                    after[2 + k : 3 + k] = one.most_magnitude((v,), (after[2 + k],))
                else:
                    after[k : k + 1] = one.fma((v,), (v,), (after[k],))
            return tuple(after)

        after = fold(self._m, self._spec.stops.dim, before.squares + before.largest, add)
        return Bounds(after[:2], after[2:])

    def _most_distance2(self, bounds: Bounds) -> Vectors:
        """No point was farther than this. NaN where the last one is, and so where any was."""
        one, dim = self._one, self._spec.stops.dim
        largest = one.most(bounds.largest[:1], bounds.largest[1:])
        total = one.fma(
            one.mul(largest, largest), one.const(float(dim)), one.add(bounds.squares[:1], bounds.squares[1:])
        )

        def add(d: Index, sum2: Vectors, group: _Group) -> Vectors:
            for v in self._from_center(group, d):
                sum2 = one.fma((v,), (v,), sum2)
            return sum2

        for group in self._groups:
            total = fold(one, dim, total, functools.partial(add, group=group))
        return total

    def _from_center(self, group: _Group, d: Index) -> Vectors:
        return from_center(self._m, self._arguments, group.rows, self._spec.stops, d)
