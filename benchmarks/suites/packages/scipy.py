"""SciPy: the function in `scipy.optimize`; its benchmark suite is not in the wheels."""

from __future__ import annotations

from collections.abc import Iterator

from scipy import optimize

from ..case import Case, case


def cases() -> Iterator[Case]:
    yield case("rosen", optimize.rosen, -2.0, 2.0, 4, [1.0] * 4)
