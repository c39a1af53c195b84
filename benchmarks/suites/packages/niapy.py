"""niapy: problems are callable."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from niapy import problems

from ..case import Case, case


def cases() -> Iterator[Case]:
    for name, cls in inspect.getmembers(problems, inspect.isclass):
        if name == "Problem":
            continue
        problem = cls(dimension=4)
        yield case(name, problem, problem.lower, problem.upper, problem.dimension)
