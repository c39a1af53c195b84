"""What code is generated for: a level of instruction sets, never the host's name, which virtual machines misreport."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """LLVM's name of a processor, bytes of a vector, and attributes of functions."""

    cpu: str
    vector_bytes: int
    n_registers: int
    attributes: str = ""


TARGETS = {
    # LLVM chooses 256-bit vectors on AVX-512 machines unless told.
    "x86-64-v4": Target("x86-64-v4", 64, 32, '"prefer-vector-width"="512" "min-legal-vector-width"="512"'),
    "x86-64-v3": Target("x86-64-v3", 32, 16),
    "neon": Target("generic", 16, 32),
}


def target_of(isa: str) -> Target:
    """The target for an instruction set of the core; none without fma in hardware, where LLVM would call a library."""
    if isa not in TARGETS:
        raise ValueError(f"it needs fused multiply-add in hardware, which {isa} has not")
    return TARGETS[isa]
