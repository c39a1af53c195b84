"""Kernels by what they are made of. Those used last are kept; one that is let go lives on while a run holds it.

Each is compiled once, on a helper thread: callers that want the same one wait for it together, and one that Ctrl-C
takes away from there leaves it to those who come later.
"""

from __future__ import annotations

from collections.abc import Hashable

from fastdescent.engines.jit.compile.background import Kept
from fastdescent.engines.jit.compile.llvm import MachineCode
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.jit.kernel.spec import KernelSpec
from fastdescent.engines.jit.kernel.step import kernel_text
from fastdescent.engines.jit.kernel.unroll import Shape, shape_for
from fastdescent.program.graph.nodes import identity

_MOST_KERNELS = 128


class Kernel:
    """Machine code of a step Program for blocks of `block` lanes."""

    def __init__(self, text: str, shape: Shape, isa: str) -> None:
        self._code = MachineCode(text, target_of(isa))
        self.block = shape.block
        self.exact, self.fast = self._code.address("exact"), self._code.address("fast")


_kernels: Kept[Hashable, Kernel] = Kept(_MOST_KERNELS)


def kernel_of(spec: KernelSpec, dtype: str, isa: str) -> Kernel:
    """The kernel, compiled where it is not at hand."""
    shape = shape_for(spec, dtype, target_of(isa))
    return _kernels.get(_key(spec, shape, isa), lambda: _compiled(spec, shape, isa))


def _key(spec: KernelSpec, shape: Shape, isa: str) -> Hashable:
    main = spec.main
    sizes = (main.split, main.n_rows, spec.n_state, spec.n_lane, spec.n_table)
    # As bytes: 0.0 and -0.0 are different constants, and NaN is the same as itself.
    return main.key(), sizes, identity(spec.constants), spec.stops, shape, isa


def _compiled(spec: KernelSpec, shape: Shape, isa: str) -> Kernel:
    return Kernel(kernel_text(spec, shape, target_of(isa)), shape, isa)
