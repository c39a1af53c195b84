"""Strips of a few rows, so that small programs are cut too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from fastdescent.program.layout import families, strip_buffer, strips


@contextlib.contextmanager
def small_strips(rows: int = 12, most: int = 5) -> Iterator[None]:
    """What is compiled here is cut wherever that is possible, into strips of 2 to `most` samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(families, "_LEAST_SIZE", 2)
        patch.setattr(families, "_LEAST_SAMPLES", 2)
        patch.setattr(strips, "_LEAST_SAVED", 2)
        patch.setattr(strip_buffer, "_FIRST_CACHE_ROWS", rows)
        patch.setattr(strip_buffer, "_LEAST_SAMPLES", 2)
        patch.setattr(strip_buffer, "_MOST_SAMPLES", most)
        yield
