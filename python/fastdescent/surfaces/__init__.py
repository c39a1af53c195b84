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
from fastdescent.surfaces import (
    _clusters,
    _factors,
    _layers,
    _lessons,
    _networks,
    _polynomials,
    _polynomials_2d,
    _quadratics,
    _random,
    _waves,
    _waves_2d,
    _wells,
)
from fastdescent.surfaces._catalog import CATALOG
from fastdescent.surfaces._clusters import *
from fastdescent.surfaces._factors import *
from fastdescent.surfaces._layers import *
from fastdescent.surfaces._lessons import *
from fastdescent.surfaces._networks import *
from fastdescent.surfaces._polynomials import *
from fastdescent.surfaces._polynomials_2d import *
from fastdescent.surfaces._quadratics import *
from fastdescent.surfaces._random import *
from fastdescent.surfaces._waves import *
from fastdescent.surfaces._waves_2d import *
from fastdescent.surfaces._wells import *

__all__ = ["get", "names"]
__all__ += _clusters.__all__
__all__ += _factors.__all__
__all__ += _layers.__all__
__all__ += _lessons.__all__
__all__ += _networks.__all__
__all__ += _polynomials.__all__
__all__ += _polynomials_2d.__all__
__all__ += _quadratics.__all__
__all__ += _random.__all__
__all__ += _waves.__all__
__all__ += _waves_2d.__all__
__all__ += _wells.__all__


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
