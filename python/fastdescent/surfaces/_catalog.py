"""The catalog: `@catalog` turns a formula, its window and its minima into a function that makes the Surface.

This room knows `fastdescent.surface` and nothing of runs, optimizers or engines.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import whole_number
from fastdescent._surface.define import surface
from fastdescent._surface.known import MinimaOf
from fastdescent._surface.surface import Surface

Formula = Callable[..., Any]
MakeSurface = Callable[..., Surface]
#: Points, or a function of (dim, **params), which returns None if no points are known for these parameters.
Points = npt.ArrayLike | Callable[..., npt.ArrayLike | None]

CATALOG: dict[str, MakeSurface] = {}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a surface besides its points. Tests read it: see `known`."""

    lowest: float | Callable[[int], float] | None = 0.0
    dims: tuple[int, ...] = (1, 3, 10)
    kinks: Literal["none", "elsewhere", "at minima"] = "none"
    degenerate: bool = False
    tried_in: tuple[float, float] | None = None


KNOWN: dict[str, Known] = {}  #: by name, where there is anything to tell


def known(**about: Any) -> Callable[[MakeSurface], MakeSurface]:
    """Decorates a function of the catalog with what tests have to know of its surface.

    Parameters
    ----------
    lowest : float, function of dim or None
        f at the minima as published; -inf if f is not bounded below, None if no minima are known.
    dims : tuple of int
        The numbers of coordinates that are tried; those below the smallest dim are left out.
    kinks : "none", "elsewhere" or "at minima"
        Where f is not smooth.
    degenerate : bool
        Whether the Hessian at a minimum is singular.
    tried_in : (low, high)
        A part of a window that is so wide that f is a plain of zeros in it, or its waves shorter than rounding allows.
    """

    def note(make: MakeSurface) -> MakeSurface:
        KNOWN[cast(Any, make).__name__] = Known(**about)
        return make

    return note


def catalog(
    *,
    window: Any,
    minima: Points | None = None,
    critical_points: Points | None = None,
    least_dim: int = 1,
    multiple_of: int = 1,
) -> Callable[[Formula], MakeSurface]:
    """Decorates a formula, which is written as for `fastdescent.surface`.

    A formula of one argument, the point, becomes ``name(dim=2, *, parameters) -> Surface``. A formula of several
    arguments, the coordinates, becomes ``name(*, parameters) -> Surface``. Its docstring is the surface's `about`.

    Parameters
    ----------
    window : (lo, hi) or ((lo, hi), ...) or callable
        A function of dim if the window depends on dim.
    minima : array (k, dim) or callable, optional
        Global minimizers, or the lowest ones in the window; a function of (dim, **params) if they depend on these.
    critical_points : array (k, dim) or callable, optional
        All points where the gradient vanishes, in the same form.
    least_dim, multiple_of : int
        For a formula of one argument: the smallest dim, and a number that must divide dim. The default is 2 or the
        smallest dim.
    """

    def register(formula: Formula) -> MakeSurface:
        signature, n_coordinates = _signature(formula, max(2, least_dim))
        for points, title in ((minima, "minima"), (critical_points, "critical points")):
            if points is not None and not callable(points) and len(signature.parameters):
                raise TypeError(f"{formula.__name__} has parameters, so its {title} must be a function of them")

        @functools.wraps(formula)
        def make(*args: Any, **kwargs: Any) -> Surface:
            try:
                given = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{formula.__name__}{_without_annotation(signature)}: {error}") from None
            given.apply_defaults()
            params = given.arguments
            dim = n_coordinates or _checked_dim(params.pop("dim"), least_dim, multiple_of)
            own_window = window(dim) if callable(window) else window
            made = surface(formula, dim=dim, window=own_window, minima=_of_params(minima, dim), **params)
            return replace(made, _critical_points_of=_of_params(critical_points, dim))

        cast(Any, make).__signature__ = signature
        CATALOG[formula.__name__] = make
        return make

    return register


def with_data(make: MakeSurface) -> MakeSurface:
    """Decorates a function that makes a Surface from data, or from random numbers.

    The docstring up to the Parameters becomes the surface's `about`, and the function's name the surface's name. The
    function is in the catalog if it can be called without arguments, because it has small data of its own.
    """
    about = (inspect.getdoc(make) or "").split("\n\nParameters\n")[0]

    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Surface:
        return replace(make(*args, **kwargs), name=make.__name__, about=about)

    parameters = [p.replace(annotation=p.empty) for p in inspect.signature(make).parameters.values()]
    cast(Any, made).__signature__ = inspect.Signature(parameters, return_annotation=Surface)
    if all(p.default is not p.empty for p in parameters):
        CATALOG[make.__name__] = made
    return made


def _signature(formula: Formula, default: int) -> tuple[inspect.Signature, int]:
    """The signature of the function that makes the Surface, and the number of coordinates (0: any)."""
    arguments = list(inspect.signature(formula).parameters.values())
    keywords = [p.replace(annotation=inspect.Parameter.empty) for p in arguments if p.kind is p.KEYWORD_ONLY]
    n_coordinates = len(arguments) - len(keywords)
    if n_coordinates > 1:
        return inspect.Signature(keywords, return_annotation=Surface), n_coordinates
    dim = inspect.Parameter("dim", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
    return inspect.Signature([dim, *keywords], return_annotation=Surface), 0


def _checked_dim(dim: object, least: int, multiple_of: int) -> int:
    n = whole_number("dim", dim, at_least=least)
    if n % multiple_of:
        raise ValueError(f"dim must be a multiple of {multiple_of}; got {n}")
    return n


def _of_params(given: Points | None, dim: int) -> MinimaOf | None:
    """Known points by parameters; none if a parameter is an array, which some formulas allow."""
    if given is None:
        return None
    points = given if callable(given) else lambda dim: given
    return lambda params: None if any(np.ndim(v) for v in params.values()) else points(dim, **params)


def _without_annotation(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(return_annotation=inspect.Signature.empty)
