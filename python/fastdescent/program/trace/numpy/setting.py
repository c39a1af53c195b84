"""NumPy functions that assign to an array in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _target(a: Any) -> Traced:
    if not isinstance(a, Traced):
        refuse("an assignment of traced values to an array of numbers", "write np.zeros_like(x), or use dtype=object")
    return a


def _copyto(b: Builder, dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    target = _target(dst)
    target[...] = src if where is True else np.where(where, src, target)


def _fill_diagonal(b: Builder, a: Any, val: Any, wrap: bool = False) -> None:
    target = _target(a)
    if target.ndim < 2 or (target.ndim > 2 and len({*target.shape}) > 1):
        raise ValueError("array must be at least 2-d, with all axes of one length if there are more")
    if wrap and target.shape[0] > target.shape[1] + 1:
        refuse("np.fill_diagonal with wrap=True of a tall matrix", "write a loop")
    n = min(target.shape)
    target[(np.arange(n),) * target.ndim] = np.resize(val, n) if np.ndim(val) else val


def _put(b: Builder, a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    target = _target(a)
    places = np.arange(target.size).take(ind, mode=mode).ravel()  # type: ignore[call-overload]
    target[np.unravel_index(places, target.shape)] = np.resize(v, places.size)


def _putmask(b: Builder, a: Any, mask: Any, values: Any) -> None:
    target = _target(a)
    target[...] = np.where(mask, np.resize(values, target.shape), target)


SETTING: dict[str, Callable[..., None]] = {
    "copyto": _copyto,
    "fill_diagonal": _fill_diagonal,
    "put": _put,
    "putmask": _putmask,
}
