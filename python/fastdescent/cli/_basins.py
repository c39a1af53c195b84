"""`fastdescent basins`: map which minimum each start of a window reaches."""

from __future__ import annotations

import argparse
from time import perf_counter

from fastdescent._surface.surface import Surface
from fastdescent.cli import _types
from fastdescent.cli._optimizers import optimizer_of
from fastdescent.cli._options import add_run_arguments, run_options, work_words
from fastdescent.cli._surfaces import add_surface_arguments, add_window_argument, shape_of, surface_of, window_of
from fastdescent.optimizers import default_optimizer

NAME = "basins"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_surface_arguments(parser)
    add_window_argument(parser)
    parser.add_argument(
        "--size", type=_types.size, default=(1024,), metavar="N",
        help="cells along the longer side (default: 1024), or WIDTHxHEIGHT",
    )  # fmt: skip
    parser.add_argument(
        "--plane", type=_types.plane, metavar="I,J",
        help="the two coordinates to draw, counted from 0; the others start at the window's centre",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=_types.file, metavar="FILE", help="write the picture: .png, .pdf, .svg ..."
    )
    add_run_arguments(parser, "gradientflow; linesearch for more than two coordinates")


def command(arguments: argparse.Namespace) -> None:
    from fastdescent._maps.basin_map import basin_map

    surface = surface_of(arguments)
    optimizer = optimizer_of(arguments, default_optimizer(surface.dim))
    axes = _axes(surface, arguments.plane)
    window = window_of(surface, arguments.window, arguments.plane)
    shown = tuple(window[k] for k in axes)
    plane = arguments.plane and (*arguments.plane, [0.5 * (lo + hi) for lo, hi in window])
    shape = shape_of(arguments.size, shown)
    if arguments.output:
        from fastdescent.plot._save import checked_picture_path

        checked_picture_path(arguments.output)
    began = perf_counter()
    m = basin_map(surface, optimizer, window=shown, shape=shape, plane=plane, **run_options(arguments))
    seconds = perf_counter() - began
    print(m.report())
    print(work_words(m.image.nit, seconds))
    if arguments.output:
        from fastdescent.plot import save

        save(m, arguments.output)
        print(f"wrote {arguments.output}")


def _axes(surface: Surface, plane: tuple[int, int] | None) -> tuple[int, ...]:
    """The coordinates that are drawn."""
    if plane is None:
        if surface.dim > 2:
            raise ValueError(f"{surface.name} has {surface.dim} coordinates; choose the two to draw: --plane 0,1")
        return tuple(range(surface.dim))
    if surface.dim < 2 or plane[0] == plane[1] or max(plane) >= surface.dim:
        raise ValueError(f"--plane must be two different coordinates from 0 to {surface.dim - 1}; "
                         f"got {plane[0]},{plane[1]}")  # fmt: skip
    return plane
