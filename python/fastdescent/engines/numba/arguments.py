"""The struct that compiled functions are called with: see `engines/jit/kernel/arguments.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.engines.jit.kernel.arguments import CANDIDATES, FIRST_NUMBER, NUMBERS, POINTERS, SIZE
from fastdescent.engines.numba.memory import address, aligned


@dataclass(frozen=True)
class KernelArguments:
    """The same memory seen as words, as numbers of the run's dtype, and as masks."""

    words: npt.NDArray[np.int64]
    numbers: npt.NDArray[Any]  #: as in jit.kernel.arguments.NUMBERS
    candidates: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, dtype: np.dtype[Any], **fields: Any) -> KernelArguments:
        """With these arrays, addresses and numbers; what is not named is 0."""
        words = aligned((SIZE // 8,), np.int64)
        memory = words.view(np.uint8)
        arguments = cls(
            words, memory[FIRST_NUMBER:].view(dtype)[: len(NUMBERS)], memory[CANDIDATES:FIRST_NUMBER].view(np.uint32)
        )
        for name, value in fields.items():
            if name in NUMBERS:
                arguments.numbers[NUMBERS.index(name)] = value
            else:
                words[POINTERS.index(name)] = address(value) if isinstance(value, np.ndarray) else value
        return arguments

    @property
    def address(self) -> int:
        return address(self.words)
