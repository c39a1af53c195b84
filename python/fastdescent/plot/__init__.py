"""Pictures. Matplotlib is imported when one is drawn, and not before.

This room knows results (`BasinMap`, its table of points) and nothing of how they come about. Colours and words are
pure functions of arrays and text; only `_basins` and `_figure` know Matplotlib.
"""

from __future__ import annotations

from fastdescent.plot._basins import basins
from fastdescent.plot._colours import basin_image
from fastdescent.plot._save import save

__all__ = ["basin_image", "basins", "save"]
