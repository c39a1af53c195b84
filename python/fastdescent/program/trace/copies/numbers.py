"""float, int, bool, type and the like, for traced numbers too.

A stand-in of a type is a class whose instances are those of the type, so that `isinstance(x, float)`, `dtype=float` and
`float("inf")` mean what they did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


class StandInOfType(type):
    """Calls and questions go to the type; a call with a traced value goes to `_traced`."""

    _type: type
    _traced: Callable[[Traced], Any]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], Traced):
            return cls._traced(*args, **kwargs)
        return cls._type(*args, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls._type)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls._type)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other == cls._type

    def __hash__(cls) -> int:
        return hash(cls._type)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._type, name)

    def __repr__(cls) -> str:
        return repr(cls._type)


def stand_in_of_type(kind: type, traced: Callable[..., Any]) -> Any:
    members: dict[str, Any] = {"_type": kind, "_traced": staticmethod(traced)}
    if issubclass(kind, float | int | np.generic):
        members["dtype"] = np.dtype(kind)
    return StandInOfType(kind.__name__, (), members)


def number(x: Traced) -> Any:
    """float(x)."""
    if x.size != 1:
        raise TypeError("only length-1 arrays can be converted to Python scalars")
    return 1.0 * x.ravel()[0]


def whole(x: Traced, *base: Any) -> Any:
    """int(x), a traced number that is whole."""
    return number(x).astype(int)


def truth(x: Traced) -> bool:
    return bool(x)


def complex_of(x: Traced, *rest: Any) -> Any:
    refuse("complex() of a traced value", "write real and imaginary parts as numbers of their own")


def single(x: Traced) -> Any:
    refuse("np.float32 of a traced value", "leave it out: values are computed in the dtype of the run")
