"""`fastdescent run`: descend from random starts or a grid and say where the trajectories end."""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from fastdescent._base.files import checked_output, whole_file
from fastdescent._run.descent import Descent, descend
from fastdescent._starts.arrays import Floats, grid, uniform
from fastdescent._surface.known import Window
from fastdescent._surface.surface import widened
from fastdescent.cli import _types
from fastdescent.cli._optimizers import optimizer_of
from fastdescent.cli._options import add_run_arguments, run_options, work_words
from fastdescent.cli._surfaces import add_surface_arguments, add_window_argument, shape_of, surface_of, window_of
from fastdescent.optimizers._line_search import LineSearch

if TYPE_CHECKING:
    from fastdescent._endpoints.classify import Endpoints

NAME = "run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_surface_arguments(parser)
    add_window_argument(parser)
    parser.add_argument(
        "--starts", default="10000", metavar="N|grid",
        help="how many uniform starts (default: 10000), or a grid of cell centres",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of uniform starts (default: 0)")
    parser.add_argument(
        "--size", type=_types.size, default=(256,), metavar="N", help="cells of the grid, as for basins (default: 256)"
    )
    parser.add_argument(
        "-o", "--output", type=_types.file, metavar="FILE.npz",
        help="write x0, x, fun, grad_norm, nit, status, label, outcome, and the table as points_x, points_fun, "
        "points_kind",
    )  # fmt: skip
    add_run_arguments(parser, "linesearch")


def command(arguments: argparse.Namespace) -> None:
    optimizer, surface = optimizer_of(arguments, LineSearch()), surface_of(arguments)
    window = window_of(surface, arguments.window)
    starts = _starts(window, arguments)
    target = checked_output(arguments.output, ("npz",)) if arguments.output else None
    began = perf_counter()
    run = descend(widened(surface, window), starts, optimizer, **run_options(arguments))
    ends = run.classify()
    seconds = perf_counter() - began
    print(_report(run, ends))
    print(work_words(run.nit, seconds))
    if target is not None:
        _write(target, starts.astype(run.x.dtype), run, ends)
        print(f"wrote {arguments.output}")


def _starts(window: Window, arguments: argparse.Namespace) -> Floats:
    wanted = arguments.starts.strip()
    if wanted.lower() == "grid":
        return grid(window, shape_of(arguments.size, window))
    if not wanted.isdigit() or int(wanted) == 0:
        raise ValueError(f"--starts must be a number, 1 or greater, or grid; got {wanted!r}")
    return uniform(window, int(wanted), arguments.seed)


def _report(run: Descent, ends: Endpoints) -> str:
    from fastdescent._endpoints.report import report
    from fastdescent._endpoints.table.names import reason_counts

    about = [run.message, f"steps: median {np.median(run.nit):.0f}, most {run.nit.max()}"]
    return report(
        run.surface, run.optimizer, about, run.status, ends.outcome, ends.points, run.gradient, fun=run.fun,
        n_reasons=reason_counts(ends.reason),
    )  # fmt: skip


def _write(target: Path, starts: Floats, run: Descent, ends: Endpoints) -> None:
    with whole_file(target) as file:
        np.savez(
            file, x0=np.asarray(starts), x=run.x, fun=run.fun, grad_norm=run.grad_norm, nit=run.nit, status=run.status,
            label=ends.label, outcome=ends.outcome, points_x=ends.points.x, points_fun=ends.points.fun,
            points_kind=ends.points.kind,
        )  # fmt: skip
