"""Lets a body index the arrays that it knows by name: the body runs as a copy, in which these are `Indexed`."""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent._base.files import PACKAGE
from fastdescent.program.trace.loops.number import Indexed

_PACKAGE = os.path.join(PACKAGE, "")
_Function = Callable[..., Any]


def with_indexed_arrays(body: _Function) -> _Function:
    """The function; its arrays, and those of functions that it calls by name, may be indexed by steps."""
    return _Copies().function(body)  # type: ignore[no-any-return]


class _Copies:
    def __init__(self) -> None:
        self._made: dict[int, Any] = {}  # id of a function -> its copy
        self._kept: list[Any] = []  # so that no id is used again

    def function(self, f: Any) -> Any:
        """A copy, or the function itself where it is not the user's or nothing in it changes."""
        if isinstance(f, functools.partial):
            given = {name: self._value(v) for name, v in f.keywords.items()}
            return functools.partial(self.function(f.func), *map(self._value, f.args), **given)
        if isinstance(f, types.MethodType):
            return types.MethodType(self.function(f.__func__), f.__self__)
        if not isinstance(f, types.FunctionType) or f.__code__.co_filename.startswith(_PACKAGE):
            return f
        if id(f) not in self._made:
            self._kept.append(f)
            self._made[id(f)] = f  # while it is copied: functions may call themselves
            self._made[id(f)] = self._copied(f)
        return self._made[id(f)]

    def _copied(self, f: types.FunctionType) -> types.FunctionType:
        names = _names(f.__code__)
        found = {name: self._value(f.__globals__[name]) for name in names if name in f.__globals__}
        changed = {name: v for name, v in found.items() if v is not f.__globals__[name]}
        cells = tuple(self._cell(c) for c in f.__closure__ or ())
        defaults = None if f.__defaults__ is None else tuple(map(self._value, f.__defaults__))
        given = {name: self._value(v) for name, v in (f.__kwdefaults__ or {}).items()}
        new = types.FunctionType(
            f.__code__, {**f.__globals__, **changed} if changed else f.__globals__, f.__name__, defaults,
            cells if f.__closure__ else None,
        )  # fmt: skip
        new.__kwdefaults__ = given or None
        return new

    def _cell(self, cell: types.CellType) -> types.CellType:
        try:
            value = self._value(cell.cell_contents)
        except ValueError:  # empty so far
            return cell
        return cell if value is cell.cell_contents else types.CellType(value)

    def _value(self, value: Any) -> Any:
        if type(value) is np.ndarray and value.ndim and value.dtype.kind in "biuf":
            return value.view(Indexed)
        if isinstance(value, types.FunctionType) and _is_users(value):
            return self.function(value)
        return value


def _is_users(f: types.FunctionType) -> bool:
    return f.__module__ is None or f.__module__.partition(".")[0] not in ("numpy", "scipy", "fastdescent")


def _names(code: types.CodeType) -> set[str]:
    """All names that a function's code, and that of functions within it, may look up outside."""
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))
