"""The functions that trace, by name, from the tables of the tracer: the end of a section of the page on programs."""

from __future__ import annotations

from fastdescent.program.trace.numpy.functions import FUNCTIONS
from fastdescent.program.trace.numpy.ufuncs import SPECIAL, UFUNCS
from fastdescent.program.trace.scipy_functions import SCIPY


def traced_functions() -> str:
    """A paragraph for each module, in reStructuredText."""
    numpy = sorted({*FUNCTIONS, *UFUNCS} - set(SPECIAL))
    modules = {"scipy.special": set(SPECIAL)}
    for name in SCIPY:
        module, _, function = name.rpartition(".")
        modules.setdefault(module, set()).add(function)
    scipy = (f"Of ``{module}``: {_listed(sorted(names))}.\n" for module, names in sorted(modules.items()))
    return "\n".join((f"Of NumPy: {_listed(numpy)}.\n", *scipy))


def _listed(names: list[str]) -> str:
    return ", ".join(f"``{name}``" for name in names)
