"""The elementary functions, at most 2 ulp from the true value over the whole range, written once for every engine.

Each is a function of an arithmetic (see `arithmetic.Arithmetic`) and one or two numbers: a sequence of operations
without branches. The files mirror cpp/include/fastdescent/math/, operation by operation; change both or neither.

>>> from fastdescent.program.exact import Exact
>>> exp(Exact("float64"), 1.0)
2.718281828459045
"""

from __future__ import annotations

from fastdescent.program.elementary.atan import atan, atan2
from fastdescent.program.elementary.exp import exp
from fastdescent.program.elementary.hypot import hypot
from fastdescent.program.elementary.log import log
from fastdescent.program.elementary.pow import pow
from fastdescent.program.elementary.tanh import tanh
from fastdescent.program.elementary.trig import cos, sin, tan

__all__ = ["atan", "atan2", "cos", "exp", "hypot", "log", "pow", "sin", "tan", "tanh"]
