"""The surface of a command: a surface of the catalog, or a formula."""

from __future__ import annotations

import argparse
import inspect
import re
from typing import Any

from fastdescent import surfaces
from fastdescent._base.checks import intervals, nearest, no_parameter
from fastdescent._surface.define import surface
from fastdescent._surface.known import Window
from fastdescent._surface.surface import Surface
from fastdescent.cli import _types
from fastdescent.surfaces._catalog import CATALOG


def add_surface_arguments(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    """Adds the surface, --dim and --param."""
    parser.add_argument(
        "surface", metavar="SURFACE", nargs="?" if optional else None,
        help='a name of the catalog, or a formula such as "x**4 - x**2 + y**2"',
    )  # fmt: skip
    parser.add_argument("--dim", type=int, metavar="N", help="number of coordinates, if the surface can have any")
    parser.add_argument(
        "--param", type=_types.parameter, action="append", default=[], metavar="NAME=V", help="value of a parameter"
    )


def add_window_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--window", type=_types.window, metavar="LO:HI,...", help='where to look, such as "-6:6,-6:6"')


def surface_of(arguments: argparse.Namespace) -> Surface:
    """The surface with its parameters."""
    text, params = arguments.surface.strip(), dict(arguments.param)
    name = text.replace("-", "_").lower()
    if name in CATALOG:
        return _of_catalog(name, arguments.dim, params)
    if re.fullmatch(r"[A-Za-z_]\w+", text) and not re.fullmatch(r"x\d+", text):
        raise ValueError(f"no surface {text!r}{nearest(text, CATALOG)}; `fastdescent list` lists them")
    made = surface(text, dim=arguments.dim, **params)
    assert isinstance(made, Surface), "given a formula"
    return made


def _of_catalog(name: str, dim: int | None, params: dict[str, Any]) -> Surface:
    known = [p for p in inspect.signature(CATALOG[name]).parameters if p != "dim"]
    for p in params:
        if p not in known:
            raise ValueError(no_parameter(name, p, known))
    if dim is None:
        return surfaces.get(name, **params)
    if "dim" not in inspect.signature(CATALOG[name]).parameters:
        made = surfaces.get(name, **params)
        if dim != made.dim:
            raise ValueError(f"{name} has {made.dim} coordinates; got --dim {dim}")
        return made
    return surfaces.get(name, dim=dim, **params)


def window_of(s: Surface, given: Window | None, plane: tuple[int, int] | None = None) -> Window:
    """The given window, by default the surface's.

    It may be given as one pair for all coordinates, or as a pair per coordinate or per coordinate shown.
    """
    if given is None:
        return s.window
    if plane is not None and len(given) == 2 < s.dim:
        pairs = list(s.window)
        for k, pair in zip(plane, intervals("window", given, 2), strict=True):
            pairs[k] = pair
        return tuple(pairs)
    return intervals("window", given[0] if len(given) == 1 else given, s.dim)


def shape_of(size: tuple[int, ...], window: Window) -> tuple[int, ...]:
    """Cells, the last coordinate first. One number is the longer side of a picture to scale, else every side.

    >>> shape_of((900,), ((-3.0, 3.0), (-2.0, 2.0))), shape_of((800, 600), ((0.0, 1.0), (0.0, 1.0)))
    ((600, 900), (600, 800))
    """
    from fastdescent.plot._figure import to_scale

    n = len(window)
    if len(size) == n:
        return tuple(reversed(size))
    if len(size) != 1:
        raise ValueError(f"--size must be one number or {n}, one per coordinate; got {'x'.join(map(str, size))}")
    if n != 2 or not to_scale(window[0] + window[1]):
        return size * n
    width, height = (hi - lo for lo, hi in window)
    longer = max(width, height)
    return max(1, round(size[0] * height / longer)), max(1, round(size[0] * width / longer))
