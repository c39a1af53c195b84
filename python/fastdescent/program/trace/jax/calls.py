"""Calls of functions: gone through as if written out, or, for some of JAX's own, one function of NumPy's.

Those functions have derivatives of their own in JAX, where what they compute has a kink or a singular point: log(e^x +
e^y) is computed as max(x, y) + log(1 + e^-|x - y|), for example.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastdescent.program.trace.jax.lines import is_own, source_of
from fastdescent.program.trace.jax.values import plain
from fastdescent.program.trace.numpy.ufuncs import SPECIAL, apply_special
from fastdescent.program.trace.source import user_frame

if TYPE_CHECKING:
    from fastdescent.program.trace.jax.interpreter import Interpreter

_NUMPY: dict[str, Callable[..., Any]] = {
    "logaddexp": np.logaddexp,
    "logaddexp2": np.logaddexp2,
    "sinc": np.sinc,
    "hypot": np.hypot,
    "signbit": np.signbit,
    "copysign": np.copysign,
    "det": np.linalg.det,
    "inv": np.linalg.inv,
    "slogdet": np.linalg.slogdet,
    "solve": np.linalg.solve,
}
_SPECIAL = ("entr", "xlogy", "xlog1py", "log_ndtr", "ndtr")


def call(run: Interpreter, equation: Any, operands: list[Any]) -> Sequence[Any]:
    params = equation.params
    jaxpr = next(params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params)
    name, file = source_of(getattr(jaxpr, "jaxpr", jaxpr))
    if is_own(file):
        function = _function(name, file)
        if function is not None and len(operands) == _N_OPERANDS.get(name, 2):
            result = function(*(plain(v) for v in operands))
            return [*result] if isinstance(result, tuple) else [result]
    elif equation.primitive.name.startswith(("custom_jvp", "custom_vjp")) and os.path.isfile(file):
        warnings.warn(
            f"{name} has a derivative of its own, which is not used: the derivative of what it computes is",
            stacklevel=_level(),
        )
    return run.run_closed(jaxpr, operands)


_N_OPERANDS = dict.fromkeys(("sinc", "signbit", "det", "inv", "slogdet", "entr", "log_ndtr", "ndtr"), 1)


def _function(name: str, file: str) -> Callable[..., Any] | None:
    module = os.path.basename(file)
    if module == "special.py":
        return apply_special(name) if name in _SPECIAL and name in SPECIAL else None
    linear = name in ("det", "inv", "slogdet", "solve")
    return _NUMPY[name] if name in _NUMPY and linear == (module == "linalg.py") else None


def _level() -> int:
    """Of the caller's frames, that of the user's line."""
    wanted, frame, level = user_frame(), sys._getframe(1), 1
    while frame is not wanted and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    return level
