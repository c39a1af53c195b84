"""Pickles that were made before classes were named `fastdescent.X` name the modules where classes stood then.

Such a module is made when it is asked for, and its names are those of `fastdescent`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

_FORMER = (
    "_bands", "_basins", "_classify", "_descent", "_errors", "_hyper", "_image", "_info", "_lazy", "_options",
    "_points", "_record", "_status", "_stochastic", "optimizers._base", "program.batch", "program.formula",
    "program.reductions", "program.row_data", "program.rule",
)  # fmt: skip
_RENAMED = {"_From": "GridPart", "_remade": "optimizer_of_pickle", "_unpickled": "formula_of_pickle"}


class FormerModules(MetaPathFinder, Loader):
    """Finds modules that have gone."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return spec_from_loader(name, self) if name.removeprefix("fastdescent.") in _FORMER else None

    def exec_module(self, module: ModuleType) -> None:
        module.__getattr__ = named_at_top  # type: ignore[method-assign]


def named_at_top(name: str) -> Any:
    """What a former name means now."""
    return getattr(sys.modules["fastdescent"], _RENAMED.get(name, name))
