"""Looks that a run pauses for: what is measured at points every so many steps, and at the ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._run.at_points import Evaluation
from fastdescent._run.job import own_params, state_columns
from fastdescent._run.options import Options
from fastdescent.engines.protocol import Live
from fastdescent.program.program import Program
from fastdescent.program.section import Section
from fastdescent.program.step.looks import Look
from fastdescent.program.step.sharpness import MOST_VECTORS

Array = npt.NDArray[Any]
_NUMBERS_AT_ONCE = 1 << 23  #: in the arrays of one look: 64 MiB


class Looks:
    """The looks of a run, and the Programs that they evaluate."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._evaluations: dict[Section, Evaluation] = {}
        numbered = [(k, r) for k, r in enumerate(options.reductions) if isinstance(r, Look)]
        columns = state_columns(options) if numbered else {}
        #: each with its columns of the state: what it remembers, and the value
        self._looks: list[tuple[Look, slice, slice]] = []
        for k, look in numbered:
            own = [columns[f"reduce{k}.{j}"] for j in range(len(look.initial(options.surface.dim)))]
            self._looks.append((look, own[0] if len(own) > 1 else slice(0, 0), own[-1]))

    def take(self, live: Live, t: int) -> None:
        """Those that are due at step t, of trajectories that stand there."""
        due = [look for look in self._looks if t % look[0].every == 0]
        rows = np.flatnonzero(live.nit == t) if due else np.zeros(0, np.intp)
        for look, remembered, kept in due:
            for some in self._parts(rows):
                value, memory = self._measured(look, some, live.x[some], live.state[some, remembered], t == 0)
                live.state[some, remembered] = memory
                live.state[some, kept] = look.taken(value, live.state[some, kept], t == 0)

    def results(self, x: Array, nit: npt.NDArray[np.int32], state: Array) -> dict[str, Array]:
        """The results of all looks by name, (n, 1): those at the ends are taken now, and leave the state alone."""
        results = {}
        for look, remembered, kept in self._looks:
            value = state[:, kept].copy()
            for some in self._parts(np.flatnonzero(nit % look.every)):
                end, _ = self._measured(look, some, x[some], state[some, remembered], False)
                value[some] = look.taken(end, value[some], False)
            results[look.name] = look.concluded(value, nit)
        return results

    def _measured(
        self, look: Look, rows: npt.NDArray[np.intp], x: Array, memory: Array, anew: bool
    ) -> tuple[Array, Array]:
        """Of the trajectories `rows`, which are at x."""

        def evaluated(program: Program, inputs: Mapping[str, Array]) -> dict[str, Array]:
            return self._evaluation(program)(inputs, rows)

        return look.measured(evaluated, self._options.surface._formula, x, memory, anew)

    def _evaluation(self, program: Program) -> Evaluation:
        options = self._options
        if program.main not in self._evaluations:
            params = {**options.surface.params, **own_params(options)}
            self._evaluations[program.main] = Evaluation(options, program, params)
        return self._evaluations[program.main]

    def _parts(self, rows: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
        """So many rows at once that what is measured has room."""
        dim = self._options.surface.dim
        step = max(1, _NUMBERS_AT_ONCE // (dim * (MOST_VECTORS + dim)))
        return (rows[k : k + step] for k in range(0, len(rows), step))
