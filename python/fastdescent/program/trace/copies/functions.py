"""A copy of a function: the same code, other globals, and other cells of its closure where they need stand-ins."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

StandIn = Callable[[Any], Any]
Remember = Callable[[Any, Any], Any]


class Globals(dict[str, Any]):
    """The globals of copies of one module's functions: a view of the module's, looked up when a name is needed.

    Names that a copy sets are kept here, and the module never sees them.
    """

    def __init__(self, original: Mapping[str, Any], builtins: dict[str, Any], stand_in: StandIn) -> None:
        super().__init__({"__builtins__": builtins, "__name__": original.get("__name__")})
        self._original, self._stand_in = original, stand_in

    def __getitem__(self, name: str) -> Any:  # which CPython calls for globals that are a subclass of dict
        return dict.__getitem__(self, name) if name in self.keys() else self._stand_in(self._original[name])


def copied(f: types.FunctionType, its_globals: Globals, stand_in: StandIn, remember: Remember) -> types.FunctionType:
    """The copy. It is remembered before its closure is filled, which may hold the function itself."""
    cells = [(cell, _needs_stand_in(cell)) for cell in f.__closure__ or ()]
    closure = tuple(types.CellType() if is_new else cell for cell, is_new in cells)
    defaults = tuple(stand_in(v) for v in f.__defaults__ or ()) or None
    copy = types.FunctionType(f.__code__, its_globals, f.__name__, defaults, closure or None)
    copy.__kwdefaults__ = {name: stand_in(v) for name, v in (f.__kwdefaults__ or {}).items()} or None
    copy.__qualname__ = f.__qualname__
    copy.__dict__.update({name: value for name, value in vars(f).items() if name != "__wrapped__"})
    remember(f, copy)
    for (cell, is_new), new in zip(cells, closure, strict=True):
        if is_new:
            new.cell_contents = stand_in(cell.cell_contents)
    return copy


def _needs_stand_in(cell: types.CellType) -> bool:
    """Whether the cell may hold something that has a stand-in. Numbers and arrays stay where `nonlocal` finds them."""
    try:
        return not isinstance(cell.cell_contents, int | float | complex | str | list | dict | set | tuple)
    except ValueError:  # it is empty
        return False
