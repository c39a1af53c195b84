"""`Surface.program`: the text is that of what runs, for every instruction set, and what is missing says so."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from support import parity
from support.available import COMPILED
from support.compiled import compiled_texts, hide_architecture, hide_llvm
from support.evaluate_text import block_of, called
from support.programs.opcode_cases import DTYPES

import fastdescent as fd

HIMMELBLAU = fd.surfaces.himmelblau()
STEP = HIMMELBLAU.program(fd.GD(lr=0.01))


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the engine compiles."""
    return compiled_texts(monkeypatch)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", parity.OPTIONS)
@pytest.mark.parametrize("optimizer", ["gd", "adam-all", "gd-lanes", "linesearch"])
def test_the_text_is_that_of_what_runs(optimizer: str, options: str, dtype: str, compiled: list[str]) -> None:
    s, rule = parity.surfaces()["himmelblau"], parity.optimizers(9)[optimizer]
    x0 = parity.starts(s, 9, dtype)
    run = {k: v for k, v in parity.OPTIONS[options].items() if k not in ("record", "max_steps", "keep_state")}
    fd.descend(s, x0, rule, engine=COMPILED[0], max_steps=5, **run)
    assert s.program(rule, x0=x0, **run).llvm() == compiled[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["himmelblau", "rastrigin", "ackley", "rosenbrock"])
def test_evaluate_has_the_bits_of_the_surface(name: str, dtype: str) -> None:
    s = getattr(fd.surfaces, name)()
    x = parity.starts(s, block_of(s, dtype), dtype)
    fun, gradient = called(s.program(dtype=dtype).llvm(), s, x)
    assert fun.tobytes() == s(x).tobytes()
    assert gradient.tobytes() == s.gradient(x).tobytes()


def test_the_instruction_set_in_use_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTDESCENT_ISA", fd.info().isas[-1])
    assert STEP.llvm() == STEP.llvm(fd.info().isas[-1])
    assert STEP.assembly() == STEP.assembly(isa=fd.info().isas[-1])


@pytest.mark.parametrize(
    ("isa", "multiply"),
    [("x86-64-v4", r"vmulpd.*%zmm"), ("x86-64-v3", r"vmulpd.*%ymm"), ("x86-64-v2", r"\tmulpd.*%xmm")],
)
def test_assembly_for_each_instruction_set(isa: str, multiply: str) -> None:
    for listing in (STEP, HIMMELBLAU.program()):
        assert re.search(multiply, listing.assembly(isa))
        assert listing.llvm(isa) != listing.llvm("neon")


def test_assembly_for_another_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    for listing in (STEP, HIMMELBLAU.program()):
        assert re.search(r"fmla\s+v\d+\.2d", listing.assembly("neon"))
    hide_architecture(monkeypatch, "neon")
    with pytest.raises(ValueError, match="makes no code for z80"):
        STEP.assembly("neon")


def test_text_needs_no_llvm_but_assembly_does(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_llvm(monkeypatch)
    assert STEP.llvm("x86-64-v3").startswith("define i32 @exact(")
    with pytest.raises(ImportError, match=r"machine code needs llvmlite: pip install llvmlite"):
        STEP.assembly("x86-64-v3")


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: STEP.llvm("x86-64-v5"), ValueError, "isa must be one of x86-64-v4, .*; got 'x86-64-v5' (did you"),
        (lambda: STEP.assembly(4), TypeError, 'isa must be text such as "x86-64-v3"; got 4'),
        (lambda: HIMMELBLAU.program(fd.GD), TypeError, r"not the class GD; write fd\.GD\(\.\.\.\)"),
        (lambda: HIMMELBLAU.program(gtol=1.0), TypeError, r"gtol belongs to .*program\(fd\.GD\(lr=0\.1\), gtol="),
        (lambda: HIMMELBLAU.program(fd.GD(lr=0.1), xtoll=1.0), TypeError, r"program\(\) got an .* 'xtoll'.*xtol"),
        (lambda: HIMMELBLAU.program(dtype="int8"), ValueError, "dtype must be float64 or float32; got int8"),
        (lambda: HIMMELBLAU.program(fd.GD(lr=0.1), xtol=-1.0), ValueError, "xtol must be"),
        (lambda: HIMMELBLAU.program(fd.GD(lr=np.ones(3))), ValueError, "lr must broadcast against"),
    ],
)
def test_messages(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text.replace("(did", r"\(did")):
        call()


def test_titles() -> None:
    assert str(STEP).startswith("himmelblau: a step of GD(lr=0.01)\n  main: ")
    assert str(HIMMELBLAU.program()).startswith("himmelblau: fun and gradient\n")
