"""Allocates ranges of rows: first fit; neighbouring free ranges are merged."""

from __future__ import annotations


class RowAllocator:
    """Rows 0, 1, 2, ...; `n_rows` is one more than the last row ever in use.

    >>> rows = RowAllocator()
    >>> rows.allocate(3), rows.allocate(2)
    (0, 3)
    >>> rows.free(0, 3)
    >>> rows.allocate(1), rows.allocate(4), rows.n_rows
    (0, 5, 9)
    """

    def __init__(self) -> None:
        self.n_rows = 0
        self._free: list[tuple[int, int]] = []  # (offset, size), by offset

    def allocate(self, size: int) -> int:
        """The first of `size` rows that are now in use."""
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

    def free(self, offset: int, size: int) -> None:
        """Makes rows available again."""
        merged: list[tuple[int, int]] = []
        for start, n in sorted([*self._free, (offset, size)]):
            if merged and merged[-1][0] + merged[-1][1] == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + n)
            else:
                merged.append((start, n))
        self._free = merged
