"""`info`: what there is on this machine."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent._base.markup import columns, table
from fastdescent._base.threads import available_threads
from fastdescent._base.version import __version__
from fastdescent.engines import host
from fastdescent.engines.host import why_missing
from fastdescent.engines.registry import ENGINES

#: Packages that some functions need, and how to get them.
_EXTRAS = {
    "matplotlib": "pip install 'fastdescent[plot]'",
    "tqdm": "pip install 'fastdescent[progress]'",
    "sympy": "pip install sympy",
}


@at_top
@dataclass(frozen=True)
class EngineInfo:
    """An engine by name; why it is not available, or None where it is."""

    name: str
    available: bool
    why_not: str | None


@at_top
@dataclass(frozen=True, repr=False)
class Info:
    """What there is. Fields are attributes and keys: ``info.isa``, ``info["isa"]``, ``dict(info)``.

    Attributes
    ----------
    version, python, numpy, platform : str
    engines : tuple of EngineInfo
        Those that `engine=` may name.
    isa : str or None
        The instruction set in use; None where FASTDESCENT_ISA names one that is not there, or no engine is.
    isas : tuple of str
        Those that this machine runs, the best one first; none where no engine is there to tell.
    threads : int
        Cores that this process may use.
    extras : dict
        Optional packages: the version that is installed, or None.
    """

    version: str
    python: str
    numpy: str
    platform: str
    engines: tuple[EngineInfo, ...]
    isa: str | None
    isas: tuple[str, ...]
    threads: int
    extras: dict[str, str | None]

    def keys(self) -> Iterator[str]:
        """Names of the fields."""
        return (f.name for f in fields(self))

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)

    def __repr__(self) -> str:
        return columns(self._rows())

    def _repr_html_(self) -> str:
        return table(self._rows())

    def _rows(self) -> list[tuple[str, str]]:
        sets = ", ".join(f"{isa} (in use)" if isa == self.isa else isa for isa in self.isas)
        return [
            ("fastdescent", self.version),
            *((f"engine {e.name}", "available" if e.available else f"missing: {e.why_not}") for e in self.engines),
            ("instruction sets", sets or "not known without an engine"),
            ("threads", str(self.threads)),
            ("Python", f"{self.python} on {self.platform}"),
            ("NumPy", self.numpy),
            *((name, version or f"missing: {_EXTRAS[name]}") for name, version in self.extras.items()),
        ]


@at_top
def info() -> Info:
    """Versions, engines, instruction sets, threads and optional packages of this installation.

    Nothing is imported to find out.

    Returns
    -------
    Info

    Examples
    --------
    >>> import fastdescent as fd
    >>> [engine.name for engine in fd.info().engines]
    ['native', 'jit', 'numba']
    >>> fd.info()["version"] == fd.__version__
    True
    """
    reasons = {name: why_missing(name) for name in ENGINES}
    there = None in reasons.values()
    return Info(
        version=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        platform=f"{platform.system()} {platform.machine()}",
        engines=tuple(EngineInfo(name, reason is None, reason) for name, reason in reasons.items()),
        isa=host.isa() if there else None,
        isas=host.isas() if host.WHY_NO_CORE is None else (),
        threads=available_threads(),
        extras={name: _version(name) for name in _EXTRAS},
    )


def _version(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
