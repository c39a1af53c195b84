"""Memory that is free, as tests want it."""

from __future__ import annotations

import pytest


def pretend_free(patch: pytest.MonkeyPatch, n_bytes: float) -> None:
    """So many bytes are free, for those who ask before they take some."""
    patch.setattr("fastdescent._base.memory.free_bytes", lambda: float(n_bytes))
