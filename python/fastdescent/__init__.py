"""Where gradient descent ends, from everywhere.

Millions of trajectories with SIMD and threads, every endpoint classified. `import fastdescent as fd`.
"""

from __future__ import annotations

from fastdescent import surfaces
from fastdescent._define import surface
from fastdescent._descent import Descent, descend
from fastdescent._errors import TraceError
from fastdescent._starts import grid, repeat, uniform
from fastdescent._status import Outcome, Status
from fastdescent._surface import Surface
from fastdescent.optimizers import GD, Adam, LineSearch, Momentum, RMSprop, optimizer

__version__ = "0.1.0"
