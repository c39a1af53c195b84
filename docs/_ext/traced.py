"""The functions that trace, by name, from the tables of the tracer: the end of a section of the page on programs."""

from __future__ import annotations

from fastdescent.program.trace.numpy.functions import FUNCTIONS
from fastdescent.program.trace.numpy.ufuncs import SPECIAL, UFUNCS
from fastdescent.program.trace.scipy_functions import SCIPY


def traced_functions() -> str:
    """Two paragraphs in reStructuredText."""
    numpy = sorted({*FUNCTIONS, *UFUNCS} - set(SPECIAL))
    scipy = sorted({*SPECIAL, *SCIPY})
    return f"All of NumPy: {_listed(numpy)}.\n\nAll of ``scipy.special``: {_listed(scipy)}.\n"


def _listed(names: list[str]) -> str:
    return ", ".join(f"``{name}``" for name in names)
