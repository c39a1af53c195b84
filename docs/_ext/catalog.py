"""The page of the surfaces, made of the catalog itself: formula, window, minima, source, a picture of those in 2-D."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np

from fastdescent import Surface, surfaces
from fastdescent.cli._list import formula_line, least_words, window_words
from fastdescent.surfaces._catalog import CATALOG

_MOST_POINTS = 4
_SIDE = 200


def catalog_page(pictures: str) -> str:
    """The page in reStructuredText; `pictures` is the folder of the pictures, as seen from the page."""
    names = surfaces.names()
    head = [".. list-table::", "   :header-rows: 1", ""]
    rows = [("surface", "dim", "window", "least f", "formula"), *(_row(name) for name in names)]
    table = [f"   {'*' if k == 0 else ' '} - {cell}" for row in rows for k, cell in enumerate(row)]
    entries = [line for name in names for line in _entry(name, pictures)]
    return "\n".join([*head, *table, "", ".. py:currentmodule:: fastdescent.surfaces", "", *entries])


def draw_surfaces(folder: Path) -> None:
    """Contours of all surfaces of two coordinates, a picture each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in surfaces.names():
        surface = surfaces.get(name)
        if surface.dim == 2:
            _draw(surface, folder / f"{name}.png")


def _any_dim(name: str) -> bool:
    return "dim" in inspect.signature(CATALOG[name]).parameters


def _row(name: str) -> tuple[str, ...]:
    s = surfaces.get(name)
    link = f":py:func:`~fastdescent.surfaces.{name}`"
    dim = "any" if _any_dim(name) else str(s.dim)
    return link, dim, f"``{window_words(s.window)}``", _escaped(least_words(s)), f"``{formula_line(s)}``"


def _entry(name: str, pictures: str) -> list[str]:
    s = surfaces.get(name)
    signature = str(inspect.signature(CATALOG[name])).split(" -> ")[0]
    lines = [f".. py:function:: {name}{signature}", ""]
    picture = [
        f".. image:: {pictures}/{name}.png",
        f"   :alt: contours of {name}",
        "   :width: 200px",
        "   :align: right",
        "",
    ]
    for paragraph in s.about.split("\n\n"):
        shown = paragraph.splitlines()
        if paragraph.startswith("f("):
            lines += ["   .. code-block:: text", "", *(f"       {line}" for line in shown), ""]
            lines += [f"   {line}" for line in picture if s.dim == 2]
        else:
            lines += [*(f"   {_escaped(line)}" for line in shown), ""]
    lines += [f"   {line}" for line in _details(inspect.getdoc(CATALOG[name]) or "")]
    lines += [f"   :window: ``{window_words(s.window)}``" + (f" (dim {s.dim})" if _any_dim(name) else "")]
    lines += [f"   :minima: {_points_words(s)}", ""]
    return lines


def _details(doc: str) -> list[str]:
    """The sections Parameters and Examples of a docstring, where it has them."""
    lines: list[str] = []
    for title, text in re.findall(r"\n\n(Parameters|Examples)\n-+\n(.*?)(?=\n\n|\Z)", doc, re.DOTALL):
        if title == "Examples":
            lines += [".. code-block:: pycon", "", *(f"    {line}" for line in text.splitlines()), ""]
            continue
        for entry in re.split(r"\n(?=\S)", text):
            names, *about = entry.splitlines()
            what, _, kind = names.partition(" : ")
            words = " ".join(line.strip() for line in about)
            lines += [f":param {what}: {_escaped(kind)}{'. ' * bool(words and kind)}{_escaped(words)}"]
        lines.append("")
    return lines


def _points_words(s: Surface) -> str:
    points = s.minima
    if points is None:
        return "none known"
    shown = ", ".join("(" + ", ".join(f"{v + 0.0:.6g}" for v in x) + ")" for x in points[:_MOST_POINTS])
    more = f" and {len(points) - _MOST_POINTS} more" if len(points) > _MOST_POINTS else ""
    return f"f = {least_words(s)} at {shown}{more}" + (f" (dim {s.dim})" if _any_dim(s.name) else "")


def _escaped(line: str) -> str:
    return re.sub(r"([|*_]|^-$)", r"\\\1", line)


def _draw(surface: Surface, path: Path) -> None:
    """Twelve levels, as many points between any two of them."""
    from matplotlib.colors import BoundaryNorm
    from matplotlib.figure import Figure

    (x_lo, x_hi), (y_lo, y_hi) = surface.window
    x, y = np.meshgrid(np.linspace(x_lo, x_hi, _SIDE), np.linspace(y_lo, y_hi, _SIDE))
    f = surface(x, y)
    levels = np.unique(np.quantile(f[np.isfinite(f)], np.linspace(0.0, 1.0, 13)))
    figure = Figure(figsize=(3, 3), layout="tight")
    ax = figure.add_subplot()
    ax.contourf(x, y, f, levels=levels, norm=BoundaryNorm(levels, 256), cmap="viridis")
    if surface.minima is not None:
        ax.plot(*surface.minima.T, "w+", markersize=7)
    ax.set_xlabel(surface.variables[0])
    ax.set_ylabel(surface.variables[1], rotation=0)
    figure.savefig(path, dpi=100)
