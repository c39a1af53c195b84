"""opfunu: the named functions and those of the CEC competitions; `problem.evaluate(x)`."""

from __future__ import annotations

from collections.abc import Iterator

import opfunu
from opfunu.benchmark import Benchmark

from ..case import Case, case


def cases() -> Iterator[Case]:
    for group in (opfunu.name_based, opfunu.cec_based):
        classes = (v for v in vars(group).values() if isinstance(v, type) and issubclass(v, Benchmark))
        for cls in classes:
            if cls is Benchmark or cls.__name__ == "CecBenchmark":
                continue
            problem = _made(cls)
            yield case(cls.__name__, problem.evaluate, problem.lb, problem.ub, problem.ndim, problem.x_global)


def _made(cls: type) -> Benchmark:
    """In ten dimensions, if the function exists there."""
    try:
        return cls(ndim=10)
    except Exception:
        return cls()
