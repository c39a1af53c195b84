"""Surfaces whose parameters have a value for each trajectory of a run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._surface.surface import Surface

_MOST_KNOWN = 1024  #: combinations of values whose minima are asked for


def swept(surface: Surface, values: Mapping[str, npt.NDArray[np.float64]]) -> Surface:
    """The surface for a run whose trajectories have values of their own for these parameters.

    `params` holds all values of each, (k,), whose hull is what f is proved to be finite for. Its minima are those of
    all combinations of values; of very many, of some that are spread evenly, those at the ends of the axes among them.
    A run gives the parameters to everything that it evaluates.
    """
    if not values:
        return surface
    minima = _all_minima(surface, values)
    return replace(
        surface,
        params={**surface.params, **values},
        _formula=surface._formula.with_lanes(frozenset(values)),
        _minima_of=None if minima is None else lambda _: minima,
        _critical_points_of=None,
        _retrace=None,
    )


def _all_minima(surface: Surface, values: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.float64] | None:
    if surface._minima_of is None:
        return None
    most = max(2, int(_MOST_KNOWN ** (1 / len(values))))
    thinned = [v[np.unique(np.linspace(0, len(v) - 1, min(most, len(v))).astype(int))] for v in values.values()]
    found: list[Any] = []
    for combination in itertools.product(*(v.tolist() for v in thinned)):
        minima = surface.with_params(**dict(zip(values, combination, strict=True))).minima
        found += [] if minima is None else [minima]
    return np.concatenate(found) if found else None
