"""Tables as text in columns and as HTML; HTML escapes whatever text it is given."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

Row = Sequence[str]
ROUNDING = 1e-12  #: of f, where nothing tells how f bends


def columns(rows: Sequence[Row], right: tuple[int, ...] = ()) -> str:
    """Rows in columns, the numbered ones flush right.

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


def table(rows: Iterable[Row], *, title: str = "", head: Row = ()) -> str:
    """A table in HTML.

    >>> table([("a < b", "1")])
    '<table><tbody><tr><td>a &lt; b</td><td>1</td></tr></tbody></table>'
    """
    caption = f"<caption>{html.escape(title)}</caption>" if title else ""
    top = f"<thead>{_line(head, 'th')}</thead>" if head else ""
    return f"<table>{caption}{top}<tbody>{''.join(_line(row, 'td') for row in rows)}</tbody></table>"


def paragraph(text: str) -> str:
    """Text in HTML, or nothing where there is none."""
    return f"<p>{html.escape(text)}</p>" if text else ""


def listing(text: str) -> str:
    """Text in HTML that keeps its lines and columns."""
    return f"<pre>{html.escape(text)}</pre>"


def _line(cells: Row, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"


def fun_words(fun: float, rounding: float = ROUNDING) -> str:
    """f, or zero where f is no more than its rounding."""
    return "0" if abs(fun) <= rounding else f"{fun:.6g}"
