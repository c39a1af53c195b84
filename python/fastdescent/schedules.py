"""Schedules: hyperparameters that change from step to step.

A schedule is a function of t, the number of updates made, 0 first. These have names, print as they were written, and
pickle; they can be added, multiplied by numbers or by each other, and follow one another (`piecewise`, `warmup`). Any
other function of t is a schedule too.

>>> import fastdescent as fd
>>> rate = fd.schedules.warmup(fd.schedules.cosine(0.1, steps=900), steps=100)
>>> rate
warmup(cosine(0.1, steps=900, final=0.0), steps=100, start=0.0)
>>> [round(rate(t), 4) for t in (0, 50, 100, 550, 1000)]
[0.0, 0.05, 0.1, 0.05, 0.0]
>>> fd.SGD(lr=0.5 * rate)
SGD(lr=0.5 * warmup(cosine(0.1, steps=900, final=0.0), steps=100, start=0.0), momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0)

Where PyTorch has the same schedule, values are those of its class, which is named.
"""  # noqa: E501

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fastdescent._base import checks
from fastdescent._base.at_top import at_top

__all__ = [
    "Schedule", "constant", "cosine", "cyclic", "exponential", "inverse_time", "one_cycle", "piecewise", "step",
    "warmup",
]  # fmt: skip


@at_top
@dataclass(frozen=True)
class Schedule:
    """A function of t that prints and pickles. Made by the functions of this module."""

    rule: Callable[..., float]  #: of t and the arguments
    arguments: tuple[tuple[str, Any], ...]
    text: str

    def __call__(self, t: int) -> float:
        return self.rule(t, **dict(self.arguments))

    def __repr__(self) -> str:
        return self.text

    def __mul__(self, other: float | Callable[[int], float]) -> Any:
        return _combined(_product, "*", self, other)

    def __rmul__(self, other: float | Callable[[int], float]) -> Any:
        return _combined(_product, "*", other, self)

    def __add__(self, other: float | Callable[[int], float]) -> Any:
        return _combined(_sum, "+", self, other)

    def __radd__(self, other: float | Callable[[int], float]) -> Any:
        return _combined(_sum, "+", other, self)


def constant(value: float) -> Schedule:
    """The same number at every t."""
    return _schedule("constant", _constant, value=checks.number("value", value))


def step(value: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """value * gamma^floor(t / step_size): PyTorch's `StepLR`."""
    return _schedule("step", _step, value=checks.number("value", value), step_size=_steps("step_size", step_size),
                     gamma=checks.number("gamma", gamma))  # fmt: skip


def exponential(value: float, gamma: float) -> Schedule:
    """value * gamma^t: PyTorch's `ExponentialLR`."""
    return _schedule("exponential", _exponential, value=checks.number("value", value), gamma=_fraction("gamma", gamma))


def inverse_time(value: float, rate: float) -> Schedule:
    """value / (1 + rate * t), the classic of Robbins and Monro (1951)."""
    return _schedule("inverse_time", _inverse_time, value=checks.number("value", value),
                     rate=checks.not_negative("rate", rate))  # fmt: skip


def cosine(value: float, steps: int, final: float = 0.0) -> Schedule:
    """From value to final along half a cosine, in so many steps, and final from then on (Loshchilov and Hutter 2017).

    final + (value - final) * (1 + cos(pi * t / steps)) / 2: up to `steps` PyTorch's `CosineAnnealingLR`.
    """
    return _schedule("cosine", _cosine, value=checks.number("value", value), steps=_steps("steps", steps),
                     final=checks.number("final", final))  # fmt: skip


def warmup(schedule: float | Callable[[int], float], steps: int, start: float = 0.0) -> Schedule:
    """From start up to the schedule's first value in so many steps, on a line; then the schedule, from its t = 0 on."""
    return _schedule("warmup", _warmup, schedule=_part("schedule", schedule), steps=_steps("steps", steps),
                     start=checks.number("start", start))  # fmt: skip


def one_cycle(
    max_value: float, steps: int, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4
) -> Schedule:
    """Up to max_value and down to almost nothing, each along half a cosine (Smith and Topin 2018).

    From max_value / div_factor, in the part pct_start of the steps to max_value, at the last step t = steps - 1 at
    max_value / div_factor / final_div_factor: PyTorch's `OneCycleLR`. Stays there.
    """
    return _schedule("one_cycle", _one_cycle, max_value=checks.number("max_value", max_value),
                     steps=checks.whole_number("steps", steps, at_least=2), pct_start=_fraction("pct_start", pct_start),
                     div_factor=checks.positive("div_factor", div_factor),
                     final_div_factor=checks.positive("final_div_factor", final_div_factor))  # fmt: skip


def cyclic(low: float, high: float, step_size_up: int, step_size_down: int | None = None) -> Schedule:
    """From low up to high on a line in so many steps, down in as many or in `step_size_down`, and again.

    Smith (2017): PyTorch's `CyclicLR`, mode "triangular".
    """
    up = _steps("step_size_up", step_size_up)
    down = up if step_size_down is None else _steps("step_size_down", step_size_down)
    return _schedule("cyclic", _cyclic, low=checks.number("low", low), high=checks.number("high", high),
                     step_size_up=up, step_size_down=down)  # fmt: skip


def piecewise(boundaries: Sequence[int], values: Sequence[float | Callable[[int], float]]) -> Schedule:
    """One number or schedule after another: values[k] from boundaries[k-1] on, each schedule from its own t = 0 on.

    There is one value more than boundaries, which ascend.

    >>> rate = piecewise([100, 200], [0.1, 0.01, exponential(0.01, 0.99)])
    >>> [rate(t) for t in (0, 99, 100, 200)]
    [0.1, 0.1, 0.01, 0.01]
    """
    starts = tuple(_steps(f"boundaries[{k}]", b) for k, b in enumerate(boundaries))
    if any(a >= b for a, b in pairwise(starts)):
        raise ValueError(f"boundaries must ascend; got {checks.shown(list(starts))}")
    parts = tuple(_part(f"values[{k}]", v) for k, v in enumerate(values))
    if len(parts) != len(starts) + 1:
        raise ValueError(f"values must be one more than boundaries, {len(starts) + 1}; got {len(parts)}")
    return _schedule("piecewise", _piecewise, boundaries=starts, values=parts)


# ---------------------------------------------------------------------- arguments
def _schedule(name: str, rule: Callable[..., float], **arguments: Any) -> Schedule:
    texts = [f"{key}={_text(value)}" for key, value in arguments.items()]
    texts[0] = texts[0].partition("=")[2]
    return Schedule(rule, tuple(arguments.items()), f"{name}({', '.join(texts)})")


def _combined(rule: Callable[..., float], sign: str, a: Any, b: Any) -> Any:
    for part in (a, b):
        if isinstance(part, bool) or not (callable(part) or isinstance(part, int | float)):
            return NotImplemented
    left, right = (f"({_text(p)})" if sign == "*" and _is_sum(p) else _text(p) for p in (a, b))
    return Schedule(rule, (("a", a), ("b", b)), f"{left} {sign} {right}")


def _is_sum(part: Any) -> bool:
    return isinstance(part, Schedule) and part.rule is _sum


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return repr(value) if isinstance(value, Schedule) else getattr(value, "__name__", repr(value))


def _part(name: str, value: Any) -> Any:
    return value if callable(value) and not isinstance(value, type) else checks.number(name, value)


def _steps(name: str, value: Any) -> int:
    return checks.whole_number(name, value, at_least=1)


def _fraction(name: str, value: Any) -> float:
    number = checks.number(name, value)
    if not 0 < number <= 1:
        raise ValueError(f"{name} must be in (0, 1]; got {checks.shown(value)}")
    return number


# ---------------------------------------------------------------------- values
def _at(part: Any, t: int) -> float:
    return float(part(t) if callable(part) else part)


def _product(t: int, a: Any, b: Any) -> float:
    return _at(a, t) * _at(b, t)


def _sum(t: int, a: Any, b: Any) -> float:
    return _at(a, t) + _at(b, t)


def _constant(t: int, value: float) -> float:
    return value


def _step(t: int, value: float, step_size: int, gamma: float) -> float:
    return value * gamma ** (t // step_size)


def _exponential(t: int, value: float, gamma: float) -> float:
    return value * gamma**t


def _inverse_time(t: int, value: float, rate: float) -> float:
    return value / (1 + rate * t)


def _cosine(t: int, value: float, steps: int, final: float) -> float:
    return _half_cosine(value, final, min(t, steps) / steps)


def _warmup(t: int, schedule: Any, steps: int, start: float) -> float:
    if t >= steps:
        return _at(schedule, t - steps)
    return start + (_at(schedule, 0) - start) * t / steps


def _one_cycle(
    t: int, max_value: float, steps: int, pct_start: float, div_factor: float, final_div_factor: float
) -> float:
    low, top, end = max_value / div_factor, pct_start * steps - 1, steps - 1
    if 0 < top >= t:
        return _half_cosine(low, max_value, t / top)
    return _half_cosine(max_value, low / final_div_factor, (min(t, end) - top) / (end - top) if end > top else 1.0)


def _cyclic(t: int, low: float, high: float, step_size_up: int, step_size_down: int) -> float:
    k = t % (step_size_up + step_size_down)
    part = k / step_size_up if k <= step_size_up else 1 - (k - step_size_up) / step_size_down
    return low + (high - low) * part


def _piecewise(t: int, boundaries: tuple[int, ...], values: tuple[Any, ...]) -> float:
    k = bisect_right(boundaries, t)
    return _at(values[k], t - (boundaries[k - 1] if k else 0))


def _half_cosine(first: float, last: float, part: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2
