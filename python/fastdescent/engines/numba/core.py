"""The functions of the extension `fastdescent._core`, with the same names, arguments and results, by Numba.

Each imports what it needs when it is called, after `import_numba`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastdescent.engines.core_job import CoreJob
from fastdescent.engines.numba.importing import import_numba
from fastdescent.engines.numba.memory import given
from fastdescent.program import section

_POINTS_AT_ONCE = 1 << 16  #: a call of so many is over in milliseconds: Ctrl-C is looked at between calls
_FIRST_CELLS = 1 << 10


def isas() -> list[str]:
    """The instruction sets that this machine runs, the best one first."""
    from fastdescent.engines.jit.compile.llvm import host_isas

    return list(host_isas())


def uniform(
    window: npt.NDArray[np.float64], n: int, seed: int, first: int = 0, n_threads: int = 1
) -> npt.NDArray[np.float64]:
    """Random points first, first + 1, ... of a window, (n, dim)."""
    import_numba()
    from fastdescent.engines.numba.entries import ENTRIES

    out = np.empty((n, len(window)))
    for begin, part in _parts(n):
        ENTRIES.uniform.alone(given(window), np.uint64((first + begin) % 2**64), np.uint64(seed), out[part])
    return out


class Section(NamedTuple):
    """A section as `evaluate` and `descend` take it. The verifier has checked it."""

    instructions: npt.NDArray[np.int32]
    strips: Sequence[tuple[int, int, int, npt.NDArray[np.int32]]]
    n_rows: int
    n_uniform: int
    split: int
    inputs: Sequence[tuple[int, int]]
    outputs: Sequence[tuple[int, int]]

    def named(self) -> section.Section:
        """As the compiler knows it."""
        ins, outs = (
            tuple(section.Slot(f"{k}", *slot) for k, slot in enumerate(slots)) for slots in (self.inputs, self.outputs)
        )
        strips = tuple(section.Strips(*each) for each in self.strips)
        return section.Section(self.instructions, self.n_rows, self.n_uniform, ins, outs, self.split, strips)


def evaluate(
    section: Section,
    *,
    isa: str,
    uniform: npt.NDArray[Any],
    inputs: Sequence[npt.NDArray[Any]],
    n_points: int,
    compiled: tuple[int, int],
    n_threads: int,
) -> list[npt.NDArray[Any]]:
    """The outputs of a section for all points, each (n_points, size)."""
    import_numba()
    from fastdescent.engines.numba.section import evaluate_section

    return evaluate_section(section.named(), isa, uniform, inputs, n_points, n_threads)


def descend(job: CoreJob) -> tuple[Any, ...]:
    """Runs trajectories to their ends."""
    import_numba()
    from fastdescent.engines.numba.descend import descend

    return descend(job)


def gather_cells(
    *,
    x: npt.NDArray[Any],
    grad_norm: npt.NDArray[np.float64],
    status: npt.NDArray[np.int8],
    eligible: int,
    origin: npt.NDArray[np.float64],
    per_unit: npt.NDArray[np.float64],
    n_threads: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The cell of each point; points and representative of each cell."""
    import_numba()
    from fastdescent.engines.numba.entries import ENTRIES
    from fastdescent.engines.numba.geometry import EndpointSet

    n, dim = x.shape
    ends = EndpointSet(given(x), given(grad_norm), given(np.zeros(0)), given(status), eligible)
    grid = given(np.stack([origin, per_unit]))
    table = _table(_FIRST_CELLS, dim)
    key, cell = np.empty(dim, np.int32), np.empty(n, np.int32)
    for begin, part in _parts(n):
        done = begin
        while (done := ENTRIES.gather.alone(ends, grid, table, key, cell, done, part.stop)) < part.stop:
            larger = _table(2 * len(table.keys), dim)
            ENTRIES.move.alone(table, larger)
            table = larger
    found = slice(int(table.n[0]))
    return cell, table.n_points[found].copy(), table.representative[found].copy()


def assign_members(
    *,
    x: npt.NDArray[Any],
    grad_norm: npt.NDArray[np.float64],
    fun: npt.NDArray[np.float64],
    cell: npt.NDArray[np.int32],
    candidate_of_cell: npt.NDArray[np.int32],
    points: npt.NDArray[np.float64],
    fun_at_points: npt.NDArray[np.float64],
    per_gradient: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    certain_radius: npt.NDArray[np.float64],
    set_radius: npt.NDArray[np.float64],
    slack: float,
    inverse_width: npt.NDArray[np.float64],
    n_threads: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Replaces cells by candidates; points of each candidate, and those that are undecided."""
    import_numba()
    from fastdescent.engines.numba.entries import ENTRIES
    from fastdescent.engines.numba.geometry import Candidates, EndpointSet

    ends = EndpointSet(given(x), given(grad_norm), given(fun), given(np.zeros(0, np.int8)), 0)
    candidates = Candidates(
        given(candidate_of_cell), given(points), given(fun_at_points), given(per_gradient), given(radius),
        given(certain_radius), given(set_radius), float(slack), given(inverse_width),
    )  # fmt: skip
    count, undecided, parts = np.zeros(len(per_gradient), np.int64), np.empty(_POINTS_AT_ONCE, np.int64), []
    for begin, part in _parts(len(x)):
        n_undecided = ENTRIES.assign.alone(ends, candidates, cell, count, undecided, begin, part.stop)
        parts.append(undecided[:n_undecided].copy())
    return count, np.concatenate([np.zeros(0, np.int64), *parts])


def label_endpoints(
    *,
    x: npt.NDArray[Any],
    candidate: npt.NDArray[np.int32],
    nit: npt.NDArray[np.int32],
    n_bins: int,
    row_of_candidate: npt.NDArray[np.int32],
    points: npt.NDArray[np.float64],
    n_threads: int,
) -> tuple[
    npt.NDArray[np.int32], npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]
]:
    """Row and distance of each point; points and steps of each row, and a histogram of these steps."""
    import_numba()
    from fastdescent.engines.numba.entries import ENTRIES
    from fastdescent.engines.numba.geometry import Labels

    n = len(x)
    labels = Labels(given(candidate), given(nit), np.empty(n, np.int32), np.empty(n))
    totals = np.zeros((2 + n_bins, len(points)), np.int64)
    for begin, part in _parts(n):
        ENTRIES.label.alone(given(x), given(row_of_candidate), given(points), labels, totals, begin, part.stop)
    return labels.label, labels.moved, totals[0].copy(), totals[1].copy(), totals[2:].T.ravel()


def _parts(n: int) -> list[tuple[int, slice]]:
    return [(begin, slice(begin, min(begin + _POINTS_AT_ONCE, n))) for begin in range(0, n, _POINTS_AT_ONCE)]


def _table(most: int, dim: int) -> Any:
    from fastdescent.engines.numba.geometry import Table

    return Table(
        slots=np.full(2 * most, -1, np.int32),
        keys=np.empty((most, dim), np.int32),
        n_points=np.zeros(most, np.int64),
        representative=np.full(most, -1, np.int64),
        least_norm=np.full(most, np.inf),
        n=np.zeros(1, np.int64),
    )


def opcodes() -> list[tuple[str, int]]:
    """Names and numbers of operands, in the order of their codes."""
    from fastdescent.program.opcodes import ARITY, NAMES

    return [(name, ARITY[name]) for name in NAMES]


def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Four random words of 32 bits."""
    import_numba()
    from fastdescent.engines.numba.philox import philox

    words = (np.uint64(word) for word in (*counter, *key))
    interpreted: Any = philox.py_func  # type: ignore[attr-defined]
    return [int(word) for word in interpreted(*words)]
