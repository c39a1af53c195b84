"""Compiled steps are loops over whole vectors: no calls, no scalar arithmetic, no half vectors, few spills."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.compiled import VECTOR_BYTES, force_vectors
from support.programs.machine_code import Loop, loops
from support.programs.opcode_cases import DTYPES

import fastdescent as fd

pytestmark = pytest.mark.exhaustive

WIDE = ("x86-64-v4", "x86-64-v3")
FUNCTIONS = ("exact", "fast")
#: Of himmelblau, in a step. Six vectors in 16 registers are fastest although each of them is stored up to five times.
MOST_SPILLS = {"x86-64-v4": 0, "x86-64-v3": 30}


def himmelblau(dtype: str) -> Any:
    return fd.surfaces.himmelblau().program(fd.GD(lr=0.01), dtype=dtype)


def rastrigin(dtype: str) -> Any:
    return fd.surfaces.rastrigin().program(fd.Adam(lr=0.01), dtype=dtype)


def rosenbrock(dtype: str) -> Any:
    """All stop tests."""
    box = {"bounds": ((-3, 3), (-2, 4)), "boundary": "stop"}
    return fd.surfaces.rosenbrock().program(fd.Momentum(lr=1e-4), xtol=1e-9, ftol=1e-12, dtype=dtype, **box)


CASES = {f.__name__: f for f in (himmelblau, rastrigin, rosenbrock)}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("isa", WIDE)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_steps_are_loops_over_whole_vectors(case: str, dtype: str, isa: str, function: str) -> None:
    found = loops(CASES[case](dtype).assembly(isa), function)
    assert found
    for loop in found:
        assert not loop.faults(VECTOR_BYTES[isa], dtype)
        if case == "himmelblau":
            assert len(loop.spills) <= MOST_SPILLS[isa], loop.spills


@pytest.mark.parametrize("isa", VECTOR_BYTES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_nothing_outside_is_called(case: str, dtype: str, isa: str) -> None:
    """Machine code is given the one function that it calls, that of huge angles, by address."""
    listing = CASES[case](dtype)
    declared = re.findall(r"^declare .*?@([\w.]+)", listing.llvm(isa), re.M)
    assert declared
    assert all(name.startswith("llvm.") for name in declared)
    text = listing.assembly(isa)
    called = set(re.findall(r"^\s+(?:callq?|bl|jmp|b)\s+([A-Za-z_][\w.]*)|\$([A-Za-z_][\w.]*)", text, re.M))
    assert {name for names in called for name in names if name} <= set(re.findall(r"^([\w.]+):", text, re.M))


# ---------------------------------------------------------------------- the tests above can fail
def faults(text: str, isa: str, function: str = "exact", dtype: str = "float64") -> set[str]:
    """Kinds of faults."""
    (loop,) = loops(text, function)
    return {fault.split(":")[0] for fault in loop.faults(VECTOR_BYTES[isa], dtype)}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_half_vectors_are_noticed(dtype: str, function: str) -> None:
    assert faults(himmelblau(dtype).assembly("x86-64-v3"), "x86-64-v4", function, dtype) == {"narrow"}


def test_calls_are_noticed() -> None:
    assert faults(himmelblau("float64").assembly("x86-64-v2"), "x86-64-v3") == {"call", "narrow"}


@pytest.mark.parametrize("isa", WIDE)
def test_scalar_arithmetic_and_other_dtypes_are_noticed(isa: str) -> None:
    text = himmelblau("float64").assembly(isa)
    assert faults(text, isa) == set()
    assert faults(text.replace("vmulpd", "vmulsd"), isa) == {"scalar"}
    assert faults(re.sub(r"(v\w+)pd\b", r"\1sd", text), isa) == {"scalar", "no vectors"}
    assert faults(text, isa, dtype="float32") == {"other dtype"}
    assert faults(text.replace("vaddpd", "vaddps"), isa) == {"other dtype"}


def test_spills_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    force_vectors(monkeypatch, 8, 2)
    (loop,) = loops(himmelblau("float64").assembly("x86-64-v3"), "exact")
    assert len(loop.spills) > 2 * MOST_SPILLS["x86-64-v3"]


@pytest.mark.parametrize("isa", WIDE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_spills_do_not_cross_cache_lines(dtype: str, isa: str) -> None:
    text = fd.surfaces.rosenbrock(dim=10).program(fd.Momentum(lr=1e-4), dtype=dtype).assembly(isa)
    for function in FUNCTIONS:
        (loop,) = loops(text, function)
        assert loop.spills
        assert not loop.unaligned_spills


OUT_OF_LINE = """
f:
    movq (%rdi), %rax
.L1:
    vmulpd %ymm0, %ymm1, %ymm2  # a comment
    jne .L3
.L2:
    vmovupd %ymm2, -32(%rsp)
    cmpl %eax, %esi
    jb .L1
    vaddsd %xmm0, %xmm0, %xmm0
    retq
.L3:
    callq *%rbx
    jmp .L2
.Lfunc_end0:
"""


def test_what_is_a_loop() -> None:
    (loop,) = loops(OUT_OF_LINE, "f")
    hot = "vmulpd %ymm0, %ymm1, %ymm2", "jne .L3", "vmovupd %ymm2, -32(%rsp)", "cmpl %eax, %esi", "jb .L1"
    assert loop == Loop(hot)
    assert loop.spills == ["vmovupd %ymm2, -32(%rsp)"]
    assert loop.faults(32, "float64") == []
    in_line = OUT_OF_LINE.replace("jne .L3", "callq *%rbx")
    assert loops(in_line, "f")[0].faults(32, "float64") == ["call: callq *%rbx"]
    assert loops(OUT_OF_LINE.replace("jb .L1", "nop"), "f") == []
