"""Long programs as many short functions: LLVM's time grows faster than the length of a function.

Rows stand in memory between the functions; within one, what was loaded or computed is still known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fastdescent.engines.jit.emit.arithmetic import Arithmetic
from fastdescent.engines.jit.emit.emitter import Emitter
from fastdescent.engines.jit.emit.fma import arithmetic_for
from fastdescent.engines.jit.emit.target import Target
from fastdescent.engines.jit.kernel.arguments import KernelArguments
from fastdescent.engines.jit.kernel.unroll import Shape
from fastdescent.engines.jit.loops.cost import n_written
from fastdescent.engines.jit.loops.instructions import Lowering
from fastdescent.engines.jit.loops.loops import iterate
from fastdescent.engines.jit.loops.rows import Rows, rows_in_memory
from fastdescent.program.section import FloatArray, Section, Strips

_MOST_WHOLE = 4000  #: operations, as they are written, of a section that stays in one piece
_PART = 800  #: of a part, about


class Part(NamedTuple):
    """Instructions of one function; of strips, where `in_strips`."""

    first: int
    stop: int
    in_strips: bool

    def name(self, group: int) -> str:
        """Of the function for a group of vectors."""
        return f"part{self.first}_{group}"


def comes_in_parts(section: Section, dtype: str) -> bool:
    """Whether a section is too long for one function."""
    return sum(n_written(row, dtype) for row in section.instructions.tolist()) > _MOST_WHOLE


def _parts(section: Section, dtype: str) -> Iterator[Part]:
    """All of a section, cut at the stop test, at the ends of strips, and where a part is long enough."""
    ends = {section.split, len(section.instructions)} | {end for s in section.strips for end in (s.first, s.stop)}
    repeated = section.repeats() > 1
    first, n = 0, 0
    for k, row in enumerate(section.instructions.tolist()):
        n += n_written(row, dtype)
        if n > _PART or k + 1 in ends:
            yield Part(first, k + 1, bool(repeated[first]))
            first, n = k + 1, 0


def part_functions(
    section: Section, constants: FloatArray, shape: Shape, target: Target
) -> tuple[dict[str, str], set[str]]:
    """Signatures and bodies of all parts, for all groups of vectors, and what they declare."""
    texts, declarations = {}, set[str]()
    for part in _parts(section, shape.dtype):
        for group in range(shape.n_groups):
            e = Emitter()
            arguments = KernelArguments(e, "double" if shape.dtype == "float64" else "float")
            m = arithmetic_for(target)(e, shape.dtype, shape.width, shape.n_vectors, arguments.pointer("huge_angle"))
            in_memory = rows_in_memory(section, part.first, part.stop)
            rows = Rows(
                m, arguments.pointer("rows"), in_memory, shape.block, shape.first_lane(group), write_through=True
            )
            lowering = Lowering(m, rows, arguments.pointer("uniform"), constants, target)
            lowering.run_strip(section, part.first, part.stop, "%strip" if part.in_strips else 0)
            e.do("ret void")
            texts[f"internal void @{part.name(group)}(ptr noalias %arguments, i64 %strip)"] = e.text()
            declarations |= e.declarations
    return texts, declarations


class Calls:
    """Does what `Lowering` does, by calls of the parts of a section."""

    def __init__(self, m: Arithmetic, group: int) -> None:
        self._m, self._group = m, group

    def run(self, section: Section, first: int, stop: int) -> None:
        """Emits calls for instructions `first` to `stop`; those of strips in loops over their turns."""
        parts = [part for part in _parts(section, self._m.dtype) if first <= part.first < stop]
        strips = {part.first: s for part in parts for s in section.strips if s.first <= part.first < s.stop}
        for part in parts:
            around = strips.get(part.first)
            if around is None:
                self._call(part, 0)
            elif part.first == around.first:
                self._strip(around, [p for p in parts if strips.get(p.first) is around])

    def _strip(self, strips: Strips, parts: list[Part]) -> None:
        with iterate(self._m, strips.n_strips) as strip:
            for part in parts:
                self._call(part, strip)

    def _call(self, part: Part, strip: int | str) -> None:
        self._m.emitter.do(f"call void @{part.name(self._group)}(ptr %arguments, i64 {strip})")
