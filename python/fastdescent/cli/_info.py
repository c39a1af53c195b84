"""`fastdescent info`: describe this installation, or a surface and the program that computes it."""

from __future__ import annotations

import argparse

from fastdescent._base.markup import columns
from fastdescent._surface.facts import facts, formula_line
from fastdescent._surface.surface import Surface
from fastdescent.cli._surfaces import add_surface_arguments, surface_of
from fastdescent.engines.info import info

NAME = "info"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_surface_arguments(parser, optional=True)


def command(arguments: argparse.Namespace) -> None:
    print(info() if arguments.surface is None else _description(surface_of(arguments)))


def _description(s: Surface) -> str:
    head = s.name if s.about in ("", s.name) else f"{s.name}\n\n{s.about}"
    if not s.about:
        head = formula_line(s)
    return f"{head}\n\n{columns(facts(s))}\n\n{s.program()}"
