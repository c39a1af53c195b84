"""Facts about a surface as short texts: parameters, window, minima."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastdescent._base.markup import fun_words

if TYPE_CHECKING:
    from fastdescent._surface.known import Window
    from fastdescent._surface.surface import Surface

_MAX_LISTED = 10  #: coordinates or points


def facts(s: Surface) -> list[tuple[str, str]]:
    """Names and values: dim, parameters, window, bounds, the least value and where it is."""
    rows = [("dim", str(s.dim))]
    if s.params:
        rows.append(("params", ", ".join(f"{k} = {_number(v)}" for k, v in s.params.items())))
    rows.append(("window", _intervals(s, s.window)))
    if s.bounds is not None:
        rows.append(("bounds", _intervals(s, s.bounds)))
    minima = s.minima
    if minima is not None:
        points = _cut([f"({', '.join(_cut([f'{v:.6g}' for v in x]))})" for x in minima])
        rows.append(("least f", f"{least_words(s)} at {', '.join(points)}"))
    return rows


def formula_line(s: Surface) -> str:
    """The formula in the surface's docstring, else the surface's name, which may be its text."""
    for paragraph in s.about.split("\n\n"):
        if paragraph.startswith("f("):
            return " ".join(paragraph.split())
    return s.name


def least_words(s: Surface) -> str:
    """The least value, or zero if it is a rounding error away from zero."""
    return "-" if s.fmin is None else fun_words(s.fmin)


def _intervals(s: Surface, box: Window) -> str:
    return ", ".join(_cut([f"{v} in [{lo:g}, {hi:g}]" for v, (lo, hi) in zip(s.variables, box, strict=True)]))


def _cut(words: list[str]) -> list[str]:
    return words if len(words) <= _MAX_LISTED else [*words[:_MAX_LISTED], "..."]


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else f"array of shape {np.shape(value)}"
