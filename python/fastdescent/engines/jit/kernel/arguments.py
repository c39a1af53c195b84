"""The struct that compiled functions are called with: `KernelArguments` of cpp/include/fastdescent/kernel.hpp."""

from __future__ import annotations

from fastdescent.engines.jit.emit.emitter import Emitter

POINTERS = ("rows", "uniform", "table", "table_offset", "center", "low", "high", "huge_angle")
NUMBERS = ("gtol2", "escape2", "xtol2", "ftol")
CANDIDATES = 8 * len(POINTERS)
FIRST_NUMBER = CANDIDATES + 8 * 4
SIZE = FIRST_NUMBER + 8 * len(NUMBERS)  #: bytes, at most


class KernelArguments:
    """Emits reads of the fields, before anything else in a function; `%arguments` is its first argument."""

    def __init__(self, emitter: Emitter, number: str) -> None:
        self._emitter, self._number = emitter, number

    def pointer(self, name: str) -> str:
        """A pointer among the fields."""
        return self._emitter.value(f"load ptr, ptr {self._field(8 * POINTERS.index(name))}, !invariant.load !1")

    def number(self, name: str) -> str:
        """A number among the fields."""
        size = 8 if self._number == "double" else 4
        field = self._field(FIRST_NUMBER + size * NUMBERS.index(name))
        return self._emitter.value(f"load {self._number}, ptr {field}, !invariant.load !1")

    def candidates(self, u: int) -> str:
        """Where the mask of vector u is written."""
        return self._field(CANDIDATES + 4 * u)

    def _field(self, offset: int) -> str:
        return self._emitter.value(f"getelementptr i8, ptr %arguments, i64 {offset}")
