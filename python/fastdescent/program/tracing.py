"""What holds while a function of the user's runs on traced values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fastdescent.program import numpy_meaning  # noqa: F401 (gives traced values what NumPy means on them)
from fastdescent.program.scipy_functions import scipys_functions_answer
from fastdescent.program.source import errors_of_numpy


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    with errors_of_numpy(), scipys_functions_answer():
        yield
