"""The axes of a sweep: which hyperparameters and surface parameters take which values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import Optimizer

_OWNERS = ("optimizer", "surface")


@dataclass(frozen=True)
class Axis:
    """One axis. The values of axis k change with index k of the results."""

    name: str  #: as the user has it
    owner: str  #: of `_OWNERS`
    target: str  #: the owner's name for it: "lr", "betas[0]", "a"
    values: npt.NDArray[np.float64]  #: (k,)


def checked_axes(over: Any, surface: Surface, optimizer: Optimizer) -> tuple[Axis, ...]:
    """The axes in the order of `over`. Raises TypeError for a wrong kind, ValueError for a wrong name or value."""
    if not isinstance(over, Mapping):
        raise TypeError(f'over must map names to values, such as {{"lr": lrs}}; got {checks.shown(over)}')
    if not over:
        raise ValueError('over must have at least one axis, such as {"lr": lrs}; got {}')
    axes: list[Axis] = []
    for name, values in over.items():
        if not isinstance(name, str):
            raise TypeError(f"over: names must be text; got {checks.shown(name)}")
        owner, target = _found(name, surface, optimizer)
        if any((a.owner, a.target) == (owner, target) for a in axes):
            raise ValueError(f"over names {target!r} of the {owner} twice")
        axes.append(Axis(name, owner, target, _values(name, values)))
    return tuple(axes)


def _values(name: str, values: Any) -> npt.NDArray[np.float64]:
    array = checks.numbers(f"over: {name}", values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"over: {name} must be numbers; got {checks.shown(values)}")
    if array.ndim != 1 or not array.size:
        raise ValueError(f"over: {name} must have one axis, not empty; got shape {array.shape}")
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        raise ValueError(f"over: {name} must be finite; {name}[{bad[0]}] is {float(array[bad[0]]):g}")
    return array.astype(np.float64)


def _found(name: str, surface: Surface, optimizer: Optimizer) -> tuple[str, str]:
    """Whose it is, and its name there."""
    owner, dot, plain = name.partition(".")
    given, plain = (owner, plain) if dot and owner in _OWNERS else ("", name)
    of_optimizer, of_surface = _numbers_of(optimizer), _numbers_of_surface(surface)
    is_hyper = plain in of_optimizer and given != "surface"
    is_param = plain in of_surface and given != "optimizer"
    if is_hyper and is_param:
        kind = type(optimizer).__name__
        raise ValueError(f"over: {plain} is a hyperparameter of {kind} and a parameter of {surface.name}; "
                         f'write "optimizer.{plain}" or "surface.{plain}"')  # fmt: skip
    if is_hyper or is_param:
        return ("optimizer" if is_hyper else "surface"), plain
    _refuse(plain, given, surface, optimizer)
    known = [*(of_optimizer if given != "surface" else []), *(of_surface if given != "optimizer" else [])]
    whose = " or ".join(n for n, other in ((type(optimizer).__name__, "surface"), (surface.name, "optimizer"))
                        if given != other)  # fmt: skip
    raise ValueError(f"over: {whose} has no {plain!r}{checks.nearest(plain, known)}; those that can be swept: "
                     f"{', '.join(known) or 'none'}")  # fmt: skip


def _refuse(name: str, given: str, surface: Surface, optimizer: Optimizer) -> None:
    """Raises for names that are known but cannot be swept."""
    hyper = optimizer.hyper() if given != "surface" else {}
    if isinstance(hyper.get(name), tuple):
        parts = " and ".join(f'"{name}[{k}]"' for k in range(len(hyper[name])))
        raise ValueError(f"over: {name} is a tuple; sweep {parts}")
    if given != "surface" and name in optimizer.counts:
        raise ValueError(f"over: {name} of {type(optimizer).__name__} is a size that all runs share; it is not swept")
    if name in hyper:
        raise ValueError(f"over: {name} of {type(optimizer).__name__} is {hyper[name]!r}; only numbers are swept")
    if given != "optimizer" and name in surface.params:
        what = "static" if name in surface._static else f"an array of shape {np.shape(surface.params[name])}"
        raise ValueError(f"over: parameter {name} of {surface.name} is {what}; only numbers are swept")


def _numbers_of(optimizer: Optimizer) -> list[str]:
    """Hyperparameters that are numbers, those in tuples with their places."""
    names: list[str] = []
    for f in fields(optimizer):
        value = getattr(optimizer, f.name)
        if f.name in optimizer.counts:
            continue
        if isinstance(value, tuple):
            names += [f"{f.name}[{k}]" for k in range(len(value))]
        elif not isinstance(value, bool | str):
            names.append(f.name)
    return names


def _numbers_of_surface(surface: Surface) -> list[str]:
    shapes = surface._formula.params
    return [name for name in surface.params if name not in surface._static and shapes[name] == ()]


def with_hyperparameters(optimizer: Optimizer, values: Mapping[str, Any]) -> Optimizer:
    """The optimizer with other values, by names such as "lr" and "betas[0]"."""
    given = optimizer.hyper()
    for target, value in values.items():
        found = re.fullmatch(r"(\w+)\[(\d+)\]", target)
        if found:
            name, place = found[1], int(found[2])
            given[name] = tuple(value if k == place else v for k, v in enumerate(given[name]))
        else:
            given[target] = value
    changed: Optimizer = replace(cast(Any, optimizer), **given)
    return changed


def names_of(axes: Iterable[Axis], owner: str) -> list[str]:
    """The targets of the axes that this owner has."""
    return [a.target for a in axes if a.owner == owner]
