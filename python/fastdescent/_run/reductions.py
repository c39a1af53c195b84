"""The options reduce= and average=, checked and bound to a run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from fastdescent._base import checks
from fastdescent._base.memory import refuse_if_too_large
from fastdescent.program.step.averages import AverageSince
from fastdescent.program.step.reductions import Exponential, Mean, Reduction

AVERAGE = "the average"  #: name of the reduction that the option average= stands for


def checked_reductions(value: Any) -> tuple[Reduction, ...]:
    """One or several reductions with names that differ."""
    given = [value] if isinstance(value, Reduction) else value
    if isinstance(given, str) or not isinstance(given, Iterable):
        _refuse(value)
    reductions = tuple(given)
    for k, one in enumerate(reductions):
        if not isinstance(one, Reduction):
            _refuse(one)
        if any(one.name == other.name for other in reductions[:k]):
            raise ValueError(f"reduce must name each result once; {one.name!r} comes twice: give one of them name=...")
    return reductions


def refuse_too_large(reductions: Iterable[Reduction], n: int, dim: int, itemsize: int) -> None:
    """MemoryError where their rows would not fit into memory."""
    n_rows = sum(math.prod(shape) for r in reductions for shape, _ in r.initial(dim))
    hint = "keep shorter tails, or run fewer trajectories at once"
    refuse_if_too_large(n * n_rows * itemsize, f"reduce: {n} trajectories", hint)


def checked_average(average: Any) -> tuple[Reduction, ...]:
    """The option average= as a reduction named AVERAGE, or none."""
    if average is None:
        return ()
    kind, start = average if _is_pair(average) else (average, 0)
    start = checks.whole_number("average: its first step", start, at_least=0)
    decay = None
    if isinstance(kind, str):
        if kind != "polyak":
            raise ValueError(f'average must be "polyak", a number between 0 and 1, or None; got {kind!r}')
    else:
        decay = checks.number("average", kind)
        if not 0.0 < decay < 1.0:
            raise ValueError(f"average must be between 0 and 1; got {kind}")
    if start:
        return (AverageSince.of(AVERAGE, decay, start),)
    return (Mean(AVERAGE, "x") if decay is None else Exponential(AVERAGE, "x", decay),)


def _is_pair(average: Any) -> bool:
    """Whether it says where the average begins. Raises TypeError for other tuples."""
    if not isinstance(average, tuple | list):
        return False
    if len(average) != 2:
        raise TypeError(
            'average must be "polyak" or a number, or one of them and the step where it begins, (0.99, 500); got '
            f"{checks.shown(average)}"
        )
    return True


def _refuse(value: Any) -> None:
    name = getattr(value, "__name__", None)
    hint = f"; call it: fd.reduce.{name}(...)" if callable(value) and name else ""
    raise TypeError(f'reduce must be reductions, such as fd.reduce.min("fun"); got {checks.shown(value)}{hint}')
