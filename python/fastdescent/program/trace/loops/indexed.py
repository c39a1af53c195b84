"""Lets a body index the arrays that it knows by name: a copy of it runs, in which these are `Indexed`."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.trace.copies.copies import is_left_alone
from fastdescent.program.trace.copies.functions import Globals, copied
from fastdescent.program.trace.loops.number import Indexed


def with_indexed_arrays(body: Callable[..., Any]) -> Callable[..., Any]:
    """The function; its arrays, and those of functions that it knows, may be indexed by steps."""
    copy: Callable[..., Any] = _Copies().stand_in(body)
    return copy


class _Copies:
    """As `copies.Copies` for arrays alone; what it copies may be a copy already."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Any]] = {}  #: by id: the original, which keeps its id, and its stand-in

    def stand_in(self, value: Any) -> Any:
        if id(value) in self._made:
            return self._made[id(value)][1]
        if type(value) is np.ndarray:
            return value.view(Indexed) if value.ndim and value.dtype.kind in "biuf" else value
        if type(value) is types.FunctionType:
            alone = is_left_alone(value.__globals__.get("__name__"))
            return value if alone else copied(value, self._globals(value), self.stand_in, self._remember)
        if type(value) is types.MethodType:
            return types.MethodType(self.stand_in(value.__func__), self.stand_in(value.__self__))
        if type(value) is functools.partial:
            given = {name: self.stand_in(v) for name, v in value.keywords.items()}
            return functools.partial(self.stand_in(value.func), *map(self.stand_in, value.args), **given)
        if type(value) in (tuple, dict) and any(type(v) is np.ndarray for v in _elements(value)):
            made = list(map(self.stand_in, _elements(value)))
            return dict(zip(value, made, strict=True)) if isinstance(value, dict) else tuple(made)
        return value

    def _remember(self, original: Any, stand_in: Any) -> Any:
        self._made[id(original)] = original, stand_in
        self._made[id(stand_in)] = stand_in, stand_in
        return stand_in

    def _globals(self, f: types.FunctionType) -> Globals:
        original = f.__globals__
        if id(original) not in self._made:
            self._remember(original, Globals(original, _builtins_of(f), self.stand_in))
        made: Globals = self._made[id(original)][1]
        return made


def _elements(values: Any) -> Any:
    return values.values() if isinstance(values, dict) else values


def _builtins_of(f: types.FunctionType) -> dict[str, Any]:
    """The builtins that a function finds."""
    found = f.__globals__.get("__builtins__", __builtins__)
    return dict(vars(found)) if isinstance(found, types.ModuleType) else dict(found)
