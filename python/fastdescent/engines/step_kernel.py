"""Which kernel a job needs."""

from __future__ import annotations

from fastdescent.engines.core_job import step_rows
from fastdescent.engines.host import isa
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.jit.kernel.spec import KernelSpec
from fastdescent.engines.jit.kernel.stops import Stops
from fastdescent.engines.jit.kernel.unroll import shape_for
from fastdescent.engines.protocol import DescentJob


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
