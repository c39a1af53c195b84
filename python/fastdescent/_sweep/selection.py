"""Some runs of a sweep as a `Descent`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._run.descent import Descent
from fastdescent._run.hyperparameters import changed
from fastdescent._run.stochastic import Stochastic
from fastdescent._sweep.axes import with_hyperparameters
from fastdescent._sweep.cells import Index, cut
from fastdescent.optimizers import Optimizer

if TYPE_CHECKING:
    from fastdescent._sweep.sweep import Sweep

Array = npt.NDArray[Any]
_RELATIVE = 1e-9  #: a value that differs by less from one of the axis is that one


@at_top
@dataclass(frozen=True, eq=False)
class Runs:
    """What a sweep knows of its runs besides their results."""

    owners: tuple[tuple[str, str], ...]  #: of the axes: "optimizer" or "surface", and the name there
    optimizer: Optimizer  #: with arrays that broadcast against all axes, see `cells`
    stochastic: Stochastic | None  #: likewise; None: nothing is random
    inside: dict[str, Any]
    random_starts: bool
    gtol: float | None
    lowest_start: Array | None  #: for each combination of surface parameters


def descent_of(grid: Sweep, values: Mapping[str, Any]) -> Descent:
    """The runs with these values of some axes."""
    if grid.x is None or grid.fun is None or grid.grad_norm is None:
        raise ValueError("the sweep has no x: final=False left it out")
    chosen = _chosen(grid.axes, values)
    for name, (owner, _) in zip(grid.axes, grid._runs.owners, strict=True):
        if owner == "surface" and name not in chosen:
            raise ValueError(f"{name} is a parameter of {grid.surface.name}, and a Descent has one surface: choose a "
                             f"value, such as at({name}={grid.axes[name][0]:g})")  # fmt: skip
    index: Index = tuple(chosen.get(name, slice(None)) for name in grid.axes)
    whole: Index = (*index, *(slice(None),) * (grid.status.ndim - len(index)))
    runs = grid._runs

    def own(name: str, value: Any) -> Any:
        return value if callable(value) or np.ndim(value) == 0 else cut(value, whole)

    random = runs.stochastic
    if random is not None and random.noise is not None:
        random = replace(random, noise=random.noise.changed(own))
    return Descent(
        x=grid.x[index], fun=np.asarray(grid.fun[index]), grad_norm=np.asarray(grid.grad_norm[index]),
        nit=np.asarray(grid.nit[index]), status=np.asarray(grid.status[index]),
        surface=grid.surface.with_params(**_of(grid, chosen, "surface")),
        optimizer=with_hyperparameters(changed(runs.optimizer, own), _numbers(_of(grid, chosen, "optimizer"))),
        engine=grid.engine, seed=grid.seed, random_starts=runs.random_starts,
        reduced={name: np.asarray(v[index]) for name, v in grid.reduced.items()},
        average=None if grid.average is None else grid.average[index], gradient=grid.gradient, _inside=runs.inside,
        _stochastic=random, _gtol=runs.gtol, _lowest_start=_lowest(grid, chosen),
    )  # fmt: skip


def _chosen(axes: Mapping[str, Array], values: Mapping[str, Any]) -> dict[str, int]:
    """The index on each axis that is named."""
    chosen = {}
    for name, value in values.items():
        if name not in axes:
            raise ValueError(f"the sweep has no axis {name!r}{checks.nearest(name, axes)}; its axes: {', '.join(axes)}")
        wanted = checks.number(name, value)
        k = int(np.argmin(np.abs(axes[name] - wanted)))
        nearest = float(axes[name][k])
        if not abs(nearest - wanted) <= _RELATIVE * max(abs(nearest), abs(wanted)):
            raise ValueError(f"{name} must be a value of its axis, of which {nearest:.9g} lies nearest; got {value}")
        chosen[name] = k
    return chosen


def _of(grid: Sweep, chosen: Mapping[str, int], owner: str) -> dict[str, float]:
    """The chosen values of what an owner has."""
    pairs = zip(grid.axes, grid._runs.owners, strict=True)
    return {target: float(grid.axes[n][chosen[n]]) for n, (o, target) in pairs if o == owner and n in chosen}


def _numbers(values: Mapping[str, float]) -> dict[str, Any]:
    """As hyperparameters: a number 0 would be refused as a learning rate, and leaves other terms out."""
    return {name: value if value else np.array([0.0]) for name, value in values.items()}


def _lowest(grid: Sweep, chosen: Mapping[str, int]) -> float:
    """The least f of a start, for the chosen parameters of the surface."""
    lowest = grid._runs.lowest_start
    if lowest is None:
        return np.nan
    names = [n for n, (owner, _) in zip(grid.axes, grid._runs.owners, strict=True) if owner == "surface"]
    lengths = [len(grid.axes[n]) for n in names]
    return float(lowest.reshape(lengths)[tuple(chosen[n] for n in names)]) if names else float(lowest[0])
