"""Tables as text in columns and as HTML. All text in HTML is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

TableRow = Sequence[str]
ROUNDING = 1e-12  #: of f, if the curvature of f is not known


def columns(rows: Sequence[TableRow], right: tuple[int, ...] = ()) -> str:
    """Rows as text in columns. `right` has the numbers of the columns to align right.

    >>> print(columns([("a", "long"), ("b", "1")], right=(1,)))
    a  long
    b     1
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (c.rjust(w) if k in right else c.ljust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True)))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def table(rows: Iterable[TableRow], *, title: str = "", head: TableRow = ()) -> str:
    """A table in HTML.

    >>> table([("a < b", "1")])
    '<table><tbody><tr><td>a &lt; b</td><td>1</td></tr></tbody></table>'
    """
    caption = f"<caption>{html.escape(title)}</caption>" if title else ""
    top = f"<thead>{_line(head, 'th')}</thead>" if head else ""
    return f"<table>{caption}{top}<tbody>{''.join(_line(row, 'td') for row in rows)}</tbody></table>"


def paragraph(text: str) -> str:
    """A paragraph in HTML, or nothing if the text is empty."""
    return f"<p>{html.escape(text)}</p>" if text else ""


def listing(text: str) -> str:
    """Text in HTML with its lines and columns kept."""
    return f"<pre>{html.escape(text)}</pre>"


def _line(cells: TableRow, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"


def fun_words(fun: float, rounding: float = ROUNDING) -> str:
    """A value of f as text; zero if it is not larger than the rounding of f."""
    return "0" if abs(fun) <= rounding else f"{fun:.6g}"
