"""Shadows: classes of the user's with copies as methods, and instances of theirs with attributes of their own.

What a copy sets on a shadow, the original instance never sees.
"""

from __future__ import annotations

import abc
import enum
import types
from collections.abc import Callable
from typing import Any

StandIn = Callable[[Any], Any]
Remember = Callable[[Any, Any], Any]

_COPIED = (types.FunctionType, property, classmethod, staticmethod)
#: Methods of the class itself, or that would call themselves.
_KEPT = {"__new__", "__init_subclass__", "__class_getitem__", "__getattribute__", "__del__"}
SHADOWED = "__shadowed__"  #: attribute of a shadow: its class
_IS_BASE_TYPE = 1 << 10  #: Py_TPFLAGS_BASETYPE: it can have subclasses


class _Quiet:
    """Keeps classes that list their subclasses from hearing of shadows."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        pass

    def __del__(self) -> None:
        """Nothing: what an instance closes when it ends belongs to the original."""


def has_shadow(kind: type) -> bool:
    """Whether this is an ordinary class, written in Python."""
    plain = type(kind) in (type, abc.ABCMeta) and kind.__flags__ & _IS_BASE_TYPE
    return bool(plain) and not issubclass(kind, BaseException | enum.Enum | types.SimpleNamespace)


def shadow_class(kind: Any, stand_in: StandIn, remember: Remember) -> Any:
    """A subclass with copies of all methods, also of the inherited ones. Instances of the class count as its own."""

    class Shadowing(type(kind)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, kind) if cls is shadow else super().__instancecheck__(instance)

    members = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__slots__": (), SHADOWED: kind}
    try:
        shadow: Any = Shadowing(kind.__name__, (_Quiet, kind), members)
    except TypeError:  # the class does not let itself be derived from
        return kind
    remember(kind, shadow)
    for owner in reversed(kind.__mro__[:-1]):
        for name, value in vars(owner).items():
            if isinstance(value, _COPIED) and name not in _KEPT:
                type.__setattr__(shadow, name, stand_in(value))
    original = kind.__getattribute__

    def __getattribute__(self: Any, name: str) -> Any:
        value = original(self, name)
        return stand_in(value) if not name.startswith("__") else value

    type.__setattr__(shadow, "__getattribute__", __getattribute__)
    return shadow


def shadow_of(instance: Any, shadow: Any, remember: Remember) -> Any:
    """An instance of the shadow class, or the instance itself if it is made in a way of its own, as those of C are."""
    try:
        copy = object.__new__(shadow)
    except TypeError:
        return instance
    remember(instance, copy)
    for owner in type(instance).__mro__:
        for name in _slots(owner):
            if hasattr(instance, name):
                object.__setattr__(copy, name, getattr(instance, name))
    if hasattr(instance, "__dict__"):
        object.__getattribute__(copy, "__dict__").update(vars(instance))
    return copy


def _slots(owner: type) -> list[str]:
    names = vars(owner).get("__slots__", ())
    return [n for n in ((names,) if isinstance(names, str) else names) if n not in ("__dict__", "__weakref__")]
