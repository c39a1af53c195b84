"""The contract "same bits": engines, instruction sets, threads, tile widths, splits. Equality, never a tolerance."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import BEST_ISA_FIRST, ENGINES, ISAS, needs_extension
from support.programs.exact_engine import descend_exactly

import fastdescent as fd

SURFACES = list(parity.surfaces())


def share(cases: Iterable[Any], k: int) -> list[Any]:
    """All; where each run must be compiled, which takes its time, every eighth, others for other k."""
    return list(cases) if "native" in ENGINES else list(cases)[k % 8 :: 8]


def digested() -> list[tuple[str, str]]:
    """Surfaces and instruction sets: all pairs; where each run must be compiled, each surface by the best set and
    every third one by another."""
    return [
        (surface, isa)
        for k, surface in enumerate(SURFACES)
        for j, isa in enumerate(ISAS)
        if "native" in ENGINES or j == 0 or (j - k) % 3 == 0
    ]


def exactly(case: tuple[str, str, str, str], n: int, max_steps: int, reduce: Any = ()) -> fd.Descent:
    """The run of a case by the exact scalar evaluator, its ends evaluated by it too."""
    surface, optimizer, _, dtype = case
    s = parity.surfaces()[surface]
    x0, rule = parity.starts(s, n, dtype), parity.optimizers(n)[optimizer]
    return descend_exactly(s, x0, rule, max_steps=max_steps, reduce=reduce, **parity.options_of(case))


@pytest.mark.exhaustive
@pytest.mark.parametrize("surface", SURFACES)
def test_runs_equal_the_exact_scalar_evaluator(surface: str) -> None:
    for case in share((*parity.cases(), *parity.more_cases()), SURFACES.index(surface)):
        if case[0] == surface:
            assert parity.same_bits(parity.run(case, n=9, max_steps=5), exactly(case, n=9, max_steps=5)), case


@pytest.mark.exhaustive
@pytest.mark.parametrize("surface", SURFACES)
def test_reductions_equal_the_exact_scalar_evaluator_and_change_nothing(surface: str) -> None:
    for case in share(parity.reduced_cases(), SURFACES.index(surface)):
        if case[0] == surface:
            run = parity.run(case, n=9, max_steps=5, reduce=parity.REDUCTIONS)
            assert parity.same_bits(run, exactly(case, n=9, max_steps=5, reduce=parity.REDUCTIONS)), case
            assert parity.same_bits(replace(run, reduced={}), parity.run(case, n=9, max_steps=5)), case


@pytest.mark.exhaustive
@pytest.mark.parametrize(("surface", "isa"), digested())
def test_committed_digests(surface: str, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    committed = json.loads(parity.DIGESTS.read_text())
    names = (surface, f"{surface}, reduced", f"{surface}, more options")
    assert parity.digests(only=surface) == {name: committed[name] for name in names}


@pytest.mark.exhaustive
@needs_extension  # machine code that LLVM makes asks nobody for fma
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="FMA is part of AArch64")
def test_committed_digests_without_hardware_fma() -> None:
    env = os.environ | {
        "FASTDESCENT_ISA": "x86-64-v2",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX512F,-AVX2_Usable,-FMA_Usable",
    }
    out = subprocess.run(
        [sys.executable, str(Path(parity.__file__))], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(out.stdout) == json.loads(parity.DIGESTS.read_text())


@pytest.mark.parametrize("isa", BEST_ISA_FIRST)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 1000])
def test_threads_and_tile_widths(n: int, dtype: str, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", isa)
    for optimizer in ("adam-all", "linesearch", "gd-lanes", "flow"):
        for options in ("default", "free", "recorded", "wrap"):
            case = ("himmelblau", optimizer, options, dtype)
            monkeypatch.delenv("FASTDESCENT_LANES", raising=False)
            alone = parity.run(case, n, max_steps=150, n_threads=1)
            assert alone.x.shape == (n, 2)
            for n_threads in (2, 7):
                assert parity.same_bits(alone, parity.run(case, n, max_steps=150, n_threads=n_threads))
            for lanes in ("1", "5", "64", "200"):
                monkeypatch.setenv("FASTDESCENT_LANES", lanes)
                assert parity.same_bits(alone, parity.run(case, n, max_steps=150))


@pytest.mark.parametrize("cut", [1, 8, 333])
def test_splitting_the_starts(cut: int) -> None:
    s = fd.surfaces.himmelblau()
    x0 = parity.starts(s, 1000, "float64")
    whole = fd.descend(s, x0, fd.Adam(lr=0.05))
    parts = [fd.descend(s, x0[:cut], fd.Adam(lr=0.05)), fd.descend(s, x0[cut:], fd.Adam(lr=0.05), first_index=cut)]
    for k, array in enumerate(parity.arrays(whole)):
        assert array.tobytes() == b"".join(parity.arrays(p)[k].tobytes() for p in parts)


@pytest.mark.parametrize("seed", range(3))
def test_permuting_the_starts(seed: int) -> None:
    s = fd.surfaces.rosenbrock()
    order = np.random.default_rng(seed).permutation(300)
    x0 = parity.starts(s, 300, "float64")
    a, b = (fd.descend(s, p, fd.Momentum(lr=5e-4), max_steps=3000) for p in (x0, x0[order]))
    for p, q in zip(parity.arrays(a), parity.arrays(b), strict=True):
        assert p[order].tobytes() == q.tobytes()


@pytest.mark.parametrize("surface", SURFACES)
def test_asking_for_more_changes_nothing(surface: str) -> None:
    """ftol and xtol that are never met put f, and the last point, into the step; gtol takes the tests out."""
    s = parity.surfaces()[surface]
    x0 = parity.starts(s, 200, "float64")
    for radius in (None, "auto"):
        options: dict[str, Any] = {"max_steps": 40, "escape_radius": radius}
        plain = fd.descend(s, x0, fd.Momentum(lr=0.01), gtol=None, **options)
        tested = fd.descend(s, x0, fd.Momentum(lr=0.01), gtol=5e-324, **options)
        assert parity.same_bits(plain, tested) or np.any(tested.status == fd.Status.CONVERGED)
        with_f = fd.descend(s, x0, fd.Momentum(lr=0.01), gtol=None, ftol=5e-324, xtol=1e-160, **options)
        same = with_f.status != fd.Status.STALLED
        assert np.count_nonzero(same) > 100
        for p, q in zip(parity.arrays(plain), parity.arrays(with_f), strict=True):
            assert p[same].tobytes() == q[same].tobytes()
