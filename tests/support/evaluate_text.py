"""Calls the function `evaluate` of a listing of f and its gradient, as the core calls machine code."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

import fastdescent as fd
from fastdescent import get_engine
from fastdescent.engines.jit.compile.llvm import MachineCode
from fastdescent.engines.jit.emit.target import target_of
from fastdescent.engines.jit.kernel.unroll import section_shape
from fastdescent.engines.protocol import uniform_values


def block_of(s: fd.Surface, dtype: str) -> int:
    """Points that a call takes."""
    return section_shape(s._formula.program("fun", "gradient").main, dtype, target_of(str(fd.info().isa))).block


def called(text: str, s: fd.Surface, x: Any) -> tuple[Any, Any]:
    """f and its gradient at points that fill one block, by the function in the text."""
    code = MachineCode(text, target_of(str(fd.info().isa)))
    program = s._formula.program("fun", "gradient")
    n, align = len(x), 64
    memory = np.zeros(program.main.n_rows * n + align, x.dtype)
    rows = memory[-memory.ctypes.data % align // memory.itemsize :][: program.main.n_rows * n].reshape(-1, n)
    rows[: s.dim] = x.T
    uniform = uniform_values(get_engine("auto"), program, s.params).astype(x.dtype)
    flight = (ctypes.c_void_p * 32)(rows.ctypes.data, uniform.ctypes.data)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address("evaluate"))(ctypes.addressof(flight))
    offsets = {slot.name: slot.offset for slot in program.main.outputs}
    return rows[offsets["fun"]], rows[offsets["gradient"] : offsets["gradient"] + s.dim].T
