"""mystic: functions of its models, `model.function(coefficients)`."""

from __future__ import annotations

from collections.abc import Iterator

import mystic.models

from ..case import Case, case

_DIMS = {"rosen": 4, "step": 5, "quartic": 4, "corana": 4, "griewangk": 6, "zimmermann": 2, "paviani": 10, "wavy1": 3,
         "wavy2": 3, "schwefel": 3, "ellipsoid": 3, "rastrigin": 3, "powers": 3, "ackley": 3, "michal": 3,
         "sphere": 3}  # fmt: skip
_NAMES = ("sphere", "rosen", "step", "quartic", "shekel", "corana", "fosc3d", "nmin51", "griewangk", "zimmermann",
          "peaks", "venkat91", "schwefel", "ellipsoid", "rastrigin", "powers", "ackley", "michal", "branins", "easom",
          "goldstein", "paviani", "wavy1", "wavy2")  # fmt: skip
_BOUNDS = {"paviani": (2.001, 9.999), "zimmermann": (0, 7), "griewangk": (-400, 400)}


def cases() -> Iterator[Case]:
    for name in _NAMES:
        low, high = _BOUNDS.get(name, (-5.0, 5.0))
        yield case(name, getattr(mystic.models, name), low, high, _DIMS.get(name, 2))
