"""optproblems: the continuous test problems, called with a list of coordinates through `objective_function`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from optproblems import continuous

from ..case import Case, case


def cases() -> Iterator[Case]:
    for name, cls in inspect.getmembers(continuous, inspect.isclass):
        if cls.__module__ != continuous.__name__ or not issubclass(cls, continuous.TestProblem):
            continue
        problem = _made(cls)
        if problem is None:
            continue
        low, high = problem.min_bounds, problem.max_bounds
        best = _best(problem)
        yield case(name, problem.objective_function, low, high, len(low), best)


def _made(cls: type) -> Any:
    for arguments in ((), (4,), (4, 4)):
        try:
            problem = cls(*arguments)
        except TypeError:
            continue
        return problem if getattr(problem, "min_bounds", None) is not None else None
    return None


def _best(problem: Any) -> Any:
    try:
        return list(problem.get_optimal_solutions()[0].phenome)
    except Exception:
        return None
