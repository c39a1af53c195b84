"""Surfaces of rows of data that need not be means, which `finite_sum` would refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fastdescent as fd
from fastdescent._surface.define import made
from fastdescent.program.step.data_rows import Rows
from fastdescent.program.step.formula import trace


def surface_of_rows(f: Callable[..., Any], *, dim: int, data: Any, name: str | None = None) -> fd.Surface:
    """As `fd.finite_sum`, unchecked."""
    rows = Rows(f, tuple(np.array(a, np.float64) for a in data))
    variables = tuple(f"x{k}" for k in range(1, dim + 1))
    options: dict[str, Any] = {"name": name, "window": None, "bounds": None, "minima": None}
    return made(trace(f, dim, {}, rows), {}, variables, f.__name__, "", **options)
