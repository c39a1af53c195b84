"""Whether arguments are of the right kind: a surface, an optimizer, starts; each in its place, made and not a class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent._base.checks import shown
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import BUILT_IN, Optimizer
from fastdescent.optimizers._optimizer import check_complete

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
