"""What code is generated for: a level of instruction sets, never the host's name, which virtual machines misreport."""

from __future__ import annotations

from dataclasses import dataclass

from fastdescent._base.checks import nearest, shown


@dataclass(frozen=True)
class Target:
    """LLVM's name of a processor, bytes of a vector, and attributes of functions."""

    cpu: str
    vector_bytes: int
    n_registers: int
    has_fma: bool = True
    architectures: tuple[str, ...] = ("x86_64",)  #: names that LLVM has for it
    attributes: str = ""


TARGETS = {
    # LLVM chooses 256-bit vectors on AVX-512 machines unless told.
    "x86-64-v4": Target("x86-64-v4", 64, 32, attributes='"prefer-vector-width"="512" "min-legal-vector-width"="512"'),
    "x86-64-v3": Target("x86-64-v3", 32, 16),
    "x86-64-v2": Target("x86-64-v2", 16, 16, has_fma=False),
    "neon": Target("generic", 16, 32, architectures=("aarch64", "arm64")),
}


def target_of(isa: str) -> Target:
    """The target for an instruction set.

    Raises
    ------
    TypeError, ValueError
        Where `isa` is not the name of one.
    """
    if not isinstance(isa, str):
        raise TypeError(f'isa must be text such as "x86-64-v3"; got {shown(isa)}')
    if isa not in TARGETS:
        raise ValueError(f"isa must be one of {', '.join(TARGETS)}; got {isa!r}{nearest(isa, TARGETS)}")
    return TARGETS[isa]
