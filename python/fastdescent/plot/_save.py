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
from fastdescent.plot._basins import checked, new_picture
from fastdescent.plot._matplotlib import required

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SMALL_DPI = 60


def checked_picture_path(path: str | os.PathLike[str]) -> Path:
    """The path, if a picture can be written there; raises otherwise, before anything is drawn."""
    required()
    from matplotlib.figure import Figure

    return checked_output(path, Figure().canvas.get_supported_filetypes())


def save(m: BasinMap, path: str | os.PathLike[str]) -> None:
    """Draws a basin map, as `basins` does, and writes it to a file of any format that Matplotlib has.

    The file appears when it is complete: after an error or Ctrl-C an earlier file is still there.

    Parameters
    ----------
    m : BasinMap
    path : path
        The extension says the format: .png, .pdf, .svg ...

    Raises
    ------
    ImportError, TypeError
        As `basins`: if Matplotlib is missing, or m is not a BasinMap.
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
    checked(m)
    target = checked_picture_path(path)
    figure = _drawn(m)
    with whole_file(target) as file:
        figure.savefig(file, format=target.suffix[1:].lower(), dpi=figure.dpi)


def html_image(m: BasinMap) -> str:
    """A small picture as an HTML element; the PNG file is inside its address."""
    figure, png = _drawn(m), BytesIO()
    figure.savefig(png, format="png", dpi=_SMALL_DPI)
    data = b64encode(png.getvalue()).decode("ascii")
    return f'<img alt="basins of {escape(m.surface.name)}" src="data:image/png;base64,{data}">'


def _drawn(m: BasinMap) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    new_picture(m, figure)
    return figure
