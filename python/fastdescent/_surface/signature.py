"""Which arguments of a function are coordinates, which one is the point, and what follows it.

>>> def levy(x, a=1.0): ...
>>> signature_of(levy, dim=3).is_point
True
>>> signature_of(lambda x, y: ..., dim=None).coordinates
('x', 'y')
>>> signature_of(lambda w, X, y: ..., dim=3, args=(1, 2)).is_point
True

- A function whose first argument can stand alone gets the point in it: the others have defaults, or `args` gives them.
- Several arguments without a default are coordinates if their names are consecutive letters or x1, x2, ..., or if
  `variables` names as many.
- Anything else may mean either, and is refused.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Function = Callable[..., Any]


@dataclass(frozen=True)
class FunctionSignature:
    """How a function is called."""

    title: str
    coordinates: tuple[str, ...]  #: names, one for each; empty if the function takes the point
    keywords: Mapping[str, Any]  #: the keyword-only arguments, with their defaults
    args: tuple[Any, ...] = ()  #: what follows the point

    @property
    def is_point(self) -> bool:
        return not self.coordinates

    def call(self, f: Function, x: Any, **keywords: Any) -> Any:
        """The function at a point."""
        if self.is_point:
            return f(x, *self.args, **keywords)
        return f(*(x[k] for k in range(len(self.coordinates))), **keywords)


def signature_of(
    f: Function, dim: int | None, args: tuple[Any, ...] = (), variables: tuple[str, ...] | None = None
) -> FunctionSignature:
    """Raises TypeError if the function cannot be called with a point, or if it is not clear how."""
    title = title_of(f)
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        raise TypeError(f"the arguments of {title} cannot be read; wrap it: surface(lambda x: f(x), dim=2)") from None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_more = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    keywords = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and not _is_fixed(f, p.name)}
    if not positional:
        raise TypeError(f"{title} takes no point; write f(x) or f(x, y)")
    needed = tuple(p.name for p in positional if p.default is p.empty) or (positional[0].name,)
    if args:
        _check_args(title, positional, needed, takes_more, args)
        return FunctionSignature(title, (), keywords, args)
    if len(needed) == 1:
        if len(positional) > 1 and dim is None:
            raise TypeError(
                f"argument {positional[1].name!r} of {title} has a default, so it may be a coordinate or a parameter: "
                "for a parameter write it behind a *, keyword-only; for a coordinate take the default away; or say dim="
            )
        return FunctionSignature(title, (), keywords)
    if _are_coordinates(needed) or (variables is not None and len(variables) == len(needed)):
        return FunctionSignature(title, needed, keywords)
    names = ", ".join(needed[1:])
    raise TypeError(
        f"{title}({', '.join(needed)}) may take a point or coordinates. If {needed[0]} is the point, give dim= and "
        f"args=({names},) or defaults for {names}; if all are coordinates, say variables={needed!r}"
    )


def title_of(f: Function) -> str:
    """The name of a function, also of one that `functools.partial` has bound."""
    inner = f.func if isinstance(f, functools.partial) else f
    return str(getattr(inner, "__name__", type(inner).__name__))


def _is_fixed(f: Function, name: str) -> bool:
    """Whether `functools.partial` has bound this argument to something that is no number, and so no parameter."""
    if not isinstance(f, functools.partial) or name not in f.keywords:
        return False
    return np.asarray(f.keywords[name]).dtype.kind not in "iuf"


def _are_coordinates(names: tuple[str, ...]) -> bool:
    """Whether names are consecutive letters, such as x, y, z, or numbered from 1, such as x1, x2."""
    if all(len(name) == 1 for name in names):
        return all(ord(b) - ord(a) == 1 for a, b in pairwise(names))
    stem = names[0].rstrip("0123456789")
    return names == tuple(f"{stem}{k}" for k in range(1, len(names) + 1))


def _check_args(
    title: str, positional: list[inspect.Parameter], needed: tuple[str, ...], takes_more: bool, args: tuple[Any, ...]
) -> None:
    n, most = len(args), len(positional) - 1
    if n < len(needed) - 1:
        raise TypeError(f"{title} needs {', '.join(needed[1:])} after the point; args= has {n}")
    if n > most and not takes_more:
        raise TypeError(f"{title} takes {most} argument{'s' * (most != 1)} after the point; args= has {n}")
