"""A module as copies of functions see it."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any


class ModuleView(types.ModuleType):
    """A module whose attributes are stand-ins."""

    def __init__(self, module: types.ModuleType, stand_in: Callable[[Any], Any]) -> None:
        super().__init__(module.__name__, module.__doc__)
        self._module, self._stand_in = module, stand_in

    def __getattr__(self, name: str) -> Any:
        return self._stand_in(getattr(self._module, name))

    def __dir__(self) -> list[str]:
        return dir(self._module)
