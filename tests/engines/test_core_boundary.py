"""What does not fit is refused at the boundary of the extension, field by field, before anything is read or written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.core_jobs import spied

import fastdescent as fd
from fastdescent.program.opcodes import ARITY, NAMES

_core = pytest.importorskip("fastdescent._core")

N, DIM = 5, 2
S = fd.surfaces.himmelblau()
X0 = np.asarray(fd.uniform(S.window, N, seed=1))
OPTIONS = {
    "max_steps": 7, "engine": "native", "xtol": 1e-9, "ftol": 1e-12, "stop_when": lambda t: t > 100, "record": 2,
    "bounds": ((-6, 6), (-6, 6)), "boundary": "stop", "keep_state": True,
}  # fmt: skip


def job_of(**options: Any) -> Any:
    """What the extension was given for a run."""
    rates = fd.repeat([0.01], N)[:, 0]
    return spied(lambda: fd.descend(S, X0, fd.Momentum(lr=rates), **(OPTIONS | options))).calls[-1][0]


JOB = job_of()
ONES = np.ones(N, np.int32)
IN_PLACE = {
    "starts": X0.copy(), "state_before": np.zeros((N, len(JOB.initial))), "t_before": np.zeros(N, np.int32),
    "status_before": np.full(N, -1, np.int8), "record_steps": np.zeros(0, np.uint32),
}  # fmt: skip


def test_a_job_that_fits_runs() -> None:
    x, nit, *_ = _core.descend(JOB)
    run = fd.descend(S, X0, fd.Momentum(lr=0.01), **OPTIONS)
    np.testing.assert_array_equal(x, run.x)
    np.testing.assert_array_equal(nit, run.nit)
    _core.descend(replace(JOB, **{k: v.copy() for k, v in IN_PLACE.items()}))


def frozen(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a.flags.writeable = False
    return a


#: field -> values that do not fit
HOSTILE: dict[str, list[Any]] = {
    "isa": ["z80", 3, ""],
    "section": [None, JOB.section.__class__, 7],
    "uniform": [JOB.uniform[:-1], np.append(JOB.uniform, 1.0), JOB.uniform.astype(np.float32), JOB.uniform[:, None],
                None],
    "table": [JOB.table[:3], JOB.table.ravel()] if JOB.table.shape[1] else [np.zeros((3, 1)), np.zeros(3)],
    "initial": [JOB.initial[:1], np.zeros(10**4), JOB.initial[None], JOB.initial.astype(np.int64)],
    "starts": [X0.ravel(), X0[:, :0], X0[:, ::-1], np.asfortranarray(X0), X0.astype(np.int32), X0[:3], X0.tolist()],
    "lane_values": [JOB.lane_values[:-1], np.zeros((N, 10**4)), JOB.lane_values.ravel()],
    "n_index": [-1, 5, 2**70, "4", 1.5],
    "x_row": [1, -1, 10**9],
    "gradient_row": [-1, 10**9, 2**40],
    "fun_row": [-2, 10**9],
    "previous_fun_row": [-2, -1, 10**9],
    "previous_x_row": [-1, 10**9],
    "moved_row": [10**9],
    "stop_row": [-7, 10**9],
    "alarm": [2, None],
    "limits": [JOB.limits[:3], np.array([np.nan, 1, 1, 1]), JOB.limits.astype(np.float32), [1.0, 2.0, 3.0, 4.0]],
    "center": [np.zeros(1), np.zeros(3), np.zeros(2, np.float32)],
    "box": [np.zeros((2, 1)), np.zeros((1, 2)), np.zeros(4)],
    "state_before": [np.zeros((N - 1, len(JOB.initial))), np.zeros((N, 1)), np.zeros(3),
                     np.zeros((N, len(JOB.initial)))],
    "t_before": [np.zeros(1, np.int32), np.zeros(N, np.int32), np.zeros(N, np.int64)],
    "status_before": [np.zeros(N, np.int8), np.zeros(1, np.int8), np.zeros(N, np.int32)],
    "record_steps": [np.array([1, 2], np.uint32), np.array([0, 5, 5], np.uint32), np.zeros(1, np.int32), None],
    "record_every": [-1, 2**32],
    "record_rows": [ONES * 0, ONES * N, ONES * -2, ONES[:-1], ONES.astype(np.int64)],
    "n_recorded": [0, -1, 2**31, 2**40],
    "most_recorded": [-1, 2**64],
    "first_index": [-1, 2**64],
    "indices": [np.zeros(1, np.uint64), np.zeros(N, np.int64)],
    "max_steps": [-1, 2**31, "many"],
    "t_last": [ONES[:2], ONES * -1, ONES * 8],
    "compiled": [np.array([3, 8, 8], np.uint64), np.array([1 << 20, 8, 8], np.uint64), np.array([8, 0, 0], np.uint64),
                 np.zeros(2, np.uint64)],
    "n_lanes": [-1, 2**40],
    "poll": [3, "x"],
    "n_threads": [0, -1, 2**40],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in HOSTILE.items() for v in values])
def test_fields_that_do_not_fit(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        _core.descend(replace(JOB, **{field: value}))


@pytest.mark.parametrize("field", [f for f in IN_PLACE if f != "record_steps"])
def test_what_is_written_to_must_be_writable_and_whole(field: str) -> None:
    good = {k: v.copy() for k, v in IN_PLACE.items()}
    for bad in (frozen(good[field]), good[field][:-1]):
        with pytest.raises(ValueError, match=r"\w"):
            _core.descend(replace(JOB, **(good | {field: bad})))
    if field == "t_before":
        with pytest.raises(ValueError, match="t_before must be from 0 to 7; it holds 8"):
            _core.descend(replace(JOB, **(good | {field: np.full(N, 8, np.int32)})))


def test_places_of_an_earlier_run_must_be_possible() -> None:
    good = {k: v.copy() for k, v in IN_PLACE.items()}
    for bad in (
        {"status_before": np.full(N, -2, np.int8)},
        {"t_before": np.full(N, 5, np.int32), "t_last": np.full(N, 2, np.int32)},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            _core.descend(replace(JOB, **(good | bad)))


def test_a_section_that_reads_t_needs_the_table() -> None:
    job = job_of(stop_when=lambda t: t >= 4)
    assert job.table.shape[1] > 0
    for table in (np.zeros((0, 0)), np.zeros((8, 0)), job.table[:3].copy()):
        with pytest.raises(ValueError, match="table"):
            _core.descend(replace(job, table=table))


def test_messages_say_what_it_must_be_and_what_it_was() -> None:
    n = JOB.uniform.size
    wanted = rf"uniform must be a C-contiguous array of float64, shape \({n},\); it is float32 of shape \({n}, 1\)"
    with pytest.raises(ValueError, match=wanted):
        _core.descend(replace(JOB, uniform=JOB.uniform.astype(np.float32)[:, None]))
    with pytest.raises(ValueError, match="a job needs section"):
        _core.descend(object())


# ---------------------------------------------------------------------- sections
def test_opcode_tables_agree() -> None:
    assert _core.opcodes() == [(name, ARITY[name]) for name in NAMES]


MAIN = S._formula.program("fun", "gradient").main
GOOD = {
    "instructions": MAIN.instructions, "strips": [], "n_rows": MAIN.n_rows, "n_uniform": MAIN.n_uniform, "split": 0,
    "inputs": [(s.offset, s.size) for s in MAIN.inputs], "outputs": [(s.offset, s.size) for s in MAIN.outputs],
}  # fmt: skip


def changed(column: int, value: int) -> np.ndarray:
    instructions = MAIN.instructions.copy()
    instructions[0, column] = value
    return instructions


@pytest.mark.parametrize(
    "changes",
    [
        {"instructions": MAIN.instructions[:, :20].copy()},
        {"instructions": MAIN.instructions.ravel()},
        *({"instructions": changed(0, op)} for op in (-1, 10**6)),
        *({"instructions": changed(1, mask)} for mask in (-1, 8)),
        *({"instructions": changed(2, n)} for n in (0, -3)),
        *({"instructions": changed(5, row)} for row in (-1, MAIN.n_rows, 2**31 - 1)),
        *({"instructions": changed(9, row)} for row in (-1, 10**6)),
        {"n_rows": 1},
        {"n_rows": 2**40},
        {"n_uniform": 0},
        {"split": 10**6},
        {"inputs": [(MAIN.n_rows, 1)]},
        {"outputs": [(0, MAIN.n_rows + 1)]},
        {"outputs": [(2**63, 2**63)]},
        {"strips": [(0, 2, 3, np.zeros(7, np.int32))]},
        {"strips": [(2, 1, 3, np.zeros(4, np.int32))]},
        {"strips": [(0, 1, 0, np.zeros(4, np.int32))]},
        {"strips": [(0, 1, 3, np.full(4, 10**6, np.int32))]},
        {"strips": [(0, 10**6, 3, np.zeros(4, np.int32))]},
    ],
)
def test_sections_that_reach_outside(changes: dict[str, Any]) -> None:
    _core.Section(**GOOD)
    with pytest.raises(ValueError, match=r"\w"):
        _core.Section(**(GOOD | changes))


def test_sections_are_copies() -> None:
    instructions = MAIN.instructions.copy()
    section = _core.Section(**(GOOD | {"instructions": instructions}))
    uniform = S._formula.program("fun", "gradient").constants
    before = _core.evaluate(
        section, isa=_core.isas()[0], uniform=uniform, inputs=[X0], n_points=N, compiled=(0, 0), n_threads=1
    )
    instructions[:] = 10**6
    after = _core.evaluate(
        section, isa=_core.isas()[0], uniform=uniform, inputs=[X0], n_points=N, compiled=(0, 0), n_threads=1
    )
    np.testing.assert_array_equal(before[0], after[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"isa": "z80"}, {"uniform": np.zeros(0)}, {"inputs": []}, {"inputs": [X0[:2]]}, {"inputs": [X0[:, :1].copy()]},
        {"inputs": [X0, X0]}, {"n_points": N + 1}, {"compiled": (3, 8)}, {"compiled": (8, 0)}, {"n_threads": 0},
    ],
)  # fmt: skip
def test_evaluations_that_do_not_fit(changes: dict[str, Any]) -> None:
    uniform = S._formula.program("fun", "gradient").constants
    good = {
        "isa": _core.isas()[0],
        "uniform": uniform,
        "inputs": [X0],
        "n_points": N,
        "compiled": (0, 0),
        "n_threads": 1,
    }
    with pytest.raises(ValueError, match=r"\w"):
        _core.evaluate(_core.Section(**GOOD), **(good | changes))


# ---------------------------------------------------------------------- endpoints
ZERO, ONE = np.zeros(1, np.int32), np.ones(1)
GATHER = {
    "x": X0, "grad_norm": np.zeros(N), "status": np.zeros(N, np.int8), "eligible": 1, "origin": np.zeros(DIM),
    "per_unit": np.ones(DIM), "n_threads": 1,
}  # fmt: skip
ASSIGN = {
    "x": X0, "grad_norm": np.zeros(N), "fun": np.zeros(N), "cell": np.zeros(N, np.int32), "candidate_of_cell": ZERO,
    "points": np.zeros((1, DIM)), "fun_at_points": ONE, "per_gradient": ONE, "radius": ONE, "certain_radius": ONE,
    "set_radius": ONE, "slack": 1.0, "inverse_width": np.ones(DIM), "n_threads": 1,
}  # fmt: skip
LABEL = {
    "x": X0, "candidate": np.zeros(N, np.int32), "nit": np.zeros(N, np.int32), "n_bins": 1, "row_of_candidate": ZERO,
    "points": np.zeros((1, DIM)), "n_threads": 1,
}  # fmt: skip
BYTES = np.zeros(2, np.int8), np.full(N, -1, np.int8), np.full(N, 99, np.int8)
NUMBERS = np.ones(1, np.int32), ZERO - 2, np.zeros(0, np.int32)
BAD_CALLS = [
    *(("gather_cells", GATHER, {"x": x}) for x in (X0.ravel(), X0[:, :0].copy())),
    *(("gather_cells", GATHER, {"status": s}) for s in BYTES),
    *(("gather_cells", GATHER, {k: np.zeros(1)}) for k in ("grad_norm", "origin", "per_unit")),
    *(("assign_members", ASSIGN, {"cell": c}) for c in (ZERO, ONES * 1, ONES * -2)),
    *(("assign_members", ASSIGN, {"candidate_of_cell": c}) for c in NUMBERS),
    *(("assign_members", ASSIGN, {"points": p}) for p in (np.zeros((2, DIM)), np.zeros((1, 1)), np.zeros(2))),
    *(("assign_members", ASSIGN, {k: np.zeros(3)}) for k in ("radius", "certain_radius", "set_radius")),
    ("assign_members", ASSIGN, {"fun_at_points": np.zeros(3)}),
    ("assign_members", ASSIGN, {"inverse_width": np.zeros(3)}),
    *(("assign_members", ASSIGN, {k: np.zeros(1)}) for k in ("grad_norm", "fun")),
    ("assign_members", ASSIGN, {"per_gradient": np.zeros(0)}),
    *(("label_endpoints", LABEL, {"candidate": c}) for c in (ZERO, ONES, ONES * -2)),
    *(("label_endpoints", LABEL, {"row_of_candidate": r}) for r in NUMBERS),
    *(("label_endpoints", LABEL, {"points": p}) for p in (np.zeros((0, DIM)), np.zeros((1, 3)))),
    *(("label_endpoints", LABEL, {"nit": k}) for k in (np.zeros(0, np.int32), np.ones(N, np.int32))),
    ("label_endpoints", LABEL, {"x": X0.ravel()}),
    *((name, good, {"n_threads": 0}) for name, good in (
        ("gather_cells", GATHER), ("assign_members", ASSIGN), ("label_endpoints", LABEL))),
    *(("uniform", {"n": 3, "seed": 0}, {"window": w}) for w in (np.zeros(2), np.zeros((2, 3)), np.zeros((0, 2)))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "good", "changes"), BAD_CALLS)
def test_endpoints_that_do_not_fit(name: str, good: dict[str, Any], changes: dict[str, Any]) -> None:
    if name != "uniform":
        getattr(_core, name)(**good)
    with pytest.raises(ValueError, match=r"\w"):
        getattr(_core, name)(**(good | changes))
