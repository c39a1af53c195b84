"""Strips of a few rows, so that small programs are cut too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from fastdescent.program.layout import strip_rows, strips


@contextlib.contextmanager
def small_strips(rows: int = 12, most: int = 5) -> Iterator[None]:
    """What is compiled here is cut wherever that is possible, into strips of 2 to `most` rows of data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "_LEAST_ELEMENTS", 2)
        patch.setattr(strips, "_LEAST_LENGTH", 2)
        patch.setattr(strip_rows, "_STRIP_ROWS", rows)
        patch.setattr(strip_rows, "_FEWEST", 2)
        patch.setattr(strip_rows, "_MOST", most)
        yield
