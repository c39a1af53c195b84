"""Compiled code on rows as far from the first one as a Program may have them, where bytes are more than 32 bits count.

Only pages that are touched take up memory. cpp/tests has the same for the interpreter.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import COMPILED, ISAS, USUAL
from support.programs.instruction_rows import spread

import fastdescent as fd
from fastdescent.engines.core_engine import CoreEngine
from fastdescent.engines.protocol import uniform_values
from fastdescent.engines.registry import get_engine
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.views import View
from fastdescent.program.layout.stages import compile_function
from fastdescent.program.verify.program import MOST_ROWS, MOST_UNIFORM, InvalidProgram, verify_section

pytestmark = pytest.mark.exhaustive

numba_only = pytest.mark.skipif("numba" not in COMPILED, reason="the engine numba alone takes its memory from NumPy")


def spread_step(program: Any) -> Any:
    kept = max(slot.stop for slot in program.main.inputs)
    return replace(program, main=spread(program.main, kept, MOST_ROWS))


@pytest.fixture
def sparse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Large arrays of the engine numba are files with holes. Their sizes, in bytes."""
    from fastdescent.engines.numba import descend, section
    from fastdescent.engines.numba.memory import aligned

    sizes: list[int] = []

    def mapped(shape: tuple[int, ...], dtype: Any) -> Any:
        if shape[0] < MOST_ROWS:
            return aligned(shape, dtype)
        rows = np.memmap(tmp_path / f"rows{len(sizes)}", dtype, "w+", shape=shape)
        sizes.append(rows.nbytes)
        return rows.view(np.ndarray)

    monkeypatch.setattr(descend, "aligned", mapped)
    monkeypatch.setattr(section, "aligned", mapped)
    return sizes


CASES = {
    "loops": (fd.surfaces.rastrigin(dim=20), fd.Adam(lr=0.02), {}),
    "products": (fd.surfaces.mlp((2, 3, 1), "tanh", data=parity.NETWORK_DATA, loss="logistic"), fd.GD(lr=0.1), {}),
    "tests": (fd.surfaces.rosenbrock(dim=3), fd.LineSearch(), {"xtol": 1e-3, "ftol": 1e-3, "gtol": 0.1}),
    "schedule": (fd.surfaces.himmelblau(), fd.SGD(lr=lambda t: 0.01 / (1 + t), momentum=0.5), {"noise": 0.1}),
}


@numba_only
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_steps_on_far_rows_have_the_same_bits(
    case: str, dtype: str, sparse: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    s, optimizer, options = CASES[case]
    x0 = parity.starts(s, 70, dtype)
    near = fd.descend(s, x0, optimizer, max_steps=9, engine=USUAL, n_threads=1, **options)

    def descend(engine: CoreEngine, job: Any) -> Any:
        return as_it_is(engine, replace(job, program=spread_step(job.program)))

    as_it_is = CoreEngine.descend
    monkeypatch.setattr(CoreEngine, "descend", descend)
    far = fd.descend(s, x0, optimizer, max_steps=9, engine="numba", n_threads=1, **options)
    assert min(sparse) >= 1 << 31
    assert parity.same_bits(near, far)


@numba_only
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_points_on_far_rows_have_the_same_bits(case: str, dtype: str, sparse: list[int]) -> None:
    from fastdescent.engines.numba.section import evaluate_section

    s = CASES[case][0]
    program, x = s._formula.program("fun", "gradient"), parity.starts(s, 50, dtype)
    uniform = uniform_values(get_engine(USUAL), program, s.params).astype(dtype)
    near = get_engine(USUAL).evaluate(program.main, uniform, {"x": x}, len(x), 1)
    section = spread(program.main, s.dim, MOST_ROWS)
    verify_section(section, len(uniform))
    far = evaluate_section(section, ISAS[0], uniform, [x], len(x), 1)
    assert min(sparse) >= 1 << 31
    assert [a.tobytes() for a in near.values()] == [a.tobytes() for a in far]


def test_what_instructions_cannot_reach_is_refused() -> None:
    section = fd.surfaces.sphere()._formula.program("fun").main
    with pytest.raises(InvalidProgram, match=r"134217729 rows are out of range: a section has at most 134217728"):
        verify_section(replace(section, n_rows=MOST_ROWS + 1), section.n_uniform)
    too_many = r"2147483648 constants and parameters are out of range: instructions reach 2147483647"
    with pytest.raises(InvalidProgram, match=too_many):
        verify_section(replace(section, n_uniform=MOST_UNIFORM + 1), MOST_UNIFORM + 1)
    b = Builder()
    x, a = b.graph.leaf("input", "x", (1,)), b.graph.leaf("param", "a", (MOST_UNIFORM + 1,))
    with pytest.raises(InvalidProgram, match=too_many):
        compile_function(b, [("x", x)], [("y", b.mul(x, b.place(a, View(MOST_UNIFORM, (1,), (1,)))))])
