"""cma: the methods of `cma.ff` whose first argument is the point."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import cma
import numpy as np

from ..case import Case, case

_DIM = 6
#: not functions of a point with one value: wrappers of functions, and what calls programs outside
_NOT = ("rot", "somenan", "epslow", "BBOB", "evaluate", "normalSkew", "fun_as_arg", "with")
_PLANE = ("branin", "goldsteinprice", "bukin")


def cases() -> Iterator[Case]:
    for name, method in inspect.getmembers(cma.ff, callable):
        if name.startswith(("_", "grad_")) or name in _NOT or "constraint" in name:
            continue
        dim = 2 if name in _PLANE else _DIM
        try:
            value = method(np.full(dim, 0.5))
        except Exception:
            continue
        if np.size(value) == 1 and np.asarray(value).dtype.kind in "fiu":
            yield case(name, method, -3.0, 3.0, dim)
