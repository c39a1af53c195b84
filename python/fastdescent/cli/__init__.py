"""The command `fastdescent`: text in, tables and files out.

This room turns words into arguments of the public functions, and their exceptions into sentences. It computes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import TextIO

__all__ = ["main"]

_USAGE, _INTERRUPTED, _BROKEN_PIPE = 2, 130, 141
#: Exceptions due to arguments, files or too little memory. Any other exception is a defect and keeps its traceback.
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
        0; 2 after an error, which is one sentence on stderr, with the formula and a caret under it if the formula is at
        fault; 130 after Ctrl-C.

    Examples
    --------
    >>> from fastdescent.cli import main
    >>> main(["basins", "x**4 - x**2 + y**2", "--size", "64", "-o", "two.png"])
    x**4 - x**2 + y**2 by gradient flow...
    wrote two.png
    0
    """
    with redirect_stdout(_unless_closed(sys.stdout)), redirect_stderr(_unless_closed(sys.stderr)):
        return _status(sys.argv[1:] if argv is None else argv)


def _unless_closed(stream: TextIO | None) -> TextIO | None:
    """The stream, or None if it is closed: `print` writes nothing to None."""
    return None if stream is None or getattr(stream, "closed", False) else stream


def _status(argv: Sequence[str]) -> int:
    """Runs a command line and returns the exit status."""
    try:
        _execute(argv)
    except BrokenPipeError:
        _drop_stdout()
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        print("fastdescent: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except _EXPECTED as error:
        print(f"fastdescent: error: {_words(error)}", file=sys.stderr)
        _flush_or_drop_stdout()
        return _USAGE
    return 0


def _execute(argv: Sequence[str]) -> None:
    from fastdescent.cli._parser import parsed  # here, so that Ctrl-C works while modules are loaded

    try:
        arguments = parsed(argv)
        arguments.command(arguments)
    except SystemExit:  # --help and --version are done
        pass
    if sys.stdout is not None:  # None if the shell has closed it
        sys.stdout.flush()


def _words(error: BaseException) -> str:
    """The error in words; further lines, such as a caret under a formula, are indented."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {str(error.filename)!r}"
    if isinstance(error, MemoryError):
        return f"not enough memory{': ' if str(error) else ''}{error}"
    first, *more = str(error).splitlines() or [type(error).__name__]
    return "\n".join([first, *("  " + line.removeprefix("  ") for line in more)])


def _flush_or_drop_stdout() -> None:
    """Prints the rest of the output, or drops it if stdout itself has failed."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _drop_stdout()


def _drop_stdout() -> None:
    """Sends stdout to nowhere, so that Python does not fail to flush it when it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
