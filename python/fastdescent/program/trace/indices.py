"""The parts of an index: their kinds, and their text in errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.trace.unknown import Unknown


def is_integer(part: Any) -> bool:
    return isinstance(part, int | np.integer) and not isinstance(part, bool | Unknown)


def is_basic(part: Any) -> bool:
    """Whether this part of an index gives a view, not a copy."""
    return part is None or part is Ellipsis or isinstance(part, slice) or is_integer(part)


def key_text(key: Any) -> str:
    """The index as the user wrote it: "1, :3"."""

    def one(k: Any) -> str:
        if not isinstance(k, slice):
            return "..." if k is Ellipsis else repr(k)
        text = ":".join("" if v is None else str(v) for v in (k.start, k.stop))
        return text if k.step is None else f"{text}:{k.step}"

    return ", ".join(one(k) for k in key) if isinstance(key, tuple) else one(key)
