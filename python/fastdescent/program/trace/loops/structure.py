"""What a loop carries: an array, or tuples, lists and dictionaries of them, at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def parts_of(value: Any, name: str = "x") -> Iterator[tuple[str, Any]]:
    """The arrays, in order, each with the text that names it: x, x[0], x["rate"][1]."""
    if isinstance(value, dict):
        for key, v in value.items():
            yield from parts_of(v, f"{name}[{key!r}]")
    elif isinstance(value, tuple | list):
        for k, v in enumerate(value):
            yield from parts_of(v, f"{name}[{k}]")
    else:
        yield name, value


def rebuilt(like: Any, parts: Iterator[Any]) -> Any:
    """The same tuples, lists and dictionaries with other arrays."""
    if isinstance(like, dict):
        return type(like)((key, rebuilt(v, parts)) for key, v in like.items())
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*[rebuilt(v, parts) for v in like])
    if isinstance(like, tuple | list):
        return type(like)(rebuilt(v, parts) for v in like)
    return next(parts)


def shape_text(value: Any) -> str:
    """How the arrays lie: "(array, {'a': array})"."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {shape_text(v)}" for key, v in value.items()) + "}"
    if isinstance(value, tuple | list):
        inside = ", ".join(map(shape_text, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return "None" if value is None else "array"


def same_structure(a: Any, b: Any) -> bool:
    """Whether both have their arrays at the same places."""
    if isinstance(a, dict) or isinstance(b, dict):
        both = isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b)
        return both and all(same_structure(a[key], b[key]) for key in a)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list) and isinstance(a, tuple) == isinstance(b, tuple):
        return len(a) == len(b) and all(map(same_structure, a, b))
    return not isinstance(a, tuple | list) and b is not None and not isinstance(b, tuple | list)
