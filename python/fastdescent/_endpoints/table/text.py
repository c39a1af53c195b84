"""Tables of critical points as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastdescent._base import markup
from fastdescent._base.markup import ROUNDING, fun_words
from fastdescent._base.status import MINIMA
from fastdescent._endpoints.search.cells import Frame
from fastdescent._endpoints.search.clusters import fun_tolerance
from fastdescent._endpoints.table.names import kind_words

if TYPE_CHECKING:
    from fastdescent._endpoints.table.points import CriticalPoints

_MAX_ROWS = 20
_MAX_COORDINATES = 6
_POSITION_TOL = 1e-10  # of the window: positions in a table are not known better
_HEAD = ("", "f", "kind", "share", "position")


def percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.2f} %"


def fmin_words(table: CriticalPoints) -> str:
    """The value of f that makes a minimum global, and where the value comes from."""
    if np.isnan(table.fmin):
        return "no minimum found"
    fun = fun_words(table.fmin, _rounding_of_minima(table))
    return f"lowest found: f = {fun}" if table.fmin_source == "found" else f"global: f = {fun} ({table.fmin_source})"


def lower_words(table: CriticalPoints) -> str:
    """What was seen below every minimum of the table, if anything was."""
    fun = table.fun[np.isin(table.kind, MINIMA)]
    least, rounding = float(fun.min(initial=np.inf)), _rounding_of_minima(table)
    if table.n_lower:
        many = table.n_lower > 1
        return (
            f"f = {fun_words(table.lowest, rounding)} was reached by {table.n_lower} "
            f"endpoint{'s that have' if many else ' that has'} no name"
        )
    if table.lowest == table.fmin and table.lowest < least:  # otherwise it is as low as the least, to rounding
        return f"f = {fun_words(table.lowest, rounding)} was seen, and no minimum as low"
    return ""


def _rounding_of_minima(table: CriticalPoints) -> float:
    is_minimum = np.isin(table.kind, MINIMA)
    return float(_rounding(table)[is_minimum].max(initial=0.0)) if is_minimum.any() else ROUNDING


def title(table: CriticalPoints) -> str:
    """How many rows and starts there are, and what the lowest f is."""
    k, n = len(table), int(table.n_starts.sum())
    starts = f"; {n} of {table.n_total} starts lead to them" if table.n_total else ""
    n_arrived = round(float(np.nansum(table.arrived * table.n_starts)))
    if n_arrived < n and not np.isnan(table.arrived).all():
        starts += f", {n_arrived} have arrived"
    return "; ".join([f"{k} critical point{'' if k == 1 else 's'}{starts}", fmin_words(table)])


def rows(table: CriticalPoints) -> list[tuple[str, ...]]:
    """The first rows as text: letter, f, kind, share, position."""
    rounding = _rounding(table)
    return [
        (
            table.letter(k),
            fun_words(table.fun[k], rounding[k]),
            kind_words(table.kind[k], table.form[k], table.set_dim[k], table.fmin_source),
            _share(table, k),
            _position(table.x[k]),
        )
        for k in range(min(len(table), _MAX_ROWS))
    ]


def _rounding(table: CriticalPoints) -> npt.NDArray[np.float64]:
    """How much f changes in each row if the position is rounded."""
    return fun_tolerance(table.eigenvalues, _POSITION_TOL * Frame.of(table.window).width.max())


def _share(table: CriticalPoints, k: int) -> str:
    if np.isnan(table.share_low[k]):
        return percent(table.share[k])
    return f"{percent(table.share[k])} ({100 * table.share_low[k]:.2f} to {100 * table.share_high[k]:.2f})"


def _position(x: npt.NDArray[np.float64]) -> str:
    # Adding zero turns -0 into 0.
    numbers = [f"{v + 0.0:.6g}" for v in np.round(x[:_MAX_COORDINATES], 12)]
    return "(" + ", ".join(numbers + ["..."] * (len(x) > _MAX_COORDINATES)) + ")"


def _more(table: CriticalPoints) -> str:
    hidden = len(table) - _MAX_ROWS
    if hidden <= 0:
        return ""
    return f"... and {hidden} more, with {percent(float(table.share[_MAX_ROWS:].sum()))} of the starts"


def _notes(table: CriticalPoints) -> list[str]:
    """What stands below the rows."""
    return [_more(table), lower_words(table)]


def text(table: CriticalPoints) -> str:
    lines = [title(table)]
    if len(table):
        cells = [_HEAD, *rows(table)]
        widths = [max(len(row[c]) for row in cells) for c in range(len(_HEAD))]
        right = (False, True, False, not table.random_starts, False)
        for row in cells:
            padded = (v.rjust(w) if r else v.ljust(w) for v, w, r in zip(row, widths, right, strict=True))
            lines.append("  " + "  ".join(padded).rstrip())
    return "\n".join([*lines, *filter(None, _notes(table))])


def html(table: CriticalPoints) -> str:
    notes = "".join(map(markup.paragraph, _notes(table)))
    return markup.table(rows(table), title=title(table), head=_HEAD) + notes
