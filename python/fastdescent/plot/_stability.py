"""Where the steps of a sweep cease to lead to a minimum: curves along which lr * lambda_max is at its limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import MINIMA, Status
from fastdescent._surface.surface import Surface
from fastdescent._sweep.axes import with_hyperparameters
from fastdescent._sweep.sweep import Sweep

if TYPE_CHECKING:
    from fastdescent._endpoints.classify import Endpoints

Floats = npt.NDArray[np.float64]
_MOST = 65  #: values of an axis at which the limit is computed; between them it is interpolated
_MOST_MINIMA, _LEAST_SHARE = 3, 0.02  #: those in which the most runs end, and at least such a share of them
_MOST_ENDS, _TOGETHER = 4096, 1e-3  #: ends that are looked at; those are one minimum that are as near, in windows
_NOTHING = 1e-300  #: in place of 0, which a learning rate cannot be


def stability_ratios(
    grid: Sweep, shown: list[str], fixed: Mapping[str, int], ends: Endpoints | None
) -> list[tuple[list[Floats], Floats]]:
    """For each minimum lambda_max over its limit, 1 at the boundary, and the values of the axes at which it is known.

    `shown` are the axes of the picture, `fixed` the indices on the others. Nothing where no limit or no minimum is
    known.
    """
    samples = [_sampled(len(grid.axes[name])) for name in shown]
    owners = dict(zip(grid.axes, grid._runs.owners, strict=True))
    limits = np.full([len(s) for s in samples], np.nan)
    curvatures: dict[tuple[int, ...], Floats] = {}
    found: list[Floats] = []
    for place in np.ndindex(limits.shape):
        index = {**fixed, **{name: int(s[k]) for name, s, k in zip(shown, samples, place, strict=True)}}
        limits[place] = _limit(grid, owners, index)
    if not np.any(limits > 0):
        return []
    of_surface = [k for k, name in enumerate(shown) if owners[name][0] == "surface"]
    for place in np.ndindex(limits.shape):
        key = tuple(place[k] for k in of_surface)
        if key not in curvatures:
            index = {**fixed, **{shown[k]: int(samples[k][place[k]]) for k in of_surface}}
            curvatures[key] = _curvatures(grid, owners, index, ends)
    for k in range(max(map(len, curvatures.values()))):
        of_key = {key: values[k] if k < len(values) else np.nan for key, values in curvatures.items()}
        largest = np.array([of_key[tuple(place[j] for j in of_surface)] for place in np.ndindex(limits.shape)])
        found.append(largest.reshape(limits.shape) / limits)
    values = [np.asarray(grid.axes[name][s]) for name, s in zip(shown, samples, strict=True)]
    return [(values, ratio) for ratio in found]


def _sampled(n: int) -> npt.NDArray[np.int_]:
    return np.unique(np.linspace(0, n - 1, min(n, _MOST)).astype(int))


def _limit(grid: Sweep, owners: Mapping[str, tuple[str, str]], index: Mapping[str, int]) -> float:
    """The largest curvature that the optimizer is stable at, for hyperparameters by index; L2 decay is taken off."""
    values = {owners[n][1]: float(grid.axes[n][k]) or _NOTHING for n, k in index.items() if owners[n][0] == "optimizer"}
    optimizer = with_hyperparameters(grid.optimizer, values)
    decay: Any = optimizer.hyper().get("weight_decay", 0.0)
    return float(optimizer.sharpness_limit - (decay if np.ndim(decay) == 0 and not callable(decay) else np.nan))


def _curvatures(
    grid: Sweep, owners: Mapping[str, tuple[str, str]], index: Mapping[str, int], ends: Endpoints | None
) -> Floats:
    """The largest eigenvalue of the Hessian at each minimum."""
    params = {owners[n][1]: float(grid.axes[n][k]) for n, k in index.items() if owners[n][0] == "surface"}
    surface = grid.surface.with_params(**params)
    points = _minima(grid, surface, {n: k for n, k in index.items() if owners[n][0] == "surface"}, ends)
    if points is None or not len(points):
        return np.zeros(0)
    hessians = surface.hessian(points.astype(np.float64))
    largest = np.linalg.eigvalsh(hessians[np.isfinite(hessians).all(axis=(1, 2))])[:, -1]
    return np.sort(largest[largest > 0])


def _minima(grid: Sweep, surface: Surface, index: Mapping[str, int], ends: Endpoints | None) -> Any:
    """Those of the table; else where runs have converged, with these parameters; else the known ones."""
    if ends is not None:
        rows = np.flatnonzero(np.isin(ends.points.kind, MINIMA) & (ends.points.share >= _LEAST_SHARE))
        return ends.points.x[rows[np.argsort(-ends.points.n_starts[rows], kind="stable")][:_MOST_MINIMA]]
    where = tuple(index.get(name, slice(None)) for name in grid.axes)
    converged = np.flatnonzero(grid.status[where] == Status.CONVERGED)
    if grid.x is None or not len(converged):
        return None if surface.minima is None else surface.minima[:_MOST_MINIMA]
    x = grid.x[where].reshape(-1, surface.dim)[converged[:: -(-len(converged) // _MOST_ENDS)]]
    low, high = np.array(surface.window).T
    cells = np.rint((x - low) / (_TOGETHER * (high - low)))
    _, first, counts = np.unique(cells, axis=0, return_index=True, return_counts=True)
    often = np.argsort(-counts, kind="stable")[:_MOST_MINIMA]
    return x[first[often[counts[often] >= _LEAST_SHARE * len(x)]]]
