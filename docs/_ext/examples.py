"""The code on Markdown pages, taken out block by block and run page by page, in one namespace.

Blocks of `python` run as they stand. Those of `pycon` run as doctests: what is printed must be what the page shows.
In blocks of `sh` the lines that call the command `fastdescent` are run. All other blocks are left alone.
"""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastdescent.cli import main

_FENCE = "```"
_COMMAND = re.compile(r"^(?:\.venv/bin/)?fastdescent (.*)$")


@dataclass(frozen=True)
class Block:
    """A block of code and the number of the line, from 0, on which it begins."""

    language: str
    text: str
    line: int


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    language, first, lines = None, 0, path.read_text(encoding="utf-8").splitlines()
    for k, line in enumerate(lines):
        if language is None and line.startswith(_FENCE):
            language, first = line.removeprefix(_FENCE).strip(), k + 1
        elif language is not None and line.strip() == _FENCE:
            yield Block(language, "\n".join(lines[first:k]) + "\n", first)
            language = None
    if language is not None:
        raise ValueError(f"{path}: the block that begins at line {first} does not end")


def examples(path: Path) -> list[Block]:
    """Those that can be run."""
    return [block for block in blocks(path) if block.language in _RUNNERS]


def run_page(path: Path) -> None:
    """Runs the examples of a page in the current directory; raises where one fails."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in examples(path):
        _RUNNERS[block.language](block, path, namespace)


def _run_python(block: Block, path: Path, namespace: dict[str, Any]) -> None:
    exec(compile("\n" * block.line + block.text, str(path), "exec"), namespace)


def _run_doctest(block: Block, path: Path, namespace: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, namespace, path.name, str(path), block.line)
    test.globs = namespace  # in place of the copy, so that names reach the blocks that follow
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    if runner.run(test, out=said.append, clear_globs=False).failed:
        raise AssertionError("".join(said))


def _run_commands(block: Block, path: Path, namespace: dict[str, Any]) -> None:
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        command = _COMMAND.match(line)
        if command and main(shlex.split(command[1], comments=True)):
            raise AssertionError(f"{path}:{number}: {line}: the command failed")


_RUNNERS = {"python": _run_python, "pycon": _run_doctest, "sh": _run_commands}
