"""The catalog: test functions of the literature, each a function that makes a Surface.

>>> from fastdescent import surfaces
>>> surfaces.rastrigin(dim=3, A=5.0)
<Surface rastrigin: dim=3, A=5.0>
>>> surfaces.himmelblau().minima[0]
array([3., 2.])
"""

from __future__ import annotations

from typing import Any, NoReturn

from fastdescent._base.checks import nearest, shown
from fastdescent._surface.surface import Surface
from fastdescent.surfaces._catalog import CATALOG
from fastdescent.surfaces._clusters import lennard_jones
from fastdescent.surfaces._factors import matrix_factorization, phase_retrieval
from fastdescent.surfaces._layers import he, layers, xavier
from fastdescent.surfaces._lessons import (
    degenerate_minimum,
    ellipsoid,
    flat_valley,
    monkey_saddle,
    plateau,
    saddle,
    trough,
    two_layers,
)
from fastdescent.surfaces._networks import deep_linear, logistic, mlp
from fastdescent.surfaces._polynomials import (
    dixon_price,
    double_well,
    perm,
    powell,
    quartic,
    ring,
    rosenbrock,
    sphere,
    styblinski_tang,
    trid,
    zakharov,
)
from fastdescent.surfaces._polynomials_2d import (
    beale,
    booth,
    colville,
    goldstein_price,
    himmelblau,
    matyas,
    six_hump_camel,
    three_hump_camel,
)
from fastdescent.surfaces._quadratics import quadratic, random_quadratic
from fastdescent.surfaces._random import gaussian_wells, random_field, spin_glass
from fastdescent.surfaces._waves import (
    ackley,
    alpine,
    griewank,
    levy,
    michalewicz,
    rastrigin,
    salomon,
    schwefel,
)
from fastdescent.surfaces._waves_2d import (
    bohachevsky,
    branin,
    bukin6,
    cross_in_tray,
    drop_wave,
    easom,
    eggholder,
    holder_table,
    levy13,
    mccormick,
    schaffer2,
    schaffer4,
)
from fastdescent.surfaces._wells import (
    hartmann3,
    hartmann6,
    langermann,
    muller_brown,
    peaks,
    shekel,
)

__all__ = [
    "ackley",
    "alpine",
    "beale",
    "bohachevsky",
    "booth",
    "branin",
    "bukin6",
    "colville",
    "cross_in_tray",
    "deep_linear",
    "degenerate_minimum",
    "dixon_price",
    "double_well",
    "drop_wave",
    "easom",
    "eggholder",
    "ellipsoid",
    "flat_valley",
    "gaussian_wells",
    "get",
    "goldstein_price",
    "griewank",
    "hartmann3",
    "hartmann6",
    "he",
    "himmelblau",
    "holder_table",
    "langermann",
    "layers",
    "lennard_jones",
    "levy",
    "levy13",
    "logistic",
    "matrix_factorization",
    "matyas",
    "mccormick",
    "michalewicz",
    "mlp",
    "monkey_saddle",
    "muller_brown",
    "names",
    "peaks",
    "perm",
    "phase_retrieval",
    "plateau",
    "powell",
    "quadratic",
    "quartic",
    "random_field",
    "random_quadratic",
    "rastrigin",
    "ring",
    "rosenbrock",
    "saddle",
    "salomon",
    "schaffer2",
    "schaffer4",
    "schwefel",
    "shekel",
    "six_hump_camel",
    "sphere",
    "spin_glass",
    "styblinski_tang",
    "three_hump_camel",
    "trid",
    "trough",
    "two_layers",
    "xavier",
    "zakharov",
]


def names() -> list[str]:
    """The names of all surfaces that can be made without arguments, in alphabetical order: all except `quadratic`.

    >>> from fastdescent import surfaces
    >>> surfaces.names()[:3]
    ['ackley', 'alpine', 'beale']
    """
    return sorted(CATALOG)


def get(name: str, **options: Any) -> Surface:
    """The surface of this name, one of `names`. Options are dim, if the surface can have any, and its parameters.

    Raises
    ------
    ValueError
        If no surface has this name, or the surface cannot be made without arguments.

    Examples
    --------
    >>> from fastdescent import surfaces
    >>> surfaces.get("rosenbrock", dim=4).dim
    4
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be text; got {shown(name)}")
    if name == "quadratic":
        raise ValueError("quadratic cannot be made without a matrix: write surfaces.quadratic(A)")
    if name not in CATALOG:
        raise ValueError(_unknown(name))
    return CATALOG[name](**options)


def _unknown(name: str) -> str:
    return f"no surface {name!r}{nearest(name, CATALOG)}; surfaces.names() lists them"


def __getattr__(name: str) -> NoReturn:
    raise AttributeError(_unknown(name))
