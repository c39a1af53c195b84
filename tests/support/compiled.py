"""What the engine "jit" keeps of compiled code and how it compiles, for tests that look on or change it."""

from __future__ import annotations

import sys
import weakref
from dataclasses import replace
from typing import Any

import pytest

from fastdescent._run import listing
from fastdescent.engines import host
from fastdescent.engines.jit.compile import cache, llvm, sections
from fastdescent.engines.jit.compile.background import Kept, is_at_work
from fastdescent.engines.jit.emit.target import TARGETS
from fastdescent.engines.jit.kernel import outline

#: Bytes of a vector by the name of an instruction set, of all that machine code may be asked for.
VECTOR_BYTES = {isa: target.vector_bytes for isa, target in TARGETS.items()}


def forget_compiled(patch: pytest.MonkeyPatch, *, n_kernels: int = 128, n_sections: int = 128) -> None:
    """Nothing is compiled, as in a new process; so many pieces of each kind are kept from now on."""
    patch.setattr(cache, "_kernels", Kept(n_kernels))
    patch.setattr(sections, "_sections", Kept(n_sections))


def is_compiling() -> bool:
    """Whether a thread is at it."""
    return is_at_work()


def n_kernels() -> int:
    """Steps whose machine code is kept."""
    return len(cache._kernels)


def latest_kernel() -> weakref.ref[Any]:
    """The step that was used last, as long as anything holds it."""
    return weakref.ref(next(reversed(cache._kernels._values._values.values())))


def n_in_memory_of_llvm() -> tuple[int, int]:
    """Pieces of machine code that LLVM holds, and those of them that are in use."""
    return len(llvm._engines), sum(code() is not None for code, _ in llvm._engines)


def compiled_texts(patch: pytest.MonkeyPatch) -> list[str]:
    """The text of each step that is compiled from now on, none of which is at hand."""
    texts: list[str] = []
    original = cache.kernel_text

    def kernel_text(*args: Any) -> str:
        texts.append(original(*args))
        return texts[-1]

    patch.setattr(cache, "kernel_text", kernel_text)
    forget_compiled(patch)
    return texts


def fail_to_compile(patch: pytest.MonkeyPatch, error: Exception) -> None:
    """Steps that are not at hand cannot be compiled."""

    def fails(*args: Any) -> None:
        raise error

    patch.setattr(cache, "kernel_text", fails)


def force_vectors(patch: pytest.MonkeyPatch, n_vectors: int, n_groups: int) -> None:
    """Steps have so many vectors side by side, and groups of them."""
    for module in (cache, listing):
        original = module.shape_for

        def forced(*args: Any, original: Any = original) -> Any:
            return replace(original(*args), n_vectors=n_vectors, n_groups=n_groups)

        patch.setattr(module, "shape_for", forced)


def force_small_parts(patch: pytest.MonkeyPatch) -> None:
    """Whatever is compiled comes in parts of a few instructions."""
    patch.setattr(outline, "_MOST_WHOLE", 0)
    patch.setattr(outline, "_PART", 40)
    forget_compiled(patch)


def hide_compilers(patch: pytest.MonkeyPatch) -> None:
    """As where neither llvmlite nor Numba is installed, for those who ask whether they are."""
    patch.setattr(host, "find_spec", lambda name: None)


def hide_llvm(patch: pytest.MonkeyPatch) -> None:
    """As where llvmlite is not installed, for those who import it."""
    llvm._llvm.cache_clear()
    patch.setitem(sys.modules, "llvmlite.binding", None)


def hide_architecture(patch: pytest.MonkeyPatch, isa: str) -> None:
    """As where LLVM was built without the architecture of an instruction set."""
    patch.setitem(TARGETS, isa, replace(TARGETS[isa], architectures=("z80",)))
