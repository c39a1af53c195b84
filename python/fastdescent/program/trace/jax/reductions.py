"""Primitives that reduce over axes, or go on from element to element along one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.trace.jax.elementwise import Rule
from fastdescent.program.trace.source import refuse


def _reducing(function: Callable[..., Any]) -> Rule:
    return lambda equation, a: function(a, axis=tuple(equation.params["axes"])) if equation.params["axes"] else a


def _going_on(accumulate: Callable[..., Any]) -> Rule:
    """accumulate(a, axis), from the end on if the equation says so."""

    def rule(equation: Any, a: Any) -> Any:
        axis, reverse = equation.params["axis"], equation.params["reverse"]
        result = accumulate(np.flip(a, axis) if reverse else a, axis=axis)
        return np.flip(result, axis) if reverse else result

    return rule


def _extreme_index(beats: Callable[[Any, Any], Any]) -> Rule:
    """The index of the first element that no other beats; of the first NaN if there is one."""

    def rule(equation: Any, a: Any) -> Any:
        (axis,) = equation.params["axes"]
        lines = np.moveaxis(a, axis, 0)
        best: Any = lines[0]
        index: Any = 0.0
        for k in range(1, lines.shape[0]):
            better = (beats(lines[k], best) | (lines[k] != lines[k])) & (best == best)
            index = np.where(better, float(k), index)
            best = np.where(better, lines[k], best)
        return index

    return rule


def _reduce_xor(equation: Any, a: Any) -> Any:
    refuse("JAX's primitive reduce_xor cannot be traced", "compare sums")


REDUCING: dict[str, Rule] = {
    "reduce_sum": _reducing(np.sum),
    "reduce_prod": _reducing(np.prod),
    "reduce_max": _reducing(np.max),
    "reduce_min": _reducing(np.min),
    "reduce_and": _reducing(np.all),
    "reduce_or": _reducing(np.any),
    "reduce_xor": _reduce_xor,
    "argmax": _extreme_index(np.greater),
    "argmin": _extreme_index(np.less),
    "cumsum": _going_on(np.cumsum),
    "cumprod": _going_on(np.cumprod),
    "cummax": _going_on(np.maximum.accumulate),
    "cummin": _going_on(np.minimum.accumulate),
    "cumlogsumexp": _going_on(np.logaddexp.accumulate),
}
