"""Options that every run has, and the bar that shows how far it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastdescent.cli import _types

Report = Callable[[int, int], None]
_WIDTH = 30


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """--max-steps, --gtol, --threads and --dtype."""
    group = parser.add_argument_group("run")
    group.add_argument("--max-steps", type=int, default=10_000, metavar="N", help="most steps (default: %(default)s)")
    group.add_argument(
        "--gtol", type=_types.tolerance, default="auto", metavar="V",
        help="norm of the gradient at which a trajectory has converged; auto (default) or none",
    )  # fmt: skip
    group.add_argument("--threads", type=int, metavar="N", help="default: all cores that this process may use")
    group.add_argument("--dtype", choices=("float64", "float32"), default="float64", help="default: %(default)s")


def run_options(arguments: argparse.Namespace, progress: Report | None) -> dict[str, Any]:
    """Those options, as `descend` takes them."""
    return {
        "max_steps": arguments.max_steps,
        "gtol": arguments.gtol,
        "n_threads": arguments.threads,
        "dtype": arguments.dtype,
        "progress": progress,
    }


@contextmanager
def progress_bar() -> Iterator[Report | None]:
    """A bar on stderr, if that is a terminal; the line is empty again at the end."""
    stream = sys.stderr
    if not stream.isatty():
        yield None
        return

    def report(done: int, total: int) -> None:
        part = done / max(total, 1)
        filled = round(_WIDTH * part)
        stream.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {100 * part:3.0f} % of {total} trajectories")
        stream.flush()

    try:
        yield report
    finally:
        stream.write("\r\033[K")
        stream.flush()
