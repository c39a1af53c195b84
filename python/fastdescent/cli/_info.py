"""`fastdescent info`: describe this installation, or a surface and the program that computes it."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
from typing import Any

import numpy as np

from fastdescent._surface import Surface
from fastdescent.cli._list import formula_line, least_words, table
from fastdescent.cli._surfaces import add_surface_arguments, surface_of

NAME = "info"
_MOST_MINIMA = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_surface_arguments(parser, optional=True)


def command(arguments: argparse.Namespace) -> None:
    if arguments.surface is None:
        print(table(_installation()))
    else:
        print(_description(surface_of(arguments)))


def _installation() -> list[tuple[str, str]]:
    from fastdescent import __version__, _core
    from fastdescent._threads import available_threads
    from fastdescent.engines import get_engine, native

    in_use = native.isa()
    return [
        ("fastdescent", __version__),
        ("engine", get_engine("auto").name),
        ("instruction sets", ", ".join(f"{isa} (in use)" if isa == in_use else isa for isa in _core.isas())),
        ("threads", str(available_threads())),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("NumPy", np.__version__),
        ("Matplotlib", _version("matplotlib") or "missing: pip install 'fastdescent[plot]'"),
    ]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _description(s: Surface) -> str:
    rows = [("dim", str(s.dim))]
    rows += [("params", ", ".join(f"{k} = {_number(v)}" for k, v in s.params.items()))] if s.params else []
    pairs = [f"{v} in [{lo:g}, {hi:g}]" for v, (lo, hi) in zip(s.variables, s.window, strict=True)]
    rows += [("window", ", ".join(_cut(pairs)))]
    minima = s.minima
    if minima is not None:
        points = _cut([f"({', '.join(_cut([f'{v:.6g}' for v in x]))})" for x in minima])
        rows += [("least f", f"{least_words(s)} at {', '.join(points)}")]
    head = s.name if s.about in ("", s.name) else f"{s.name}\n\n{s.about}"
    if not s.about:
        head = formula_line(s)
    return f"{head}\n\n{table(rows)}\n\n{s.program()}"


def _cut(words: list[str]) -> list[str]:
    return words if len(words) <= _MOST_MINIMA else [*words[:_MOST_MINIMA], "..."]


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else f"array of shape {np.shape(value)}"
