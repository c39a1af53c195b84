"""A sweep as it will be made: checked, and cut into parts that are run one after another.

Nothing here has a size of all cells: hyperparameters, parameters and starts of a part are made from their axes when the
part is run.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._run.arguments import check_is_optimizer, check_order, check_surface
from fastdescent._run.descent import descend
from fastdescent._run.hyperparameters import changed, per_trajectory
from fastdescent._run.job import step_program, stop_limits
from fastdescent._run.options import Options, checked_options, checked_starts
from fastdescent._run.record import checked_record
from fastdescent._run.stochastic import bound, checked_noise
from fastdescent._starts.arrays import is_random
from fastdescent._starts.lazy import LazyStarts, flat
from fastdescent._surface.surface import Surface
from fastdescent._surface.swept import swept
from fastdescent._sweep.axes import Axis, checked_axes, with_hyperparameters
from fastdescent._sweep.cells import Index, Slab, aligned, cut
from fastdescent.noise import Noise
from fastdescent.optimizers import Optimizer
from fastdescent.optimizers._hyperparameters import LEFT_OUT

Array = npt.NDArray[Any]
_NOT_FOR_SWEEPS = ("surface", "x0", "optimizer", "keep_state")
_NUMBERS_AT_ONCE = 1 << 21  #: in the states of the trajectories of a part


@dataclass(frozen=True)
class Plan:
    """What all parts of a sweep have in common. Arrays are aligned with the axes: see `cells`."""

    surface: Surface
    axes: tuple[Axis, ...]
    starts: npt.NDArray[Any] | LazyStarts  #: (*leading, dim)
    optimizer: Optimizer  #: its arrays, those of swept hyperparameters among them, are aligned
    noise: Noise | None  #: likewise
    options: Options  #: of a run of the first cell alone
    n_at_once: int  #: the most trajectories of a part

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the results: the axes, and the leading axes of the starts."""
        return shape_of(self.axes, self.starts)

    @property
    def n(self) -> int:
        return math.prod(self.shape)

    def part(self, slab: Slab) -> Options:
        """The run of the cells of a slab."""
        base, dim = self.options, self.surface.dim

        def own(name: str, value: Any) -> Any:
            return value if callable(value) or np.ndim(value) == 0 else cut(value, slab.index)

        noise = None if self.noise is None else self.noise.changed(own)
        random = replace(base.stochastic, noise=noise)
        hyper, random = bound(changed(self.optimizer, own), random, slab.shape, dim, base.max_steps)
        lanes = {
            a.target: per_trajectory(a.name, cut(self.aligned(k), slab.index), slab.shape, dim)
            for k, a in enumerate(self.axes) if a.owner == "surface"
        }  # fmt: skip
        return replace(
            base, starts=self.starts_of(slab), hyper=replace(hyper, lanes={**hyper.lanes, **lanes}),
            stochastic=random, first_index=base.first_index + slab.first,
        )  # fmt: skip

    def aligned(self, k: int) -> Array:
        """The values of axis k."""
        return aligned(self.axes[k].values, len(self.shape), k)

    def starts_of(self, slab: Slab) -> Array:
        """(*slab.shape, dim)"""
        dim, n_leading = self.surface.dim, len(self.starts.shape) - 1
        index = slab.index[len(self.axes) :]
        if isinstance(self.starts, LazyStarts) and len(slab.shape) <= n_leading:
            first = slab.first % math.prod(self.starts.shape[:-1])
            points = self.starts.rule.points(first, math.prod(slab.shape))
            return points.astype(self.starts.dtype, copy=False).reshape(*slab.shape, dim)
        own = flat(self.starts).reshape(self.starts.shape)[index]
        return np.ascontiguousarray(np.broadcast_to(own, (*slab.shape, dim)))


def shape_of(axes: tuple[Axis, ...], starts: Any) -> tuple[int, ...]:
    return (*(len(a.values) for a in axes), *starts.shape[:-1])


def checked_plan(surface: Any, x0: Any, optimizer: Any, over: Any, given: Mapping[str, Any]) -> Plan:
    """Raises TypeError for a wrong kind, ValueError for a wrong value or shape."""
    check_order(surface, x0, optimizer)
    check_surface(surface)
    check_is_optimizer(optimizer)
    options = _with_defaults(given)
    axes = checked_axes(over, surface, optimizer)
    starts = checked_starts(x0, surface.dim, options.pop("dtype"))
    shape = shape_of(axes, starts)

    def of_starts(name: str, value: Any) -> Any:
        """Aligned: one value for each start."""
        if value is LEFT_OUT or callable(value) or np.ndim(value) == 0:
            return value
        own = per_trajectory(name, np.asarray(value, np.float64), starts.shape[:-1], surface.dim)
        own = own.reshape((1,) * len(axes) + starts.shape[:-1] + own.shape[1:])
        return own[..., 0] if own.shape[-1] == 1 else own

    hyper = {a.target: aligned(a.values, len(shape), k) for k, a in enumerate(axes) if a.owner == "optimizer"}
    all_of = with_hyperparameters(changed(optimizer, of_starts), hyper)
    noise = checked_noise(options.pop("noise"))
    noise = None if noise is None else noise.changed(of_starts)
    values = {a.target: a.values for a in axes if a.owner == "surface"}
    base = _of_first_cell(swept(surface, values), starts, all_of, noise, options, len(shape))
    base = replace(base, random_starts=is_random(x0))
    most = math.prod(shape)
    if base.record is not None:  # one run, whose paths belong together
        wanted, recording = checked_record(options["record"], most, base.max_steps)
        base = replace(base, record=wanted, recording=recording)
    elif most:
        program = step_program(base, stop_limits(base)[1]).program
        most = _NUMBERS_AT_ONCE // (program.n_state + surface.dim + program.n_lane)
    return Plan(surface, axes, starts, all_of, noise, base, max(1, most))


def _of_first_cell(
    surface: Surface, starts: Any, optimizer: Optimizer, noise: Noise | None, options: dict[str, Any], n_axes: int
) -> Options:
    """Options that do not depend on cells, and those of a run of one cell."""
    first: Index = (*(0,) * (n_axes - 1), slice(0, 1))

    def own(name: str, value: Any) -> Any:
        return value if callable(value) or np.ndim(value) == 0 else cut(value, first)

    if isinstance(starts, LazyStarts):
        point = starts.rule.points(0, 1).astype(starts.dtype)
    else:
        point = starts.reshape(-1, surface.dim)[:1]
    if not len(point):
        point = np.zeros((1, surface.dim), starts.dtype)
    return checked_options(
        surface, point, changed(optimizer, own), noise=None if noise is None else noise.changed(own), dtype=None,
        **{**options, "keep_state": False},
    )  # fmt: skip


def _with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """All options of `descend` that a sweep has."""
    parameters = inspect.signature(descend).parameters
    known = {name: p.default for name, p in parameters.items() if name not in _NOT_FOR_SWEEPS}
    for name in given:
        if name not in known:
            raise TypeError(f"sweep has no option {name!r}{checks.nearest(name, known)}; "
                            f"those of descend: {', '.join(known)}")  # fmt: skip
    return {**known, **given}
