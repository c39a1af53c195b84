"""`save`: a basin map as a picture file, whole or not at all."""

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
    """The path, if a picture can be written there; raises otherwise, before any work."""
    required()
    from matplotlib.figure import Figure

    return checked_output(path, Figure().canvas.get_supported_filetypes())


def save(m: BasinMap, path: str | os.PathLike[str]) -> None:
    """Draws a basin map, as `basins` does, and writes it to a file of any format that Matplotlib has.

    The file appears when it is complete: an error or Ctrl-C leaves what was there before.

    Parameters
    ----------
    m : BasinMap
    path : path
        Its extension says the format: .png, .pdf, .svg ...

    Raises
    ------
    ImportError, TypeError
        As `basins`: Matplotlib is missing, or m is not a BasinMap.
    ValueError
        Where the extension is not known.
    OSError
        Where the file cannot be written.

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
    """A small picture as an HTML element that holds all of it."""
    figure, png = _drawn(m), BytesIO()
    figure.savefig(png, format="png", dpi=_SMALL_DPI)
    code = b64encode(png.getvalue()).decode("ascii")
    return f'<img alt="basins of {escape(m.surface.name)}" src="data:image/png;base64,{code}">'


def _drawn(m: BasinMap) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    new_picture(m, figure)
    return figure
