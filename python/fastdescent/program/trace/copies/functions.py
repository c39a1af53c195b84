"""A copy of a function: the same code, other globals, and other cells of its closure where they need stand-ins."""

from __future__ import annotations

import copy
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
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

    def prepare(self, names: Iterable[str]) -> None:
        """For code that does not ask `__getitem__`: bodies of classes, and what `eval` is given."""
        for name in names:
            if name in self._original and name not in self.keys():
                self[name] = self._stand_in(self._original[name])

    def __getitem__(self, name: str) -> Any:  # which CPython calls for globals that are a subclass of dict
        return dict.__getitem__(self, name) if name in self.keys() else self._stand_in(self._original[name])


def copied(f: types.FunctionType, its_globals: Globals, stand_in: StandIn, remember: Remember) -> types.FunctionType:
    """The copy. It is remembered before its closure is filled, which may hold the function itself."""
    names = f.__code__.co_freevars  # of which super() needs the class as it is
    cells = [(c, n != "__class__" and _needs_stand_in(c)) for n, c in zip(names, f.__closure__ or (), strict=True)]
    closure = tuple(types.CellType() if is_new else cell for cell, is_new in cells)
    defaults = tuple(_own(stand_in(v)) for v in f.__defaults__ or ()) or None
    made = types.FunctionType(f.__code__, its_globals, f.__name__, defaults, closure or None)
    made.__kwdefaults__ = {name: _own(stand_in(v)) for name, v in (f.__kwdefaults__ or {}).items()} or None
    made.__qualname__ = f.__qualname__
    made.__dict__.update({name: value for name, value in vars(f).items() if name != "__wrapped__"})
    remember(f, made)
    for code in f.__code__.co_consts:
        if isinstance(code, types.CodeType) and not code.co_flags & inspect.CO_OPTIMIZED:  # the body of a class
            its_globals.prepare(code.co_names)
    for (cell, is_new), new in zip(cells, closure, strict=True):
        if is_new:
            new.cell_contents = stand_in(cell.cell_contents)
    return made


def _own(default: Any) -> Any:
    """A copy of a list, dictionary or set that is a default: what the function puts into it stays there."""
    return copy.copy(default) if isinstance(default, list | dict | set) else default


def _needs_stand_in(cell: types.CellType) -> bool:
    """Whether the cell may hold something that has a stand-in. Numbers stay where `nonlocal` finds them."""
    try:
        return not isinstance(cell.cell_contents, int | float | complex | str | set)
    except ValueError:  # it is empty
        return False
