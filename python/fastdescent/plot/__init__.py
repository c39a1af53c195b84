"""Pictures of results. Matplotlib is imported when a picture is drawn, and not before.

This room knows results (`BasinMap`, its table of points) and nothing of how they are computed. `_colours` and `_words`
are pure functions of arrays and text; the other modules draw with Matplotlib.
"""

from __future__ import annotations

from fastdescent.plot._basins import basins
from fastdescent.plot._colours import basin_image
from fastdescent.plot._save import save
from fastdescent.plot._sweep import sweep

__all__ = ["basin_image", "basins", "save", "sweep"]
