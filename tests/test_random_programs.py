"""A thousand random Programs: every engine has the bits of the exact scalar evaluator. Equality, never a tolerance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import parity
import pytest
from available import ENGINES, ISAS
from exact_engine import ExactEngine, run_exactly
from hypothesis import HealthCheck, Phase, given, seed, settings
from random_programs import Case, cases
from random_source import DRAWS

import fastdescent as fd
from fastdescent._descent import result_of
from fastdescent._options import Options
from fastdescent._run import run_job
from fastdescent.engines import get_engine
from fastdescent.engines.jit import cache
from fastdescent.engines.jit.kernel import Shape
from fastdescent.engines.protocol import DescentJob, Ends
from fastdescent.program.opcodes import ELEMENTWISE, NUMBERS, REDUCTIONS
from fastdescent.program.program import OP

NAMES = (*ELEMENTWISE, *REDUCTIONS, *DRAWS)
N_PROGRAMS = 1250  #: about a thousand differ: Hypothesis comes back to some with other starts and options
EACH = -(-N_PROGRAMS // len(NAMES))
PHASES = (Phase.generate, Phase.shrink)


class Watched(ExactEngine):
    """Remembers which opcodes it ran."""

    def __init__(self) -> None:
        self.opcodes: set[int] = set()

    def descend(self, job: DescentJob) -> Ends:
        for section in (job.program.setup, job.program.table, job.program.lanes, job.program.main):
            self.opcodes |= set(section.code[:, OP].tolist())
        return super().descend(job)


def run_on(engine: str, case: Case, options: Options) -> fd.Descent:
    """By an engine, with the instruction set, the lanes and the vectors of the case."""

    def shape(spec: Any, dtype: str, target: Any) -> Shape:
        return Shape(dtype, target.vector_bytes // np.dtype(dtype).itemsize, *case.vectors)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTDESCENT_LANES", str(case.n_lanes))
        patch.setattr(cache, "shape_for", shape)
        options = replace(options, engine=get_engine(engine))
        return result_of(options, run_job(options))


def check(case: Case, oracle: Watched) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTDESCENT_ISA", case.isa)
        options = case.checked()
        wanted = run_exactly(options, oracle)
        for engine in ENGINES:
            found = run_on(engine, case, options)
            assert parity.same_bits(found, wanted), difference(engine, found, wanted)


def difference(engine: str, found: fd.Descent, wanted: fd.Descent) -> str:
    """What differs, for a person to read."""
    lines = [f"{engine} and the exact evaluator differ"]
    for a, b in zip(*(parity.arrays(run) + parity.kept(run) for run in (found, wanted)), strict=True):
        if a.tobytes() != b.tobytes():
            lines.append(f"{a.tolist()}, not {b.tolist()}")
    return "\n".join(lines)


@pytest.mark.parametrize("opcode", NAMES)
def test_random_programs(opcode: str) -> None:
    oracle = Watched()

    @seed(NUMBERS[opcode])
    @settings(max_examples=EACH, deadline=None, database=None, phases=PHASES, suppress_health_check=list(HealthCheck))
    @given(case=cases(opcode, ISAS))
    def search(case: Case) -> None:
        check(case, oracle)

    search()
    assert NUMBERS[opcode] in oracle.opcodes
