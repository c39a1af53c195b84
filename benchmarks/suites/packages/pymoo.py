"""pymoo: single-objective problems of real variables; `_evaluate(X, out)` fills out["F"] for a population X."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from pymoo.core.problem import Problem
from pymoo.problems import single

from ..case import Case, case


def cases() -> Iterator[Case]:
    seen = set()
    for module in pkgutil.iter_modules(single.__path__):
        for name, cls in inspect.getmembers(
            importlib.import_module(f"{single.__name__}.{module.name}"), inspect.isclass
        ):
            if not issubclass(cls, Problem) or cls.__module__ != f"{single.__name__}.{module.name}" or name in seen:
                continue
            problem = _made(cls)
            if problem is None or problem.vtype is not float or problem.n_obj != 1 or problem.xl is None:
                continue
            seen.add(name)
            yield case(name, _objective(problem), problem.xl, problem.xu, problem.n_var, _best(problem))


def _made(cls: type) -> Any:
    try:
        return cls()
    except Exception:  # an abstract one
        return None


def _objective(problem: Problem) -> Callable[..., Any]:
    def objective(x: Any) -> Any:
        out: dict[str, Any] = {}
        problem._evaluate(x.reshape(1, -1), out)
        return out["F"]

    return objective


def _best(problem: Problem) -> Any:
    try:
        return problem.pareto_set()[0]
    except Exception:
        return None
