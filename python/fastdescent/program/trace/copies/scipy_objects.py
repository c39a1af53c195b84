"""SciPy's functions as copies call them. SciPy has no protocol such as NumPy's. It is not imported here."""

from __future__ import annotations

import functools
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from fastdescent.program.trace.copies.lists import first_traced
from fastdescent.program.trace.scipy.tables import SCIPY

_MISSING: Any = object()
_MODULES: dict[str, list[str]] = defaultdict(list)  #: by the function's own name
for _name in SCIPY:
    _MODULES[_name.rpartition(".")[2]].append(_name.rpartition(".")[0])


def scipy_call(function: Any) -> Callable[..., Any] | None:
    """The stand-in of a function of SciPy's that has one."""
    name = str(getattr(function, "__name__", ""))
    for module in _MODULES.get(name, ()):
        found: Any = getattr(sys.modules.get(module), name, _MISSING)
        if found is function:
            return _for_both(function, SCIPY[f"{module}.{name}"])
    return None


def _for_both(function: Callable[..., Any], traced: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def either(*args: Any, **kwargs: Any) -> Any:
        found = first_traced((args, tuple(kwargs.values())))
        return function(*args, **kwargs) if found is None else traced(found.builder, *args, **kwargs)

    return either


def scipy_distribution(value: Any) -> Any:
    """The stand-in of a distribution of scipy.stats, frozen or not; None if it has none."""
    stats = sys.modules.get("scipy.stats")
    if stats is None or not type(value).__module__.startswith("scipy.stats."):
        return None
    if hasattr(value, "dist") and hasattr(value, "kwds"):
        found = f"scipy.stats.{getattr(value.dist, 'name', '')}"
        return _Distribution(value, found, value.args, value.kwds) if found in SCIPY else None
    name = getattr(value, "name", None) or type(value).__name__.removesuffix("_gen")
    found = f"scipy.stats.{name}"
    return _Distribution(value, found) if found in SCIPY and getattr(stats, name, None) is value else None


class _Distribution:
    """A distribution whose methods take traced values, too."""

    def __init__(self, real: Any, name: str, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> None:
        self._real, self._name, self._args, self._kwargs = real, name, args, kwargs or {}

    def __getattr__(self, method: str) -> Any:
        real, traced = getattr(self._real, method), SCIPY.get(f"{self._name}.{method}")
        if traced is None:
            return real
        return _for_both(real, lambda b, x, *args, **kwargs: traced(b, x, *self._args, *args, **self._kwargs, **kwargs))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _for_both(self._real, SCIPY[self._name])(*args, **kwargs)
