"""The catalog's surfaces as tests use them."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import numpy.typing as npt

import fastdescent as fd
from fastdescent import surfaces
from fastdescent.surfaces._catalog import CATALOG, KNOWN, Known

Floats = npt.NDArray[np.float64]

#: What each surface's file tells of it.
ABOUT = {name: KNOWN.get(name, Known()) for name in surfaces.names()}
MANY_DIMENSIONAL = {name for name in ABOUT if "dim" in inspect.signature(CATALOG[name]).parameters}

CASES = [(name, dim) for name in ABOUT if name in MANY_DIMENSIONAL for dim in ABOUT[name].dims]
CASES += [(name, surfaces.get(name).dim) for name in ABOUT if name not in MANY_DIMENSIONAL]
WITH_MINIMA = [(name, dim) for name, dim in CASES if ABOUT[name].lowest not in (None, -math.inf)]
SMOOTH = [(name, dim) for name, dim in WITH_MINIMA if ABOUT[name].kinks != "at minima"]


def made(name: str, dim: int, **params: Any) -> fd.Surface:
    return surfaces.get(name, **({"dim": dim} if name in MANY_DIMENSIONAL else {}), **params)


def points_in_window(s: fd.Surface, n: int, seed: int = 0) -> Floats:
    near = ABOUT[s.name].tried_in if s.name in ABOUT else None
    low, high = np.array(s.window if near is None else (near,) * s.dim).T
    return np.random.default_rng(seed).uniform(low, high, (n, s.dim))


def assert_close(got: npt.ArrayLike, wanted: npt.ArrayLike, tolerance: float = 1e-12) -> None:
    """Errors are measured against the largest element."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert np.max(np.abs(got - wanted)) <= tolerance * np.max(np.abs(wanted))
