"""Docstrings are plain text; this turns what reStructuredText would misread in them into what it reads as meant.

Equations, paragraphs that begin with f( or have an arrow <-, keep their lines. A | is a bar, as in |x|, and a *
multiplies; only at the beginning of a line it does not, where arguments such as **options are named. A word may
end in an underscore. Attributes that are named together are told one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, takewhile

_EQUATION = re.compile(r"^\s*f\(|^.* <- ")
_CODE = re.compile(r"(``[^`]*``|`[^`]*`)")
_TOGETHER = re.compile(r"^([a-z_]\w*(?:, [a-z_]\w*)+)( : .*)?$")


def as_restructured_text(lines: list[str]) -> list[str]:
    """The lines of a docstring, as autodoc gives them.

    >>> as_restructured_text(["Halves |x|.", "", "x <- x / 2"])
    ['Halves \\\\|x\\\\|.', '', '.. code-block:: text', '', '    x <- x / 2']
    """
    out: list[str] = []
    for blank, group in groupby(_one_by_one(lines), key=lambda line: not line.strip()):
        paragraph = list(group)
        words = list(takewhile(lambda line: not line.lstrip().startswith(">>>"), paragraph))
        if blank:
            out += paragraph
        elif any(_EQUATION.match(line) for line in words):
            margin = " " * (len(paragraph[0]) - len(paragraph[0].lstrip()))
            out += [f"{margin}.. code-block:: text", "", *(f"    {line}" for line in paragraph)]
        else:
            out += [*map(_escaped, words), *paragraph[len(words) :]]
    return out


def _one_by_one(lines: list[str]) -> Iterator[str]:
    """`a, b : kind` and what is indented under it, once for a and once for b."""
    for k, line in enumerate(lines):
        together = _TOGETHER.match(line)
        if not together:
            yield line
            continue
        told = list(takewhile(lambda below: below.startswith(" "), lines[k + 1 :]))
        names, kind = together[1].split(", "), together[2] or ""
        for name in names[:-1]:
            yield from (f"{name}{kind}", *told)
        yield f"{names[-1]}{kind}"


def _escaped(line: str) -> str:
    parts = _CODE.split(line)
    special = r"(\||_(?!\w))" if line.lstrip().startswith("*") else r"(\||\*|_(?!\w))"
    return "".join(part if k % 2 else re.sub(special, r"\\\1", part) for k, part in enumerate(parts))
