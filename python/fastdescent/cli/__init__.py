"""The command `fastdescent`: text in, tables and files out.

This room turns words into arguments of the public functions, and what they raise into a sentence. It computes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import TextIO

__all__ = ["main"]

_USAGE, _INTERRUPTED, _BROKEN_PIPE = 2, 130, 141
#: What arguments, files and a machine that is too small may raise. Anything else is a defect and keeps its traceback.
_EXPECTED = (ValueError, TypeError, ImportError, OSError, MemoryError)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line, by default the process's own, and returns the exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the command's name.

    Returns
    -------
    int
        0; 2 after an error, which is one sentence on stderr, with the formula and a caret under it where that is at
        fault; 130 after Ctrl-C.

    Examples
    --------
    >>> from fastdescent.cli import main
    >>> main(["basins", "x**4 - x**2 + y**2", "--size", "64", "-o", "two.png"])
    x**4 - x**2 + y**2 by LineSearch...
    wrote two.png
    0
    """
    with redirect_stdout(_unless_closed(sys.stdout)), redirect_stderr(_unless_closed(sys.stderr)):
        return _status(sys.argv[1:] if argv is None else argv)


def _unless_closed(stream: TextIO | None) -> TextIO | None:
    """None, to which `print` says nothing, where the stream is closed."""
    return None if stream is None or getattr(stream, "closed", False) else stream


def _status(argv: Sequence[str]) -> int:
    """Carries out a command line."""
    try:
        _carry_out(argv)
    except BrokenPipeError:
        _forget_stdout()
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        print("fastdescent: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except _EXPECTED as error:
        print(f"fastdescent: error: {_words(error)}", file=sys.stderr)
        _let_go_of_stdout()
        return _USAGE
    return 0


def _carry_out(argv: Sequence[str]) -> None:
    from fastdescent.cli._parser import parsed  # here, so that Ctrl-C is answered while the modules are loaded

    try:
        arguments = parsed(argv)
        arguments.command(arguments)
    except SystemExit:  # --help and --version have said all
        pass
    if sys.stdout is not None:  # None where the shell has closed it
        sys.stdout.flush()


def _words(error: BaseException) -> str:
    """What went wrong; further lines, such as a caret under a formula, stay indented."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {str(error.filename)!r}"
    if isinstance(error, MemoryError):
        return f"not enough memory{': ' if str(error) else ''}{error}"
    first, *more = str(error).splitlines() or [type(error).__name__]
    return "\n".join([first, *("  " + line.removeprefix("  ") for line in more)])


def _let_go_of_stdout() -> None:
    """What is left to print is printed, or forgotten where that is what went wrong."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _forget_stdout()


def _forget_stdout() -> None:
    """Nobody reads any more; Python must not try again when it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
