"""Which rows the stop tests look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StepRows:
    """Where the stop tests find what they look at: rows, -1 for what is absent."""

    x: int
    gradient: int
    fun: int
    previous_fun: int
    previous_x: int
    moved: int
    stop: int
    alarm: int
    lane_row: int
    n_index: int
    table_row: int
