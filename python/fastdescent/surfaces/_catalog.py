"""The register: `@catalog` turns a formula, its window and its minima into a function that makes the Surface.

This room knows `fastdescent.surface` and nothing of runs, optimizers or engines.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastdescent._check import whole_number
from fastdescent._define import surface
from fastdescent._surface import MinimaOf, Surface

Formula = Callable[..., Any]
MakeSurface = Callable[..., Surface]
#: Global minimizers: points, or a function of (dim, **params) that gives None for parameters where they are not known.
Minima = npt.ArrayLike | Callable[..., npt.ArrayLike | None]

CATALOG: dict[str, MakeSurface] = {}


def catalog(*, window: Any, minima: Minima | None = None, least_dim: int = 1) -> Callable[[Formula], MakeSurface]:
    """Decorates a formula, which is written as for `fastdescent.surface`.

    A formula of one argument, the point, becomes ``name(dim=2, *, parameters) -> Surface``; one of a coordinate each
    becomes ``name(*, parameters) -> Surface``. Its docstring is the surface's `about`.

    Parameters
    ----------
    window : (lo, hi) or ((lo, hi), ...)
    minima : array (k, dim) or callable, optional
        Points where no parameter moves them, else a function of (dim, **params).
    least_dim : int
        The smallest dim of a formula of one argument.
    """

    def register(formula: Formula) -> MakeSurface:
        signature, n_coordinates = _signature(formula)
        if minima is not None and not callable(minima) and len(signature.parameters):
            raise TypeError(f"{formula.__name__} has parameters, so its minima must be a function of them")

        @functools.wraps(formula)
        def make(*args: Any, **kwargs: Any) -> Surface:
            try:
                given = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{formula.__name__}{_without_annotation(signature)}: {error}") from None
            given.apply_defaults()
            params = given.arguments
            dim = n_coordinates or whole_number("dim", params.pop("dim"), at_least=least_dim)
            known = _of_params(minima, dim) if callable(minima) else minima
            return surface(formula, dim=dim, window=window, minima=known, **params)

        cast(Any, make).__signature__ = signature
        CATALOG[formula.__name__] = make
        return make

    return register


def _signature(formula: Formula) -> tuple[inspect.Signature, int]:
    """The signature of the function that makes the Surface, and the number of coordinates (0: any)."""
    arguments = list(inspect.signature(formula).parameters.values())
    keywords = [p.replace(annotation=inspect.Parameter.empty) for p in arguments if p.kind is p.KEYWORD_ONLY]
    n_coordinates = len(arguments) - len(keywords)
    if n_coordinates > 1:
        return inspect.Signature(keywords, return_annotation=Surface), n_coordinates
    dim = inspect.Parameter("dim", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=2)
    return inspect.Signature([dim, *keywords], return_annotation=Surface), 0


def _of_params(minima: Callable[..., npt.ArrayLike | None], dim: int) -> MinimaOf:
    """Parameters may be arrays where the formula allows it; the minima are known for numbers."""
    return lambda params: None if any(np.ndim(v) for v in params.values()) else minima(dim, **params)


def _without_annotation(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(return_annotation=inspect.Signature.empty)
