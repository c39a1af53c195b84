"""Engines whose steps are compiled."""

from __future__ import annotations

from fastdescent.engines.core_engine import CoreEngine, step_rows
from fastdescent.engines.host import isa
from fastdescent.engines.jit.cache import Kernel, is_at_hand, kernel_of
from fastdescent.engines.jit.shape import n_written, shape_for
from fastdescent.engines.jit.spec import KernelSpec
from fastdescent.engines.jit.stops import Stops
from fastdescent.engines.jit.target import target_of
from fastdescent.engines.protocol import DescentJob


class JitEngine(CoreEngine):
    """Steps are compiled by LLVM. The core schedules them, and computes what is computed once, not step by step."""

    def kernel(self, job: DescentJob) -> Kernel:
        return kernel_of(spec_of(job), job.starts.dtype.name, isa())


def n_to_compile(job: DescentJob) -> int:
    """Operations that compiling the kernel of a job is about; 0 where that is done."""
    spec, dtype = spec_of(job), job.starts.dtype.name
    if is_at_hand(spec, dtype, isa()):
        return 0
    shape = shape_for(spec, dtype, target_of(isa()))
    return shape.n_vectors * shape.n_groups * n_written(spec.main, dtype)


def spec_of(job: DescentJob) -> KernelSpec:
    """What the kernel of a job is made of. Limits and parameters are not: they come with each call."""
    program, limits = job.program, job.limits
    stops = Stops(
        dim=job.starts.shape[1],
        **step_rows(program),
        gtol=limits.gtol is not None,
        xtol=limits.xtol is not None,
        ftol=limits.ftol is not None,
        box=limits.box is not None,
        centred=not any(limits.center),
    )
    return KernelSpec(
        main=program.main,
        constants=program.constants,
        n_state=program.n_state,
        n_lane=program.n_lane + program.n_index,
        n_table=program.n_table,
        stops=stops,
    )
