"""Engines whose steps are compiled."""

from __future__ import annotations

from fastdescent.engines.accounts import account_of_step
from fastdescent.engines.core_engine import CoreEngine, step_rows
from fastdescent.engines.host import isa
from fastdescent.engines.jit.cache import Kernel, kernel_of
from fastdescent.engines.jit.shape import shape_for
from fastdescent.engines.jit.spec import KernelSpec
from fastdescent.engines.jit.stops import Stops
from fastdescent.engines.jit.target import target_of
from fastdescent.engines.protocol import DescentJob


class JitEngine(CoreEngine):
    """Steps are compiled by LLVM. The core schedules them, and computes what is computed once, not step by step."""

    def chosen(self, job: DescentJob, n_steps: float | None = None) -> JitEngine:
        if not account_of_step(job).is_compiled:
            self.kernel(job)
        return self

    def kernel(self, job: DescentJob) -> Kernel:
        kernel = kernel_of(spec_of(job), job.starts.dtype.name, isa())
        account_of_step(job).compiled(kernel)
        return kernel


def vectors_of(job: DescentJob) -> int:
    """Vectors that each instruction of a job's kernel is written for."""
    shape = shape_for(spec_of(job), job.starts.dtype.name, target_of(isa()))
    return shape.n_vectors * shape.n_groups


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
