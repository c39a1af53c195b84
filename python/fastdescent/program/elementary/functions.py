"""The elementary functions by name."""

from __future__ import annotations

from fastdescent.program.elementary.asin import acos, asin
from fastdescent.program.elementary.asinh import acosh, asinh, atanh
from fastdescent.program.elementary.atan import atan, atan2
from fastdescent.program.elementary.cbrt import cbrt
from fastdescent.program.elementary.erf import erf, erfc
from fastdescent.program.elementary.exp import exp
from fastdescent.program.elementary.expm1 import cosh, expm1, sinh
from fastdescent.program.elementary.hypot import hypot
from fastdescent.program.elementary.log import log
from fastdescent.program.elementary.log1p import log1p
from fastdescent.program.elementary.log2 import log2, log10
from fastdescent.program.elementary.pow import pow
from fastdescent.program.elementary.rounding import ceil, floor
from fastdescent.program.elementary.sigmoid import expit, logaddexp
from fastdescent.program.elementary.tanh import tanh
from fastdescent.program.elementary.trig import cos, sin, tan

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "expit",
    "expm1",
    "floor",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "pow",
    "sin",
    "sinh",
    "tan",
    "tanh",
]
