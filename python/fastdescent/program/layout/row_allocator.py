"""Handing out ranges of rows: first fit, neighbours merged when they are given back."""

from __future__ import annotations


class RowPool:
    """Rows 0, 1, 2, ...; `n_rows` is the number ever in use at once, holes included."""

    def __init__(self) -> None:
        self.n_rows = 0
        self._free: list[tuple[int, int]] = []  # (offset, size), by offset

    def take(self, size: int) -> int:
        for k, (offset, free) in enumerate(self._free):
            if free >= size:
                self._free[k : k + 1] = [(offset + size, free - size)] if free > size else []
                return offset
        if self._free and self._free[-1][0] + self._free[-1][1] == self.n_rows:
            offset, _ = self._free.pop()
        else:
            offset = self.n_rows
        self.n_rows = offset + size
        return offset

    def give(self, offset: int, size: int) -> None:
        merged: list[tuple[int, int]] = []
        for start, n in sorted([*self._free, (offset, size)]):
            if merged and merged[-1][0] + merged[-1][1] == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + n)
            else:
                merged.append((start, n))
        self._free = merged
