"""`fastdescent sweep`: run each pair of hyperparameters or surface parameters and draw how the runs end."""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import finite_array
from fastdescent._base.counts import counts_of
from fastdescent._base.files import checked_output, whole_file
from fastdescent._starts.arrays import uniform
from fastdescent._surface.surface import widened
from fastdescent._sweep.sweep import Sweep, sweep
from fastdescent.cli import _types
from fastdescent.cli._optimizers import optimizer_of
from fastdescent.cli._options import add_run_arguments, run_options, work_words
from fastdescent.cli._surfaces import add_surface_arguments, add_window_argument, surface_of, window_of
from fastdescent.optimizers._momentum import SGD

NAME = "sweep"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_surface_arguments(parser)
    add_window_argument(parser)
    parser.add_argument(
        "--over", type=_types.axis, action="append", required=True, metavar="NAME=LO:HI:N",
        help='an axis: a hyperparameter or parameter of the surface, such as "lr=0.001:1:512:log" or "a=1,2,4"; a '
        "picture has one or two",
    )  # fmt: skip
    parser.add_argument("--start", type=_types.point, metavar="X,Y,...", help="the start of all runs")
    parser.add_argument("--starts", type=int, default=1, metavar="N", help="or so many uniform starts (default: 1)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of uniform starts (default: 0)")
    parser.add_argument(
        "--basins", action="store_true", help="colour by the basin in which a run ends, not by how it ended"
    )
    parser.add_argument(
        "-o", "--output", type=_types.file, metavar="FILE",
        help="write the picture: .png, .pdf, .svg ...; or .npz: the axes, nit, status, x, fun, grad_norm",
    )  # fmt: skip
    add_run_arguments(parser, "sgd")


def command(arguments: argparse.Namespace) -> None:
    over = _axes(arguments.over)
    optimizer, surface = optimizer_of(arguments, SGD(), may_lack=True), surface_of(arguments)
    window = window_of(surface, arguments.window)
    if arguments.start is not None:
        x0 = finite_array("--start", arguments.start, 1)
    else:
        x0 = uniform(window, arguments.starts, arguments.seed)
        x0 = x0[0] if arguments.starts == 1 else x0
    target = _target(arguments)
    began = perf_counter()
    grid = sweep(widened(surface, window), x0, optimizer, over=over, **run_options(arguments))
    seconds = perf_counter() - began
    print("\n".join(_report(grid)))
    print(work_words(grid.nit, seconds, "runs"))
    if target is not None:
        _write(grid, target, arguments.basins)
        print(f"wrote {arguments.output}")


def _axes(given: list[tuple[str, npt.NDArray[np.float64]]]) -> dict[str, npt.NDArray[np.float64]]:
    names = [name for name, _ in given]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"--over {name} is given twice")
    return dict(given)


def _target(arguments: argparse.Namespace) -> Path | None:
    """The file to write; raises before any work if it cannot be written."""
    if not arguments.output:
        return None
    if arguments.output.strip().lower().endswith(".npz"):
        return checked_output(arguments.output, ("npz",))
    from fastdescent.plot._save import checked_picture_path

    if sum(len(values) > 1 for _, values in arguments.over) > 2:
        raise ValueError("a picture has one or two axes; write -o FILE.npz, or give fewer --over")
    return checked_picture_path(arguments.output)


def _report(grid: Sweep) -> list[str]:
    axes = [f"{name} {values[0]:g} ... {values[-1]:g} ({len(values)})" for name, values in grid.axes.items()]
    lines = [f"{grid.surface.name} by {grid.optimizer!r} over {', '.join(axes)}"]
    for status, words, n in counts_of(grid.status):
        steps = np.median(grid.nit[grid.status == status])
        lines.append(f"{words}: {100 * n / grid.status.size:.2f} %, median {steps:.0f} steps")
    return lines


def _write(grid: Sweep, target: Path, by_basin: bool) -> None:
    if target.suffix.lower() == ".npz":
        arrays: dict[str, Any] = {f"axis_{name}": values for name, values in grid.axes.items()}
        arrays |= {name: getattr(grid, name) for name in ("nit", "status", "x", "fun", "grad_norm")}
        with whole_file(target) as file:
            np.savez(file, **arrays)
        return
    from fastdescent.plot._save import empty_figure, write
    from fastdescent.plot._sweep import new_sweep_picture

    figure = empty_figure()
    new_sweep_picture(grid, figure, ends=grid.classify() if by_basin else None)
    write(figure, target)
