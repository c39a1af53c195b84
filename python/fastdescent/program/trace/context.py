"""The context in which a function of the user's runs on traced values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fastdescent.program.trace.scipy_functions import scipy_functions_traced
from fastdescent.program.trace.source import errors_of_numpy


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    """Inside, SciPy's functions accept traced values, and errors of NumPy become a `TraceError` with the line."""
    with errors_of_numpy(), scipy_functions_traced():
        yield
