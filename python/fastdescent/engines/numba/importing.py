"""The first import of Numba, on a helper thread, as LLVM is used.

Python forgets a package whose import Ctrl-C ends, but keeps the parts that were imported before; the second import
then finds these parts and does not put them into the package, so that Numba stays broken in this process.
"""

from __future__ import annotations

from importlib import import_module

from fastdescent.engines.jit.compile.background import Background

#: The modules of this package that `core` uses. They import Numba, and so do the modules that they import.
_MODULES = ("descend", "entries", "geometry", "philox", "section")


def import_numba() -> None:
    """Imports Numba and what needs it here, once. To be called before any import of these modules."""
    _IMPORT.get()


def _import() -> None:
    for name in _MODULES:
        import_module(f"fastdescent.engines.numba.{name}")


_IMPORT = Background(_import)
