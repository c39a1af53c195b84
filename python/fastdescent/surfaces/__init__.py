"""The catalog: test functions of the literature, each a function that makes a Surface.

>>> from fastdescent import surfaces
>>> surfaces.rastrigin(dim=3, A=5.0)
<Surface rastrigin: dim=3, A=5.0>
>>> surfaces.himmelblau().minima[0]
array([3., 2.])
"""

from __future__ import annotations

from typing import Any, NoReturn

from fastdescent._check import nearest, shown
from fastdescent._surface import Surface
from fastdescent.surfaces._catalog import CATALOG
from fastdescent.surfaces._many_dimensional import ackley, rastrigin, rosenbrock, sphere, styblinski_tang
from fastdescent.surfaces._two_dimensional import (
    beale,
    branin,
    goldstein_price,
    himmelblau,
    monkey_saddle,
    muller_brown,
    six_hump_camel,
)

__all__ = [
    "ackley",
    "beale",
    "branin",
    "get",
    "goldstein_price",
    "himmelblau",
    "monkey_saddle",
    "muller_brown",
    "names",
    "rastrigin",
    "rosenbrock",
    "six_hump_camel",
    "sphere",
    "styblinski_tang",
]


def names() -> list[str]:
    """The names of all surfaces, in alphabetical order.

    >>> from fastdescent import surfaces
    >>> surfaces.names()[:3]
    ['ackley', 'beale', 'branin']
    """
    return sorted(CATALOG)


def get(name: str, **options: Any) -> Surface:
    """The surface of this name, made with `options`: dim where it has one, and its parameters.

    Raises
    ------
    ValueError
        Where no surface has this name.

    Examples
    --------
    >>> from fastdescent import surfaces
    >>> surfaces.get("rosenbrock", dim=4).dim
    4
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be text; got {shown(name)}")
    if name not in CATALOG:
        raise ValueError(_unknown(name))
    return CATALOG[name](**options)


def _unknown(name: str) -> str:
    return f"no surface {name!r}{nearest(name, CATALOG)}; surfaces.names() lists them"


def __getattr__(name: str) -> NoReturn:
    raise AttributeError(_unknown(name))
