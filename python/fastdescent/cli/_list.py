"""`fastdescent list`: name the surfaces of the catalog and the optimizers."""

from __future__ import annotations

import argparse
import inspect
from dataclasses import fields

from fastdescent import surfaces
from fastdescent._base.markup import columns
from fastdescent._surface.facts import formula_line, least_words
from fastdescent._surface.known import Window
from fastdescent._surface.surface import Surface
from fastdescent.cli._optimizers import default_words, option
from fastdescent.optimizers import BUILT_IN
from fastdescent.surfaces._catalog import CATALOG

NAME = "list"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def command(arguments: argparse.Namespace) -> None:
    rows: list[tuple[str, ...]] = [("surface", "dim", "window", "least f", "at", "formula")]
    rows += [_row(surfaces.get(name)) for name in surfaces.names()]
    print(columns(rows, right=(3,)))
    print("  dim n: any, 2 unless --dim says otherwise; least f is that of dim 2\n")
    print(columns([("optimizer", "options"), *((name.lower(), _options(name)) for name in BUILT_IN)]))
    print("  every optimizer: --weight-decay, --clip-norm, --clip-value")


def _row(s: Surface) -> tuple[str, ...]:
    any_dim = "dim" in inspect.signature(CATALOG[s.name]).parameters
    minima = s.minima
    n = 0 if minima is None else len(minima)
    places = "" if n == 0 else f"{n} point{'s' * (n > 1)}"
    return s.name, "n" if any_dim else str(s.dim), window_words(s.window), least_words(s), places, formula_line(s)


def window_words(window: Window) -> str:
    """The intervals as text; one interval if all are the same."""
    pairs = [f"{lo:g}:{hi:g}" for lo, hi in window]
    return pairs[0] if len(set(pairs)) == 1 else ",".join(pairs)


def _options(name: str) -> str:
    return "  ".join(f"{option(f.name)} ({default_words(f)})" for f in fields(BUILT_IN[name]) if f.kw_only is not True)
