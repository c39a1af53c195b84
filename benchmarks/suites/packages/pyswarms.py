"""pyswarms: functions of a swarm, shape (n_particles, dim); here of a swarm of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pyswarms.utils.functions import single_obj

from ..case import Case, case

_BOUNDS = {
    "ackley": (-32, 32, 5, [0] * 5), "beale": (-4.5, 4.5, 2, [3, 0.5]), "booth": (-10, 10, 2, [1, 3]),
    "bukin6": ([-15, -3], [-5, 3], 2, [-10, 1]), "crossintray": (-10, 10, 2, [1.34941, -1.34941]),
    "easom": (-100, 100, 2, [3.141592653589793] * 2), "eggholder": (-512, 512, 2, [512, 404.2319]),
    "goldstein": (-2, 2, 2, [0, -1]), "himmelblau": (-5, 5, 2, [3, 2]),
    "holdertable": (-10, 10, 2, [8.05502, 9.66459]), "levi": (-10, 10, 2, [1, 1]), "matyas": (-10, 10, 2, [0, 0]),
    "rastrigin": (-5.12, 5.12, 5, [0] * 5), "rosenbrock": (-5, 5, 5, [1] * 5),
    "schaffer2": (-100, 100, 2, [0, 0]), "sphere": (-5, 5, 5, [0] * 5), "threehump": (-5, 5, 2, [0, 0]),
}  # fmt: skip


def cases() -> Iterator[Case]:
    for name, (low, high, dim, best) in _BOUNDS.items():
        yield case(name, _of_one(getattr(single_obj, name)), low, high, dim, best)


def _of_one(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: function(x[np.newaxis])[0]
