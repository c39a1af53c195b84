"""Sections: compiled, and points put through them on threads."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from threading import Event

import numpy as np
import numpy.typing as npt

from fastdescent.engines.jit.compile.sections import compiled_section
from fastdescent.engines.numba.angles import huge_angle_address
from fastdescent.engines.numba.arguments import KernelArguments
from fastdescent.engines.numba.entries import ENTRIES
from fastdescent.engines.numba.evaluating import Evaluation, Points
from fastdescent.engines.numba.layout import Reals
from fastdescent.engines.numba.memory import aligned, given
from fastdescent.engines.numba.threads import run_threads
from fastdescent.program.section import Section, Slot

_POINTS_AT_ONCE = 1 << 14
_WORK_OF_A_THREAD = 1 << 20  #: instructions times points: less is done here and now


def evaluate_section(
    section: Section, isa: str, uniform: Reals, inputs: Sequence[Reals], n_points: int, n_threads: int
) -> list[Reals]:
    """The outputs, each (n_points, size)."""
    dtype = uniform.dtype
    input_rows, output_rows = _rows(section.inputs), _rows(section.outputs)
    points = Points(
        given(np.concatenate([np.empty((n_points, 0), dtype), *inputs], axis=1)),
        np.empty((n_points, len(output_rows)), dtype),
    )
    compiled = compiled_section(section, dtype.name, isa)
    huge_angle = huge_angle_address(section.instructions, dtype.name, compiled.width)
    firsts = itertools.count(0, _POINTS_AT_ONCE)

    def evaluation() -> tuple[Evaluation, KernelArguments]:
        rows = aligned((section.n_rows, compiled.block), dtype)
        arguments = KernelArguments.of(dtype, rows=rows, uniform=uniform, huge_angle=huge_angle)
        return Evaluation(compiled.function, arguments.address, rows, input_rows, output_rows), arguments

    is_little = len(section.instructions) * n_points < _WORK_OF_A_THREAD
    n_threads = 1 if is_little else min(n_threads, -(-n_points // _POINTS_AT_ONCE))
    crew = [evaluation() for _ in range(n_threads)]
    ENTRIES.evaluate.ready(dtype, crew[0][0], points, 0, n_points)

    def work(k: int, cancelled: Event) -> None:
        while not cancelled.is_set() and (first := next(firsts)) < n_points:
            ENTRIES.evaluate(crew[k][0], points, first, min(first + _POINTS_AT_ONCE, n_points))

    if is_little:
        work(0, Event())
    else:
        run_threads(work, n_threads, lambda: True)
    ends = np.cumsum([0, *(slot.size for slot in section.outputs)])
    return [np.ascontiguousarray(points.outputs[:, a:b]) for a, b in itertools.pairwise(ends)]


def _rows(slots: tuple[Slot, ...]) -> npt.NDArray[np.int64]:
    return np.array([row for slot in slots for row in range(slot.offset, slot.stop)], dtype=np.int64)
