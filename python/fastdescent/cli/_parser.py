"""The grammar of the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from fastdescent.cli import _basins, _info, _list, _run, _sweep

_EXAMPLES = """\
examples:
  fastdescent basins himmelblau -o map.png
  fastdescent basins "x**4 - x**2 + y**2" --optimizer adam --lr 0.01 --window "-2:2,-2:2" -o two.png
  fastdescent run rastrigin --dim 10 --starts 100000 -o run.npz
  fastdescent sweep himmelblau --over "lr=0.0001:0.1:512:log" --over "momentum=0:0.99:512" -o map.png
"""


class UsageError(ValueError):
    """The command line is not as described."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises UsageError instead of exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments; `.command` is the function that does the work.

    >>> parsed(["basins", "-x**2 + x**4", "--window", "-6:6"]).window
    ((-6.0, 6.0),)
    """
    parser = _parser()
    if not argv:
        parser.print_help()
        parser.exit()
    return parser.parse_args(_without_dashes(argv))


def _parser() -> argparse.ArgumentParser:
    from fastdescent import __version__

    parser = _Parser(
        prog="fastdescent", description="Where gradient descent ends, from everywhere.", epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"fastdescent {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (_list, _info, _basins, _run, _sweep):
        lines = (module.__doc__ or "").splitlines()
        help_line = lines[0].split(": ", 1)[1]
        command = commands.add_parser(
            module.NAME,
            help=help_line.rstrip("."),
            description=help_line[0].upper() + help_line[1:],
            allow_abbrev=False,
        )
        module.add_arguments(command)
        command.set_defaults(command=module.command)
    return parser


def _without_dashes(argv: Sequence[str]) -> list[str]:
    """The words, with a space before a formula or window that begins with a minus: argparse takes it for an option."""
    words, options_end = [], False
    for word in argv:
        options_end |= word == "--"
        is_option = word in ("-", "-h", "-o") or word.startswith("--") or re.fullmatch(r"-o.*\.[A-Za-z]+", word)
        words.append(word if options_end or is_option or not word.startswith("-") else f" {word}")
    return words
