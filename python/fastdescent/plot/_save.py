"""`save`: a basin map as a picture file, which is written completely or not at all."""

from __future__ import annotations

import os
from base64 import b64encode
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from fastdescent._base.files import checked_output, whole_file
from fastdescent._maps.basin_map import BasinMap
from fastdescent._sweep.sweep import Sweep
from fastdescent.plot._basins import checked, new_picture
from fastdescent.plot._matplotlib import required
from fastdescent.plot._sweep import new_sweep_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SMALL_DPI = 60


def checked_picture_path(path: str | os.PathLike[str]) -> Path:
    """The path, if a picture can be written there; raises otherwise, before anything is drawn."""
    required()
    from matplotlib.figure import Figure

    return checked_output(path, Figure().canvas.get_supported_filetypes())


def save(m: BasinMap | Sweep, path: str | os.PathLike[str]) -> None:
    """Draws a basin map as `basins` does, or a sweep as `sweep` does, and writes it to a file of any format that
    Matplotlib has.

    The file appears when it is complete: after an error or Ctrl-C an earlier file is still there.

    Parameters
    ----------
    m : BasinMap or Sweep
    path : path
        The extension says the format: .png, .pdf, .svg ...

    Raises
    ------
    ImportError, TypeError
        If Matplotlib is missing, or m is neither a BasinMap nor a Sweep.
    ValueError
        If the extension is not known.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import fastdescent as fd
    >>> m = fd.basin_map(fd.surface("x**4 - x**2 + y**2"), shape=(64, 64))
    >>> fd.plot.save(m, "two_valleys.png")
    """
    if not isinstance(m, Sweep):
        checked(m)
    target = checked_picture_path(path)
    write(_drawn(m), target)


def write(figure: Figure, target: Path) -> None:
    """A figure as a file, whole or not at all."""
    with whole_file(target) as file:
        figure.savefig(file, format=target.suffix[1:].lower(), dpi=figure.dpi)


def html_image(m: BasinMap) -> str:
    """A small picture as an HTML element; the PNG file is inside its address."""
    figure, png = _drawn(m), BytesIO()
    figure.savefig(png, format="png", dpi=_SMALL_DPI)
    data = b64encode(png.getvalue()).decode("ascii")
    return f'<img alt="basins of {escape(m.surface.name)}" src="data:image/png;base64,{data}">'


def _drawn(m: BasinMap | Sweep) -> Figure:
    figure = empty_figure()
    if isinstance(m, Sweep):
        new_sweep_picture(m, figure)
    else:
        new_picture(m, figure)
    return figure


def empty_figure() -> Figure:
    """A figure that pyplot does not know."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    return figure
