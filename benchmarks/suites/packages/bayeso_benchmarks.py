"""bayeso-benchmarks: the method `function` of a benchmark, which takes one point."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import bayeso_benchmarks
import numpy as np

from ..case import Case, case


def cases() -> Iterator[Case]:
    for name, cls in inspect.getmembers(bayeso_benchmarks, inspect.isclass):
        arguments = inspect.signature(cls).parameters
        benchmark = cls(4) if "dim_problem" in arguments else cls()
        low, high = benchmark.get_bounds().T
        yield case(name, benchmark.function, low, high, low.size, np.asarray(benchmark.get_global_minimizers())[0])
