"""The context in which a function of the user's runs on traced values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fastdescent.program.trace.foreign import errors_of_libraries
from fastdescent.program.trace.scipy_functions import scipy_functions_traced
from fastdescent.program.trace.source import errors_of_numpy


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    """Inside, SciPy's functions accept traced values; errors of NumPy and of other libraries become a `TraceError`."""
    with errors_of_libraries(), errors_of_numpy(), scipy_functions_traced():
        yield
