"""Options of every run, and the progress bar."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.cli import _types
from fastdescent.cli._optimizers import add_optimizer_arguments


def add_run_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """Adds the optimizer and its hyperparameters, --max-steps, --gtol, --threads and --dtype.

    `default` tells which optimizer is the default.
    """
    add_optimizer_arguments(parser, default)
    group = parser.add_argument_group("run")
    group.add_argument("--max-steps", type=int, default=10_000, metavar="N", help="most steps (default: %(default)s)")
    group.add_argument(
        "--gtol", type=_types.tolerance, default="auto", metavar="V",
        help="norm of the gradient at which a trajectory has converged; auto (default) or none",
    )  # fmt: skip
    group.add_argument("--threads", type=int, metavar="N", help="default: all cores that this process may use")
    group.add_argument("--dtype", choices=("float64", "float32"), default="float64", help="default: %(default)s")


def run_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of the run without the optimizer, as keyword arguments of `descend`."""
    return {
        "max_steps": arguments.max_steps,
        "gtol": arguments.gtol,
        "n_threads": arguments.threads,
        "dtype": arguments.dtype,
        "progress": wants_progress(),
    }


def wants_progress() -> bool:
    """Whether to draw a bar: if stderr is a terminal and tqdm is installed."""
    return sys.stderr is not None and sys.stderr.isatty() and find_spec("tqdm") is not None


def work_words(nit: npt.NDArray[np.integer[Any]], seconds: float, what: str = "starts") -> str:
    """The numbers of starts and steps, and the time that they took."""
    return f"{nit.size} {what}, {int(nit.sum(dtype=np.int64))} steps in {seconds:.2f} s"
