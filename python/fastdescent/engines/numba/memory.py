"""Arrays that machine code reads and writes by address."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_ALIGNMENT = 64


def aligned(shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
    """Zeros that begin at a multiple of 64 bytes."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + _ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % _ALIGNMENT
    array: npt.NDArray[Any] = memory[begin : begin + n_bytes].view(dtype).reshape(shape)
    return array


def address(array: npt.NDArray[Any]) -> int:
    """Where it begins, 0 where it is empty."""
    return int(array.ctypes.data) if array.size else 0


def given(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers, C-contiguous and read-only: functions are compiled for one kind of array, not for each."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
