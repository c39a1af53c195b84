"""SciPy's functions as copies call them. SciPy has no protocol such as NumPy's. It is not imported here."""

from __future__ import annotations

import functools
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from fastdescent.program.trace.copies.lists import first_traced
from fastdescent.program.trace.scipy_functions import SCIPY

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
