"""Hyperparameters as a run sees them: numbers, one value a trajectory, or schedules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.memory import refuse_if_too_large
from fastdescent.optimizers import Optimizer
from fastdescent.optimizers._hyperparameters import Ranges, allowed_to_several
from fastdescent.optimizers._schedules import Tabulated, can_pickle
from fastdescent.program.step.spec import Leaf


@at_top
@dataclass
class Hyperparameters:
    """The rule's arguments (`spec`), and the values that the run supplies for their leaves."""

    spec: tuple[tuple[str, Any], ...] = ()
    params: dict[str, float] = field(default_factory=dict)
    lanes: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)  #: (n, size)
    schedules: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)


def changed(optimizer: Optimizer, change: Callable[[str, Any], Any]) -> Optimizer:
    """With `change(name, value)` for each hyperparameter, those in tuples one by one."""

    def of(name: str, value: Any) -> Any:
        return tuple(of(name, v) for v in value) if isinstance(value, tuple) else change(name, value)

    fields: Any = {name: of(name, v) for name, v in optimizer.hyper().items()}
    new: Optimizer = replace(cast(Any, optimizer), **fields)
    return new


def for_pickle(optimizer: Optimizer, last: int) -> Optimizer:
    """With the values at t = 0 ... last in place of schedules that cannot be pickled, lambdas above all."""

    return changed(optimizer, lambda name, value: value_for_pickle(value, last))


def value_for_pickle(value: Any, last: int) -> Any:
    """A hyperparameter that can be pickled."""
    if not callable(value) or can_pickle(value):
        return value
    return Tabulated(np.fromiter((float(value(t)) for t in range(last + 1)), np.float64, last + 1))


def bind(optimizer: Optimizer, leading: tuple[int, ...], dim: int, max_steps: int) -> Hyperparameters:
    """Sorts the hyperparameters of an optimizer for a run whose starts have shape (*leading, dim)."""
    bound = Hyperparameters()
    values = optimizer.hyper()
    counts = {name: values.pop(name) for name in optimizer.counts}
    bound.spec = bind_values(bound, values.items(), "", optimizer.ranges, leading, dim, max_steps)
    bound.spec += tuple(counts.items())
    return bound


def bind_values(
    bound: Hyperparameters,
    values: Iterable[tuple[str, Any]],
    prefix: str,
    ranges: Ranges,
    leading: tuple[int, ...],
    dim: int,
    max_steps: int,
) -> tuple[tuple[str, Any], ...]:
    """What a rule is traced with, by name; the values themselves go to `bound`, under names with the prefix."""
    return tuple((n, _bound(bound, prefix + n, value, ranges, leading, dim, max_steps)) for n, value in values)


def _bound(
    bound: Hyperparameters, name: str, value: Any, ranges: Ranges, leading: tuple[int, ...], dim: int, max_steps: int
) -> Any:
    if isinstance(value, tuple):
        return tuple(_bound(bound, f"{name}[{k}]", v, ranges, leading, dim, max_steps) for k, v in enumerate(value))
    key = f"hyper.{name}"
    if value is None or isinstance(value, bool | str):
        return value
    if callable(value):
        bound.schedules[key] = _tabulated(name, value, ranges, max_steps)
        return Leaf("time", key)
    if np.ndim(value) > 0:
        lanes = per_trajectory(name, np.asarray(value, dtype=np.float64), leading, dim)
        bound.lanes[key] = lanes
        return Leaf("lane", key, (lanes.shape[1],) if lanes.shape[1] > 1 else ())
    if value == 0:
        return 0.0
    bound.params[key] = float(value)
    return Leaf("param", key)


def per_trajectory(
    name: str, value: npt.NDArray[np.float64], leading: tuple[int, ...], dim: int
) -> npt.NDArray[np.float64]:
    """(n, 1) for one value per trajectory, (n, dim) for one per coordinate."""
    n = int(np.prod(leading, dtype=np.int64))
    for shape, size in ((leading, 1), ((*leading, dim), dim)):
        if size > 1 and value.ndim != len(shape):
            continue
        try:
            spread = np.broadcast_to(value, shape)
        except ValueError:
            continue
        refuse_if_too_large(8 * n * size, f"{name}: its values for {n} trajectories", "run fewer at once")
        return np.ascontiguousarray(spread.reshape(n, size))
    raise ValueError(
        f"{name} must broadcast against {leading}, the leading axes of x0 (one value a trajectory), or have an "
        f"explicit last axis of {dim} (one per coordinate); got shape {value.shape}"
    )


def _tabulated(name: str, schedule: Callable[[int], Any], ranges: Ranges, max_steps: int) -> npt.NDArray[np.float64]:
    """schedule(0), ..., schedule(max_steps), computed by the schedule itself."""
    n = max_steps + 1
    refuse_if_too_large(8 * n, f"{name}: the values of the schedule at {n} steps", "choose a smaller max_steps")
    if isinstance(schedule, Tabulated):
        return schedule.first(n)
    try:
        values = np.fromiter((float(schedule(t)) for t in range(n)), np.float64, n)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: the schedule must map t to a number; schedule(t) raised: {error}") from error
    holds, text = allowed_to_several(name, ranges)
    for t, value in enumerate(values.tolist()):
        if not (math.isfinite(value) and holds(value)):
            raise ValueError(
                f"{name}: the schedule must be finite{text and f' and {text}'}; schedule({t}) is {value:g}"
            )
    return values
