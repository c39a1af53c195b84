"""Options of optimizers, from the fields of the built-in optimizers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any

from fastdescent._base.checks import nearest
from fastdescent.optimizers import BUILT_IN, Optimizer

_PREFIX = "hyper_"
_MOST_OWNERS = 4  #: named in an error


def add_optimizer_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """Adds --optimizer, whose default is told in these words, and one option per hyperparameter."""
    group = parser.add_argument_group("optimizer")
    names = ", ".join(map(str.lower, BUILT_IN))
    group.add_argument("--optimizer", metavar="NAME", help=f"{names} (default: {default})")
    for name, owners in _hyperparameters().items():
        usual = next((f.default for f in owners.values() if f.default is not MISSING), None)
        kind: dict[str, Any]
        if isinstance(usual, bool):
            kind = {"action": argparse.BooleanOptionalAction}
        elif isinstance(usual, tuple):
            kind = {"type": _numbers(len(usual)), "metavar": ",".join("V" * len(usual))}
        elif isinstance(usual, str):
            kind = {"type": str, "metavar": "WORD"}
        elif isinstance(usual, int):
            kind = {"type": int, "metavar": "N"}
        else:
            kind = {"type": float, "metavar": "V"}
        group.add_argument(option(name), dest=_PREFIX + name, default=argparse.SUPPRESS, help=_whose(owners), **kind)


def optimizer_of(arguments: argparse.Namespace, default: Optimizer) -> Optimizer:
    """The optimizer of the command line, or one of the default's kind.

    Raises ValueError for an unknown optimizer, and for options of other ones.
    """
    kind = type(default) if arguments.optimizer is None else _kind(arguments.optimizer.strip())
    given = {k.removeprefix(_PREFIX): v for k, v in vars(arguments).items() if k.startswith(_PREFIX)}
    known = {f.name: f for f in fields(kind)}
    for name in given:
        if name not in known:
            has = ", ".join(map(option, known)) or "none"
            owners = [owner.lower() for owner in _hyperparameters()[name]]
            more = f" or {len(owners) - _MOST_OWNERS} others" if len(owners) > _MOST_OWNERS else ""
            raise ValueError(
                f"{kind.__name__} has no {option(name)}, which belongs to --optimizer "
                f"{' or '.join(owners[:_MOST_OWNERS])}{more}; its options: {has}"
            )
    for name, f in known.items():
        if f.default is MISSING and name not in given:
            raise ValueError(f"{kind.__name__} needs {option(name)}")
    return kind(**given)


def _whose(owners: dict[str, Field[Any]]) -> str:
    """The optimizers that have a hyperparameter, and its defaults."""
    by_default: dict[str, list[str]] = {}
    for owner, f in owners.items():
        by_default.setdefault(default_words(f), []).append(owner)
    if len(owners) < len(BUILT_IN):
        return "of " + ", ".join(f"{', '.join(names)} ({default})" for default, names in by_default.items())
    usual = max(by_default, key=lambda default: len(by_default[default]))
    others = (f"; {', '.join(names)} {default}" for default, names in by_default.items() if default != usual)
    return f"of every optimizer ({usual}{''.join(others)})"


def option(name: str) -> str:
    """The option of a hyperparameter, such as --weight-decay."""
    return "--" + name.replace("_", "-")


def _kind(name: str) -> type[Optimizer]:
    known = {_key(k): v for k, v in BUILT_IN.items()}
    if _key(name) not in known:
        raise ValueError(f"no optimizer {name!r}{nearest(name, known)}; `fastdescent list` lists them")
    return known[_key(name)]


def _key(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _hyperparameters() -> dict[str, dict[str, Field[Any]]]:
    """The hyperparameters by name, each with the optimizers that have it."""
    found: dict[str, dict[str, Field[Any]]] = {}
    for owner, kind in BUILT_IN.items():
        for f in sorted(fields(kind), key=lambda f: f.kw_only is True):
            found.setdefault(f.name, {})[owner] = f
    return found


def default_words(f: Field[Any]) -> str:
    """The default of a hyperparameter as text."""
    if f.default is MISSING:
        return "needed"
    if f.default is None:
        return "none"
    return ",".join(map(str, f.default)) if isinstance(f.default, tuple) else str(f.default)


def _numbers(n: int) -> Callable[[str], tuple[float, ...]]:
    """The type of an option that takes n numbers."""

    def read(text: str) -> tuple[float, ...]:
        try:
            values = tuple(float(v) for v in text.split(","))
            if len(values) != n:
                raise ValueError
        except ValueError:
            like = ",".join(["0.9"] * n)
            raise argparse.ArgumentTypeError(f"must be {n} numbers such as {like}; got {text.strip()!r}") from None
        return values

    return read
