"""Free memory, and errors before any work if its result would not fit."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_BYTES_PER_ROW = 512  # a number for each lane of a block: eight of the longest vectors
_NEGLIGIBLE = 1 << 26  # bytes


def refuse_if_too_large(n_bytes: int, what: str, advice: str) -> None:
    """Raises MemoryError with both sizes if more is needed than is free."""
    free = free_bytes()
    if n_bytes > free:
        raise MemoryError(f"{what} would take {size_text(n_bytes)}, and {size_text(free)} are free; {advice}")


def n_that_fit(bytes_of_each: int, bytes_of_others: int) -> int:
    """How many things of a size are free beside others."""
    return int(max(min(free_bytes(), 2.0**62) - bytes_of_others, 0.0) // bytes_of_each)


def bytes_of_work(n_rows: int, n_threads: int) -> int:
    """The memory of the rows that threads work on, at most; 0 if negligible."""
    n_bytes = n_rows * _BYTES_PER_ROW * n_threads
    return n_bytes if n_bytes > _NEGLIGIBLE else 0


def size_text(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 2**29 else f"{n_bytes / 2**20:.1f} MiB"


def free_bytes() -> float:
    """Memory that can be allocated without swapping, as far as the system tells."""
    if not hasattr(os, "sysconf"):
        return float("inf")
    free = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if _MEMINFO.exists():
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = 1024.0 * int(line.split()[1])
    limit, used = _CGROUP / "memory.max", _CGROUP / "memory.current"
    if limit.exists() and used.exists() and limit.read_text().strip().isdecimal():
        free = min(free, float(limit.read_text()) - float(used.read_text()))
    return free
