"""Hyperparameters as a run sees them: numbers, one value a trajectory, or schedules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import shown
from fastdescent._base.memory import refuse_if_too_large
from fastdescent.optimizers import Optimizer
from fastdescent.optimizers._hyperparameters import Ranges, allowed_to_several
from fastdescent.optimizers._schedules import Tabulated, can_pickle
from fastdescent.program.step.spec import Leaf

NOISE = "noise."  #: names of the hyperparameters of noise begin so


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


def for_pickle(optimizer: Optimizer, n_steps: int) -> Optimizer:
    """With the values at t = 0 ... n_steps - 1 in place of schedules that cannot be pickled, lambdas above all."""

    return changed(optimizer, lambda name, value: value_for_pickle(value, n_steps))


def value_for_pickle(value: Any, n_steps: int) -> Any:
    """A hyperparameter that can be pickled."""
    if not callable(value) or can_pickle(value):
        return value
    n = max(n_steps, 1)
    return Tabulated(np.fromiter((float(value(t)) for t in range(n)), np.float64, n))


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
        lanes = per_trajectory(name, np.asarray(value, dtype=np.float64), leading, dim, max_steps)
        bound.lanes[key] = lanes
        return Leaf("lane", key, (lanes.shape[1],) if lanes.shape[1] > 1 else ())
    if value == 0:
        return 0.0
    bound.params[key] = float(value)
    return Leaf("param", key)


def per_trajectory(
    name: str, value: npt.NDArray[np.float64], leading: tuple[int, ...], dim: int, max_steps: int | None = None
) -> npt.NDArray[np.float64]:
    """(n, 1) for one value per trajectory, (n, dim) for one per coordinate."""
    if name.startswith(NOISE):
        _refuse_ambiguous(name.removeprefix(NOISE), value, leading, dim)
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
        f"explicit last axis of {dim} (one per coordinate); got shape {value.shape}{_hint(name, value, max_steps)}"
    )


def _refuse_ambiguous(name: str, value: npt.NDArray[np.float64], leading: tuple[int, ...], dim: int) -> None:
    """Noise of a trajectory's own deviation and noise along a direction are both common: neither is taken for granted.

    With two trajectories of two coordinates noise=[1, 0] may mean either.
    """
    may_be_either = value.ndim == len(leading) and dim > 1 and value.shape[-1:] == leading[-1:] == (dim,)
    if may_be_either and not np.all(value == value[..., :1]):
        raise ValueError(
            f"noise: {name} of shape {value.shape} could hold one value a trajectory or one a coordinate, as there are "
            f"{dim} of both; write {name}[..., np.newaxis] for one a trajectory, {name}[..., np.newaxis, :] for one a "
            "coordinate"
        )


def _hint(name: str, value: npt.NDArray[np.float64], max_steps: int | None) -> str:
    """What to write where an array seems to hold one value for each step."""
    if max_steps is None or value.shape not in ((max_steps,), (max_steps + 1,)):
        return ""
    return f"; one value a step is a schedule, a function of t: {name.split('.')[-1]}=lambda t: values[t]"


def _tabulated(name: str, schedule: Callable[[int], Any], ranges: Ranges, max_steps: int) -> npt.NDArray[np.float64]:
    """schedule(0), ..., schedule(max_steps - 1), computed by the schedule itself."""
    n = max_steps
    refuse_if_too_large(8 * n, f"{name}: the values of the schedule at {n} steps", "choose a smaller max_steps")
    if isinstance(schedule, Tabulated):
        return schedule.first(n)
    values = np.fromiter((_scheduled(name, schedule, t) for t in range(n)), np.float64, n)
    holds, text = allowed_to_several(name, ranges)
    for t, value in enumerate(values.tolist()):
        if not (math.isfinite(value) and holds(value)):
            raise ValueError(
                f"{name}: the schedule must be finite{text and f' and {text}'}; schedule({t}) is {value:g}"
            )
    return values


def _scheduled(name: str, schedule: Callable[[int], Any], t: int) -> float:
    """The schedule's value at t. Raises TypeError or ValueError if there is none."""
    try:
        value = schedule(t)
    except Exception as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        what = f"the schedule raised {type(error).__name__} at t = {t}: {error}"
        raise kind(f"{name}: {what}. It must map t = 0 ... max_steps - 1 to numbers") from error
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: the schedule must map t to a number; schedule({t}) is {shown(value)}") from None


def continued(name: str, schedule: Callable[[int], Any], ranges: Ranges, last: int) -> Callable[[int], float]:
    """The schedule also after the step `last` of a run, with its value there where it has none that is allowed."""
    holds, at_last = allowed_to_several(name, ranges)[0], float(schedule(last))

    def value(t: int) -> float:
        if t <= last:
            return float(schedule(t))
        try:
            later = float(schedule(t))
        except Exception:  # such as that of a list with one value a step
            return at_last
        return later if math.isfinite(later) and holds(later) else at_last

    return value
