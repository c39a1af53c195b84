"""`Surface.program`: Programs for people to read, as instructions, as LLVM IR and as assembly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import floating_dtype, nearest, shown
from fastdescent._run.descent import descend
from fastdescent._run.job import job_of, stop_limits
from fastdescent._run.options import checked_options
from fastdescent._starts.lazy import flat
from fastdescent._surface.surface import Surface
from fastdescent.engines import host
from fastdescent.engines.jit.compile.llvm import assembly
from fastdescent.engines.jit.emit.target import Target, target_of
from fastdescent.engines.jit.kernel.evaluation import evaluation_text
from fastdescent.engines.jit.kernel.step import kernel_text
from fastdescent.engines.jit.kernel.unroll import section_shape, shape_for
from fastdescent.engines.step_kernel import spec_of
from fastdescent.optimizers import Optimizer
from fastdescent.program.listing import Listing
from fastdescent.program.program import Program


class CompiledListing(Listing):
    """The instructions of a Program; `print` it. `llvm` and `assembly` tell what the engine "jit" makes of them.

    A kernel works on a block of trajectories, some vectors of them side by side. That of a step has two functions, both
    with the loop over steps: `exact` tests every point, `fast` none. That of f and its gradient is one function without
    a loop, `evaluate`.

    Examples
    --------
    >>> import fastdescent as fd
    >>> step = fd.surfaces.himmelblau().program(fd.GD(lr=0.01))
    >>> print(*step.llvm("x86-64-v4").splitlines()[:3], sep="\\n")
    define i32 @exact(ptr noalias %arguments, i32 %steps) #0 {
    entry:
      %v1 = getelementptr i8, ptr %arguments, i64 56
    >>> "zmm" in step.assembly("x86-64-v4"), "zmm" in step.assembly("x86-64-v3")
    (True, False)
    """

    def __init__(self, program: Program, title: str, kernel: Callable[[Target], str]) -> None:
        super().__init__(program, title)
        self.kernel = kernel  #: its LLVM IR for a target

    def llvm(self, isa: str | None = None) -> str:
        """The kernel as LLVM IR, as the engine gives it to LLVM.

        Parameters
        ----------
        isa : str or None
            An instruction set, "x86-64-v4", "x86-64-v3", "x86-64-v2" or "neon", whether this machine has it or not.
            None: the one in use, as in `fd.info()`.

        Raises
        ------
        TypeError, ValueError
            Where `isa` is not the name of an instruction set.
        """
        return self.kernel(_target(isa))

    def assembly(self, isa: str | None = None) -> str:
        """The kernel as assembly, as LLVM makes it.

        Parameters
        ----------
        isa : str or None
            As in `llvm`.

        Raises
        ------
        TypeError, ValueError
            Where `isa` is not the name of an instruction set, or this build of LLVM lacks its architecture.
        ImportError
            Where llvmlite is missing: ``pip install llvmlite``.
        """
        target = _target(isa)
        return assembly(self.kernel(target), target)


def listing_of(surface: Surface, optimizer: Optimizer | None, options: Mapping[str, Any]) -> CompiledListing:
    """Of the Program that computes f and its gradient; of a step, with its options, where there is an optimizer."""
    if optimizer is not None:
        return program(surface, optimizer, **options)
    for name in options:
        if name != "dtype":
            raise TypeError(f"{name} belongs to an optimizer's step: program(fd.GD(lr=0.1), {name}=...)")
    return _of_value_and_gradient(surface, options.get("dtype"))


def _of_value_and_gradient(surface: Surface, dtype: npt.DTypeLike | None) -> CompiledListing:
    values = surface._formula.program("fun", "gradient")
    wanted = np.dtype(np.float64) if dtype is None else floating_dtype(dtype)

    def kernel(target: Target) -> str:
        shape = section_shape(values.main, wanted.name, target)
        return evaluation_text(values.main, values.constants, shape, target)

    return CompiledListing(values, f"{surface.name}: fun and gradient", kernel)


def program(surface: Surface, optimizer: Optimizer, x0: npt.ArrayLike | None = None, **given: Any) -> CompiledListing:
    """Of the Program of a step; the options mean what they mean in `descend`, which has their defaults."""
    defaults = {name: p.default for name, p in signature(descend).parameters.items() if p.kind is p.KEYWORD_ONLY}
    for name in given:
        if name not in defaults:
            raise TypeError(f"program() got an unexpected option {name!r}{nearest(name, defaults)}")
    options = checked_options(
        surface, np.zeros(surface.dim) if x0 is None else x0, optimizer, **{**defaults, "max_steps": 1, **given}
    )
    job = job_of(options, flat(options.starts), None, *stop_limits(options), None)
    spec, name = spec_of(job), job.starts.dtype.name

    def kernel(target: Target) -> str:
        return kernel_text(spec, shape_for(spec, name, target), target)

    return CompiledListing(job.program, f"{options.surface.name}: a step of {shown(options.optimizer, 120)}", kernel)


def _target(isa: str | None) -> Target:
    return target_of(host.isa() if isa is None else isa)
