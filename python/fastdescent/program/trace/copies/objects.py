"""Shadows: an instance of a class of the user's, with copies as methods and attributes of its own.

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
#: Methods of the class itself, which are never called for an instance that exists, or must not be copied.
_KEPT = {"__new__", "__init_subclass__", "__class_getitem__", "__getattribute__", "__del__"}


class _Quiet:
    """Keeps classes that list their subclasses from hearing of shadows."""

    def __init_subclass__(cls) -> None:
        pass

    def __del__(self) -> None:
        """Nothing: what an instance closes when it ends belongs to the original."""


def can_be_shadowed(instance: Any) -> bool:
    """Whether the instance keeps its attributes in a dictionary, and its class is an ordinary one."""
    kind = type(instance)
    plain = type(kind) in (type, abc.ABCMeta) and kind.__flags__ & _IS_BASE_TYPE and hasattr(instance, "__dict__")
    return bool(plain) and not isinstance(instance, BaseException | enum.Enum | types.SimpleNamespace)


_IS_BASE_TYPE = 1 << 10  #: Py_TPFLAGS_BASETYPE: it can have subclasses


def shadow_of(instance: Any, stand_in: StandIn, remember: Remember) -> Any:
    """The shadow; the instance itself if its class makes instances in a way of its own, as classes written in C do."""
    kind: Any = type(instance)
    methods: dict[str, Any] = {}
    for owner in reversed(kind.__mro__[:-1]):
        methods |= {n: v for n, v in vars(owner).items() if isinstance(v, _COPIED) and n not in _KEPT}
    try:
        members = {"__module__": kind.__module__, "__slots__": ()}
        shadow_class: Any = type(kind)(kind.__name__, (_Quiet, kind), members)
        shadow: Any = object.__new__(shadow_class)
    except TypeError:
        return instance
    remember(instance, shadow)
    object.__getattribute__(shadow, "__dict__").update(vars(instance))
    for name, method in methods.items():
        type.__setattr__(shadow_class, name, stand_in(method))
    original = kind.__getattribute__

    def __getattribute__(self: Any, name: str) -> Any:
        value = original(self, name)
        return stand_in(value) if not name.startswith("__") else value

    type.__setattr__(shadow_class, "__getattribute__", __getattribute__)
    return shadow
