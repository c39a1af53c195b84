"""`fastdescent list`: name the surfaces of the catalog and the optimizers."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Sequence
from dataclasses import fields

from fastdescent import surfaces
from fastdescent._surface import Surface, Window
from fastdescent.cli._optimizers import default_words, option
from fastdescent.optimizers import BUILT_IN
from fastdescent.surfaces._catalog import CATALOG

NAME = "list"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def command(arguments: argparse.Namespace) -> None:
    rows: list[tuple[str, ...]] = [("surface", "dim", "window", "least f", "at", "formula")]
    rows += [_row(surfaces.get(name)) for name in surfaces.names()]
    print(table(rows, right=(3,)))
    print("  dim n: any, 2 unless --dim says otherwise; least f is that of dim 2\n")
    print(table([("optimizer", "options"), *((name.lower(), _options(name)) for name in BUILT_IN)]))


def table(rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = ()) -> str:
    """Rows in columns, the numbered ones flush right.

    >>> print(table([("a", "long"), ("b", "1")], right=(1,)))
    a  long
    b     1
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (c.rjust(w) if k in right else c.ljust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True)))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(s: Surface) -> tuple[str, ...]:
    any_dim = "dim" in inspect.signature(CATALOG[s.name]).parameters
    minima = s.minima
    n = 0 if minima is None else len(minima)
    places = "" if n == 0 else f"{n} point{'s' * (n > 1)}"
    return s.name, "n" if any_dim else str(s.dim), window_words(s.window), least_words(s), places, formula_line(s)


def window_words(window: Window) -> str:
    """The intervals, once if they are all the same."""
    pairs = [f"{lo:g}:{hi:g}" for lo, hi in window]
    return pairs[0] if len(set(pairs)) == 1 else ",".join(pairs)


def least_words(s: Surface) -> str:
    """The least value, zero where it is a rounding error away."""
    value = s.fmin
    if value is None:
        return "-"
    return f"{0.0 if abs(value) < 1e-12 else value:.6g}"


def formula_line(s: Surface) -> str:
    """The formula in the surface's docstring, or the text that it was made of."""
    for paragraph in s.about.split("\n\n"):
        if paragraph.startswith("f("):
            return " ".join(paragraph.split())
    return s.name


def _options(name: str) -> str:
    return "  ".join(f"{option(f.name)} ({default_words(f)})" for f in fields(BUILT_IN[name]))  # type: ignore[arg-type]
