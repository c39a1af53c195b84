"""deap: single-objective functions of an individual; their value is a tuple with one number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from deap import benchmarks

from ..case import Case, case

#: name: low, high, dim, the minimum or maximum of the docstring
_FUNCTIONS: dict[str, tuple[float, float, int, Any]] = {
    "rand": (-1, 1, 3, None),
    "plane": (-10, 10, 3, None),
    "sphere": (-10, 10, 5, [0] * 5),
    "cigar": (-10, 10, 5, [0] * 5),
    "rosenbrock": (-5, 5, 5, [1] * 5),
    "h1": (-100, 100, 2, [8.6998, 6.7665]),
    "ackley": (-15, 30, 5, [0] * 5),
    "bohachevsky": (-100, 100, 5, [0] * 5),
    "griewank": (-600, 600, 5, [0] * 5),
    "rastrigin": (-5.12, 5.12, 5, [0] * 5),
    "rastrigin_scaled": (-5.12, 5.12, 5, [0] * 5),
    "rastrigin_skew": (-5.12, 5.12, 5, [0] * 5),
    "schaffer": (-100, 100, 5, [0] * 5),
    "schwefel": (-500, 500, 5, [420.96874636] * 5),
    "himmelblau": (-6, 6, 2, [3.0, 2.0]),
}
_PEAKS = np.array([[4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6], [3, 7, 3, 7]], float)
_HEIGHTS = np.array([0.1, 0.2, 0.2, 0.4, 0.4])


def cases() -> Iterator[Case]:
    for name, (low, high, dim, best) in _FUNCTIONS.items():
        yield case(name, _first(getattr(benchmarks, name)), low, high, dim, best)
    yield case("shekel", _first(lambda x: benchmarks.shekel(x, _PEAKS, _HEIGHTS)), 0, 10, 4)


def _first(function: Callable[..., Any]) -> Callable[..., Any]:
    """deap's values are tuples: the number in it."""
    return lambda individual: function(individual)[0]
