"""Modules of earlier versions, for pickles that name them.

Today pickles name `fastdescent` itself; earlier ones name the module of a class. An import of such a module makes an
empty module whose names are looked up in `fastdescent`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `import fastdescent` has no time for `typing`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_FORMER = (
    "_bands", "_basins", "_classify", "_descent", "_errors", "_hyper", "_image", "_info", "_lazy", "_options",
    "_points", "_record", "_status", "_stochastic", "optimizers._base", "optimizers._noisy", "optimizers._rules",
    "program.batch", "program.formula", "program.reductions", "program.row_data", "program.rule",
)  # fmt: skip
_RENAMED = {"_From": "GridPart", "_remade": "optimizer_of_pickle", "_unpickled": "formula_of_pickle"}


class FormerModules:
    """Finds and loads modules that have gone."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.removeprefix("fastdescent.") not in _FORMER:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """None: the usual kind of module."""

    def exec_module(self, module: ModuleType) -> None:
        module.__getattr__ = named_at_top  # type: ignore[method-assign]


def named_at_top(name: str) -> Any:
    """The class or function that had this name in an earlier version."""
    return getattr(sys.modules["fastdescent"], _RENAMED.get(name, name))
