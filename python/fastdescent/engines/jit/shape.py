"""How many vectors are in flight: enough that the processor need not wait, few enough that they stay in registers."""

from __future__ import annotations

import os

import numpy as np

from fastdescent.engines.jit.kernel import KernelSpec, Shape
from fastdescent.engines.jit.target import Target


def shape_for(spec: KernelSpec, dtype: str, target: Target) -> Shape:
    """The vectors of a kernel. Results do not depend on them."""
    width = target.vector_bytes // np.dtype(dtype).itemsize
    return Shape(dtype, width, int(os.environ.get("JV", "4")), int(os.environ.get("JG", "1")))
