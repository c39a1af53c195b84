"""The functions of Python's `math` on traced numbers.

Where `math` raises an error (sqrt of -1, log of 0, exp of 1000), a traced function is NaN or infinite, as in NumPy;
within a `try` it raises the error (`domains`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fastdescent.program.trace.copies.domains import raise_outside
from fastdescent.program.trace.copies.lists import first_traced

#: Names that NumPy has as well, and what NumPy calls others.
_NUMPY = {
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
    "atan2": np.arctan2, "atanh": np.arctanh, "fabs": np.abs, "pow": np.power, "degrees": np.degrees,
} | {
    name: getattr(np, name) for name in
    ("cbrt", "ceil", "copysign", "cos", "cosh", "exp", "exp2", "expm1", "floor", "fmod", "isfinite", "isinf", "isnan",
     "log10", "log1p", "log2", "radians", "sin", "sinh", "sqrt", "tan", "tanh", "trunc")
}  # fmt: skip
_SPECIAL = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "lgamma": "gammaln"}  #: SciPy's names


def _special(name: str) -> Callable[..., Any]:
    return lambda x: getattr(x, name)()


def _log(x: Any, base: Any = None) -> Any:
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _hypot(*coordinates: Any) -> Any:
    return np.hypot(*coordinates) if len(coordinates) == 2 else np.sqrt(sum(c * c for c in coordinates))


def _dist(p: Any, q: Any) -> Any:
    return _hypot(*(a - b for a, b in zip(p, q, strict=True)))


def _remainder(x: Any, y: Any) -> Any:
    return x - y * np.rint(x / y)


def _modf(x: Any) -> tuple[Any, Any]:
    return x - np.trunc(x), np.trunc(x)


def _isclose(a: Any, b: Any, *, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> Any:
    return np.abs(a - b) <= np.maximum(rel_tol * np.maximum(np.abs(a), np.abs(b)), abs_tol)


def _prod(values: Any, *, start: Any = 1) -> Any:
    return functools.reduce(lambda a, b: a * b, values, start)


def _sumprod(p: Any, q: Any) -> Any:
    return sum(a * b for a, b in zip(p, q, strict=True))


_OTHERS: dict[str, Callable[..., Any]] = {
    "log": _log, "hypot": _hypot, "dist": _dist, "remainder": _remainder, "modf": _modf, "isclose": _isclose,
    "fsum": sum, "prod": _prod, "sumprod": _sumprod, "fma": lambda x, y, z: x * y + z,
}  # fmt: skip
_TRACED: dict[str, Callable[..., Any]] = (
    dict(_NUMPY) | {name: _special(scipys) for name, scipys in _SPECIAL.items()} | _OTHERS
)


def _for_both(function: Callable[..., Any], traced: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def either(*args: Any, **kwargs: Any) -> Any:
        listed = [list(a) if isinstance(a, Iterable) else a for a in args]  # a generator can be read once
        if first_traced(listed) is None:
            return function(*listed, **kwargs)
        raise_outside(function.__name__, tuple(listed))
        return traced(*listed, **kwargs)

    return either


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    function: _for_both(function, traced)
    for name, traced in _TRACED.items()
    if (function := getattr(math, name, None)) is not None
}
