"""The oracle of the parity tests: an engine that runs Programs one number at a time in exact scalar arithmetic.

Slow and obvious. It follows the pinned meaning of opcodes and stop tests, and shares no code with the C++ core.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from support.descents import descend_by

import fastdescent as fd
from fastdescent import Status
from fastdescent._base.ragged import Ragged
from fastdescent.engines.protocol import DescentJob, Ends, lane_values, table_values, uniform_values
from fastdescent.program.exact import Exact
from fastdescent.program.opcodes import ARITY, DRAWS, ELEMENTWISE, GATHER, NAMES, ONGOING, REDUCTIONS
from fastdescent.program.section import N_INNER, N_MIDDLE, N_OUTER, OP, OUT, PLACE, UNIFORM, WIDTH, A, Section


def in_order(section: Section, first: int, stop: int) -> np.ndarray:
    """Instructions `first` to `stop`, each as often as it is run."""
    code, strips, number = [], {s.first: s for s in section.strips}, first
    while number < stop:
        if number not in strips:
            code.append(section.instructions[number])
            number += 1
            continue
        s = strips[number]
        for turn in range(s.n_strips):
            for row, moves in zip(section.instructions[s.first : s.stop].copy(), s.moves, strict=True):
                row[OUT::PLACE] += turn * moves
                code.append(row)
        number = s.stop
    return np.array(code, np.int32).reshape(-1, WIDTH)


def run_code(m: Exact, code: np.ndarray, rows: list[float], uniform: list[float]) -> None:
    """Runs instructions on one lane's rows, in place."""
    for row in code.tolist():
        name = NAMES[row[OP]]
        if name in DRAWS:
            draw(m, row, rows, uniform)
            continue
        for i, h in itertools.product(range(row[N_OUTER]), range(row[N_MIDDLE])):
            terms = []
            for j in range(row[N_INNER]):
                operands = []
                for k in range(ARITY[name]):
                    source = uniform if row[UNIFORM] >> k & 1 else rows
                    operands.append(source[_place(row, A + PLACE * k, i, h, j)])
                if name == GATHER:
                    which, apart = int(min(max(0, operands[0]), row[A + 2 * PLACE] - 1)), row[A + 2 * PLACE + 1]
                    found = uniform[_place(row, A + PLACE, i, h, j) + which * apart]
                    rows[_place(row, OUT, i, h, j)] = found
                elif name in (*REDUCTIONS, *ONGOING):
                    terms.append(operands)
                else:
                    rows[_place(row, OUT, i, h, j)] = ELEMENTWISE[name](m, *operands)
            if name in (*REDUCTIONS, *ONGOING):
                rows[_place(row, OUT, i, h, 0)] = _reduced(m, name, terms)


def rows_after(section: Section, rows: list[float]) -> list[float]:
    """The rows of one lane, in float64, after a section without uniform numbers."""
    rows = list(rows)
    run_code(Exact("float64"), in_order(section, 0, len(section.instructions)), rows, [])
    return rows


def draw(m: Exact, row: list[int], rows: list[float], uniform: list[float]) -> None:
    """In float64, whatever the dtype; the results are rounded."""
    wide = Exact("float64")
    counter, key = (
        [(uniform if row[UNIFORM] >> k & 1 else rows)[_place(row, A + PLACE * k, 0, 0, j)] for j in range(row[N_INNER])]
        for k in range(2)
    )
    for i in range(row[N_OUTER]):
        for h, number in enumerate(DRAWS[NAMES[row[OP]]](wide, counter, key, i)):
            rows[_place(row, OUT, i, h, 0)] = m.const(number)


def _place(row: list[int], column: int, *index: int) -> int:
    offset, *strides = row[column : column + PLACE]
    return offset + sum(i * stride for i, stride in zip(index, strides, strict=True))


def _reduced(m: Exact, name: str, terms: list[list[float]]) -> float:
    if name in ONGOING:
        total = terms[0][-1]
        terms = [operands[:-1] for operands in terms]
    else:
        total = terms[0][0] if name == "sum" else m.mul(*terms[0])
        terms = terms[1:]
    for operands in terms:
        total = m.add(total, *operands) if len(operands) == 1 else m.fma(*operands, total)
    return total


def norm2(m: Exact, v: list[float]) -> float:
    """Sum of squares, fma in row order."""
    return _reduced(m, "dot", [[a, a] for a in v])


def deviation(values: np.ndarray) -> float:
    """Welford's recurrence."""
    m, mean, squares = Exact(values.dtype.name), 0.0, 0.0
    for k, v in enumerate(values.tolist(), 1):
        away = m.sub(v, mean)
        mean = m.add(mean, m.div(away, m.const(k)))
        squares = m.fma(away, m.sub(v, mean), squares)
    return m.sqrt(m.div(squares, m.const(len(values))))


def length(points: np.ndarray) -> float:
    """Of the path through them."""
    m, total = Exact(points.dtype.name), 0.0
    for a, b in itertools.pairwise(points.tolist()):
        total = m.add(total, m.sqrt(norm2(m, [m.sub(q, p) for p, q in zip(a, b, strict=True)])))
    return total


def rounded(values: Any, dtype: Any) -> Any:
    """Numbers of the dtype, as lists of Python's."""
    with np.errstate(over="ignore", under="ignore"):
        return values.astype(dtype).tolist()


def one_nan(array: Any) -> Any:
    """Makes every NaN the canonical one, in place."""
    array[np.isnan(array)] = np.nan
    return array


def descend_exactly(
    s: fd.Surface, x0: Any, optimizer: Any, *, engine: ExactEngine | None = None, final: bool = True, **options: Any
) -> fd.Descent:
    """`descend`: the run, f and its gradient at the ends, and reductions, all by the exact evaluator."""
    engine = engine or ExactEngine()
    run = descend_by(engine, s, x0, optimizer, final=False, **options)
    if not final:
        return run
    n = run.nit.size
    weight = 0.0 if optimizer.decouples else optimizer.hyper()["weight_decay"]
    inputs, names = {"x": run.x.reshape(n, s.dim)}, ("fun", "grad_norm")
    if np.any(weight):  # numbers, or one for each trajectory
        inputs["w"] = np.broadcast_to(np.reshape(weight, (-1, 1)), (n, s.dim)).astype(run.x.dtype)
        names = ("fun", "decayed_norm")
    program = s._formula.program(*names)
    uniform = np.array(rounded(uniform_values(engine, program, s.params), run.x.dtype), run.x.dtype)
    found = engine.evaluate(program.main, uniform, inputs, n, 1)
    fun, norm = (found[name].reshape(run.nit.shape) for name in names)
    return replace(run, fun=fun, grad_norm=norm)


class ExactEngine:
    """Implements `fastdescent.engines.protocol.Engine`."""

    name = "exact"

    def evaluate(
        self, section: Section, uniform: Any, inputs: Mapping[str, Any], n_points: int, n_threads: int
    ) -> dict[str, Any]:
        m = Exact(uniform.dtype.name)
        results = {s.name: np.empty((n_points, s.size), uniform.dtype) for s in section.outputs}
        for i in range(n_points):
            rows = [math.nan] * section.n_rows
            for s in section.inputs:
                rows[s.offset : s.stop] = np.asarray(inputs[s.name][i], uniform.dtype).tolist()
            run_code(m, in_order(section, 0, len(section.instructions)), rows, uniform.tolist())
            for s in section.outputs:
                results[s.name][i] = rows[s.offset : s.stop]
        return {name: one_nan(values) for name, values in results.items()}

    def chosen(self, job: DescentJob, n_steps: float | None = None) -> ExactEngine:
        return self

    def descend(self, job: DescentJob) -> Ends:
        dtype, n = job.starts.dtype, len(job.starts)
        uniform = uniform_values(self, job.program, job.params)
        table, lanes = (rounded(values(self, job, uniform), dtype) for values in (table_values, lane_values))
        uniform = rounded(uniform, dtype)
        assert job.state is None, "the oracle starts at the start"
        state = np.empty((n if job.keep_state else 0, len(job.initial)), dtype)
        x, nit, status = np.empty_like(job.starts), np.empty(n, np.int32), np.empty(n, np.int8)
        paths: list[list[list[float]]] = [[] for _ in range(job.record.n_rows)]
        for i in range(n):
            own = job if job.last is None else replace(job, max_steps=int(job.last[i]))
            rows, nit[i], status[i], points = self._trajectory(own, i, uniform, table, lanes[i])
            if len(job.record.steps) and (row := job.record.rows[i]) >= 0:
                paths[row] = points
            x[i] = rows[: job.starts.shape[1]]
            if job.keep_state:
                state[i] = rows
        values = np.array([point for path in paths for point in path], dtype).reshape(-1, job.starts.shape[1])
        for array in (x, state, values):
            one_nan(array)
        offsets = np.cumsum([0, *map(len, paths)], dtype=np.int64)
        return Ends(x, nit, status, state, Ragged(values, offsets))

    def _trajectory(
        self, job: DescentJob, i: int, uniform: list[float], table: list[list[float]], lane: list[float]
    ) -> tuple[list[float], int, int, list[list[float]]]:
        """The rows of state, the point first, the steps, the status, and the points to be recorded."""
        points, dim, every = [], job.starts.shape[1], job.record.every
        recorded = {*job.record.steps.tolist(), *(range(0, job.max_steps + 1, every) if every else ())}
        m, main = Exact(job.starts.dtype.name), job.program.main
        head, tail = in_order(main, 0, main.split), in_order(main, main.split, len(main.instructions))
        rows = [math.nan] * main.n_rows
        n_state = job.program.n_state
        rows[:n_state] = np.asarray(job.initial, job.starts.dtype).tolist()
        rows[: job.starts.shape[1]] = job.starts[i].tolist()
        number = job.first_index + i if job.indices is None else int(job.indices[i])
        lane = lane + [float(number >> 16 * k & 0xFFFF) for k in range(job.program.n_index)]
        rows[n_state : n_state + len(lane)] = lane
        for t in range(job.max_steps + 1):
            if table[0]:
                rows[n_state + len(lane) : n_state + len(lane) + len(table[t])] = table[t]
            run_code(m, head, rows, uniform)
            status = self._status(m, job, rows, t)
            if t in recorded or status is not None:
                points.append(rows[:dim])
            if status is not None:
                return rows[:n_state], t, status, points
            run_code(m, tail, rows, uniform)
        raise AssertionError("MAX_STEPS ends every trajectory")

    def _status(self, m: Exact, job: DescentJob, rows: list[float], t: int) -> int | None:
        """The pinned order of the tests."""
        slots = {s.name: s for s in (*job.program.state, *job.program.main.outputs)}

        def values(name: str) -> list[float]:
            return rows[slots[name].offset : slots[name].stop]

        x, g, limits = values("x"), values("gradient"), job.limits
        f = values("fun") if "fun" in slots else [0.0]
        x_finite, slope_finite = all(map(math.isfinite, x)), all(map(math.isfinite, g + f))
        center = np.asarray(limits.center, job.starts.dtype).tolist()
        away = norm2(m, [m.sub(a, c) for a, c in zip(x, center, strict=True)])
        outside = not x_finite
        if limits.escape_radius is not None:
            outside = outside or away > self._square(m, limits.escape_radius)
        if limits.alarm and outside:
            return -2
        if x_finite and not slope_finite:
            return Status.UNDEFINED
        if outside:
            return Status.DIVERGED
        if limits.box is not None:
            low, high = np.asarray(limits.box, job.starts.dtype).tolist()
            if not all(lo <= a <= hi for lo, a, hi in zip(low, x, high, strict=True)):
                return Status.LEFT_BOX
        if limits.gtol is not None and norm2(m, g) <= self._square(m, limits.gtol):
            return Status.CONVERGED
        if "moved" in slots and values("moved")[0] != 0:
            if limits.xtol is not None:
                step = norm2(m, [m.sub(a, p) for a, p in zip(x, values("previous_x"), strict=True)])
                if step <= self._square(m, limits.xtol):
                    return Status.STALLED
            if limits.ftol is not None and abs(m.sub(f[0], values("previous_fun")[0])) <= m.const(limits.ftol):
                return Status.STALLED
        if "stop" in slots and values("stop")[0] != 0:
            return Status(int(values("stop")[0]))
        return Status.MAX_STEPS if t == job.max_steps else None

    @staticmethod
    def _square(m: Exact, tolerance: float) -> float:
        return m.mul(m.const(tolerance), m.const(tolerance))
