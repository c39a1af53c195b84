"""Engines whose steps are compiled."""

from __future__ import annotations

from fastdescent.engines.accounts import account_of_step
from fastdescent.engines.core_engine import CoreEngine
from fastdescent.engines.host import isa
from fastdescent.engines.jit.compile.cache import Kernel, kernel_of
from fastdescent.engines.protocol import DescentJob
from fastdescent.engines.step_kernel import spec_of


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
