"""Whether arguments are of the right kind: a surface, an optimizer, starts, tolerances; each in its place."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent._base.checks import not_negative, positive, shown
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import BUILT_IN, Optimizer
from fastdescent.optimizers._optimizer import check_complete

#: gtol="auto". In float32 the noise of a gradient whose terms are of order 10 to 1000 is about 1e-4.
_GTOL = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-3}
_HALF_DIAGONALS = 1e6  #: escape_radius="auto"
Progress = bool | Callable[[int, int], Any] | None


def check_order(surface: Any, x0: Any, optimizer: Any) -> None:
    """Raises TypeError where two of the three are clearly in each other's place."""
    if _is_optimizer(x0) or isinstance(optimizer, np.ndarray | list | tuple):
        raise TypeError("the order of arguments is (surface, x0, optimizer): x0 and optimizer are swapped")
    if isinstance(x0, Surface):
        raise TypeError("the order of arguments is (surface, x0, optimizer): surface and x0 are swapped")


def check_surface(surface: Any) -> None:
    """Raises TypeError for what is not a Surface."""
    if isinstance(surface, Surface):
        return
    name = getattr(surface, "__name__", None)
    if name and callable(surface):
        hint = f"call it: fd.surfaces.{name}()" if _in_catalog(name, surface) else "make one: fd.surface(f, dim=...)"
        kind = "class" if isinstance(surface, type) else "function"
        raise TypeError(f"surface must be a Surface; got the {kind} {name}; {hint}")
    hint = "; make one: fd.surface(text)" if isinstance(surface, str) else ""
    raise TypeError(f"surface must be a Surface; got {shown(surface)}{hint}")


def check_optimizer(optimizer: Any) -> None:
    """Raises TypeError for what is not an Optimizer, classes included, or lacks a hyperparameter."""
    check_is_optimizer(optimizer)
    check_complete(optimizer)


def check_is_optimizer(optimizer: Any) -> None:
    """The same of one whose hyperparameters need not all be given."""
    if isinstance(optimizer, Optimizer):
        return
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        name = optimizer.__name__
        made = f"fd.{name}(...)" if BUILT_IN.get(name) is optimizer else f"{name}(...)"
        raise TypeError(f"optimizer must be an instance, not the class {name}; write {made}")
    raise TypeError(f"optimizer must be an optimizer such as fd.Adam(lr=0.01); got {shown(optimizer)}")


def check_progress(progress: Any) -> None:
    """Raises TypeError for what is neither None, True or False nor a function of two numbers."""
    if progress is None or isinstance(progress, bool):
        return
    if not callable(progress):
        raise TypeError(f"progress must be None, True or a function of (done, total); got {shown(progress)}")
    try:
        signature = inspect.signature(progress)
    except (TypeError, ValueError):  # a function written in C, whose arguments only a call tells
        return
    try:
        signature.bind(0, 0)
    except TypeError:
        raise TypeError(f"progress must be a function of (done, total); got one of {signature}") from None


def _is_optimizer(value: Any) -> bool:
    return isinstance(value, Optimizer) or (isinstance(value, type) and issubclass(value, Optimizer))


def _in_catalog(name: str, function: Any) -> bool:
    from fastdescent.surfaces._catalog import CATALOG

    return CATALOG.get(name) is function


def checked_gtol(gtol: Any, dtype: np.dtype[Any], is_random: bool) -> float | None:
    if not (isinstance(gtol, str) and gtol == "auto"):
        return checked_tolerance("gtol", gtol)
    return None if is_random else _GTOL[dtype]


def checked_tolerance(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        auto = '"auto", ' if name == "gtol" else ""
        raise TypeError(f"{name} must be {auto}a number or None; got {value!r}")
    return not_negative(name, value)


def checked_radius(value: Any, half_diagonal: float) -> float | None:
    if value is None or (isinstance(value, float | np.floating) and value == math.inf):
        return None
    if isinstance(value, str):
        if value != "auto":
            raise ValueError(f'escape_radius must be "auto", a number, inf or None; got {value!r}')
        return _HALF_DIAGONALS * half_diagonal
    return positive("escape_radius", value)
