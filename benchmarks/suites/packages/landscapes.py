"""landscapes: functions of a list of coordinates."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from landscapes import single_objective

from ..case import Case, case

_DIMS = {"colville": 4, "wolfe": 3}


def cases() -> Iterator[Case]:
    for name, function in inspect.getmembers(single_objective, inspect.isfunction):
        if function.__module__ != single_objective.__name__:
            continue
        first = next(iter(inspect.signature(function).parameters))
        yield case(name, function, -5.0, 5.0, _DIMS.get(name, {"x": 4, "xyz": 3}.get(first, 2)))
