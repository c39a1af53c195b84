"""benchmark-functions: objects that are called with a point."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import benchmark_functions

from ..case import Case, case


def cases() -> Iterator[Case]:
    for name, cls in inspect.getmembers(benchmark_functions, inspect.isclass):
        if not issubclass(cls, benchmark_functions.BenchmarkFunction) or inspect.isabstract(cls):
            continue
        function = _made(cls)
        low, high = function.suggested_bounds()
        yield case(name, function, low, high, function.n_dimensions(), _best(function))


def _made(cls: type) -> Any:
    try:
        return cls(n_dimensions=4)
    except TypeError:
        return cls()


def _best(function: Any) -> Any:
    try:
        return function.minimum().position
    except Exception:
        return None
