"""What operands are: known, and then NumPy arrays for the rules, or traced."""

from __future__ import annotations

from typing import Any

import jax
import jax.dtypes
import numpy as np

from fastdescent.program.graph.build import constant_value
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def known_value(value: Any, aval: Any) -> Any:
    """The value in JAX's dtype if it is known, otherwise None."""
    if not isinstance(value, Traced):
        return value
    constant = constant_value(value.node)
    return None if constant is None else np.asarray(constant, aval.dtype)


def plain(value: Any) -> Any:
    """A known operand as an array of NumPy's, floats of any width as float64; a traced one as it is."""
    if isinstance(value, Traced):
        return value
    if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        refuse("a random key beside a traced value", "draw from it by itself")
    array = np.asarray(value)
    return array.astype(np.float64) if is_float(array) else array


def is_float(value: Any) -> bool:
    """Whether a value has floats of any width."""
    return bool(jax.numpy.issubdtype(value.dtype, jax.numpy.floating))


def is_bool(value: Any) -> bool:
    """Whether an operand has truth values."""
    return value.is_bool if isinstance(value, Traced) else np.asarray(value).dtype == bool
