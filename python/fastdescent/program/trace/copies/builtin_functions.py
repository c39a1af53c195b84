"""max, min, sum, sorted, any, all and range of traced values, as Python defines them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fastdescent.program.trace.copies.lists import first_traced
from fastdescent.program.trace.copies.numbers import StandInOfType
from fastdescent.program.trace.tracer import Traced

_NO_DEFAULT = object()


def _extreme(builtin: Callable[..., Any], choose: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """max or min: of one iterable or of several values, the first of equal ones."""

    @functools.wraps(builtin)
    def extreme(*args: Any, key: Any = None, default: Any = _NO_DEFAULT) -> Any:
        values = list(args[0]) if len(args) == 1 else list(args)
        options = {} if default is _NO_DEFAULT or len(args) > 1 else {"default": default}
        keys = values if key is None else [key(v) for v in values]
        if first_traced(keys) is None:
            return builtin(values, key=key, **options)
        if key is not None or any(np.ndim(v) for v in values):
            return builtin(values, key=key)  # by decisions
        return functools.reduce(choose, values)

    return extreme


def _larger(a: Any, b: Any) -> Any:
    return np.where(b > a, b, a)[()]


def _smaller(a: Any, b: Any) -> Any:
    return np.where(b < a, b, a)[()]


@functools.wraps(sum)
def total(values: Iterable[Any], /, start: Any = 0) -> Any:
    if isinstance(values, Traced) and values.ndim == 1 and not values.is_bool and isinstance(start, int | float):
        whole: Any = np.sum(values)
        return whole if start == 0 else start + whole
    return sum(values, start)


@functools.wraps(sorted)
def in_order(values: Iterable[Any], /, *, key: Any = None, reverse: bool = False) -> Any:
    elements = list(values)
    if key is not None or first_traced(elements) is None or any(np.ndim(v) for v in elements):
        return sorted(elements, key=key, reverse=reverse)
    ordered = list(np.sort(np.stack(elements)))
    return ordered[::-1] if reverse else ordered


def _quantifier(builtin: Callable[..., Any], ufunc: Callable[..., Any]) -> Callable[..., Any]:
    """any or all: as soon as a known truth decides, it does; traced ones are joined to one truth."""

    @functools.wraps(builtin)
    def quantifier(values: Iterable[Any], /) -> Any:
        deciding, traced = builtin is any, []
        for value in values:
            if isinstance(value, Traced) and value.size == 1:
                traced.append(value.ravel()[0] != 0.0 if not value.is_bool else value.ravel()[0])
            elif bool(value) is deciding:
                return deciding
        return functools.reduce(ufunc, traced).astype(int) if traced else not deciding  # Python's truths add up

    return quantifier


@functools.wraps(issubclass)
def is_subclass(kind: Any, of: Any) -> bool:
    return issubclass(kind._type if isinstance(kind, StandInOfType) else kind, of)


@functools.wraps(hasattr)
def has_attribute(value: Any, name: str) -> bool:
    """A traced number has `__iter__`, None, so that nothing iterates over it; a number has none."""
    return hasattr(value, name) and not (isinstance(value, Traced) and getattr(value, name) is None)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    max: _extreme(max, _larger),
    min: _extreme(min, _smaller),
    sum: total,
    sorted: in_order,
    any: _quantifier(any, np.logical_or),
    issubclass: is_subclass,
    hasattr: has_attribute,
    all: _quantifier(all, np.logical_and),
}
