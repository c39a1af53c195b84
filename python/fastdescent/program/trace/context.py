"""What holds while a function of the user's runs on traced values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fastdescent.program.trace.numpy import meaning as numpy_meaning  # noqa: F401 (gives traced values what NumPy means on them)
from fastdescent.program.trace.scipy_functions import scipys_functions_answer
from fastdescent.program.trace.source import errors_of_numpy


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    with errors_of_numpy(), scipys_functions_answer():
        yield
