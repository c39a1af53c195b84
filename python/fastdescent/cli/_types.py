"""Readers of option values. They raise ArgumentTypeError, which argparse reports with the name of the option."""

from __future__ import annotations

from argparse import ArgumentTypeError


def size(text: str) -> tuple[int, ...]:
    """Cells along each coordinate, x first.

    >>> size("1024"), size("800x600")
    ((1024,), (800, 600))
    """
    parts = text.strip().lower().split("x")
    if not all(p.isdigit() and int(p) > 0 for p in parts):
        raise ArgumentTypeError(f"must be numbers of cells such as 1024 or 800x600; got {text.strip()!r}")
    return tuple(int(p) for p in parts)


def window(text: str) -> tuple[tuple[float, float], ...]:
    """Intervals, one per coordinate.

    >>> window("-6:6,0:1")
    ((-6.0, 6.0), (0.0, 1.0))
    """
    pairs = []
    for part in text.split(","):
        try:
            lo, hi = (float(v) for v in part.split(":"))
        except ValueError:
            raise ArgumentTypeError(f'must be lo:hi or lo:hi,lo:hi such as "-6:6,-6:6"; got {text.strip()!r}') from None
        pairs.append((lo, hi))
    return tuple(pairs)


def plane(text: str) -> tuple[int, int]:
    """Two coordinates, counted from 0."""
    parts = [p.strip() for p in text.split(",")]
    if len(parts) != 2 or not all(p.isdigit() for p in parts):
        raise ArgumentTypeError(f"must be two coordinates, counted from 0, such as 0,1; got {text.strip()!r}")
    return int(parts[0]), int(parts[1])


def parameter(text: str) -> tuple[str, float]:
    """A name and its value.

    >>> parameter("a=2")
    ('a', 2.0)
    """
    name, equals, value = text.strip().partition("=")
    try:
        if not (equals and name.isidentifier()):
            raise ValueError
        return name, float(value)
    except ValueError:
        raise ArgumentTypeError(f"must be NAME=NUMBER such as a=2; got {text.strip()!r}") from None


def file(text: str) -> str:
    """The name of a file to write."""
    if not text.strip():
        raise ArgumentTypeError(f"must name a file; got {text!r}")
    return text


def tolerance(text: str) -> float | str | None:
    """A number, "auto", or "none"."""
    word = text.strip().lower()
    if word in ("auto", "none"):
        return None if word == "none" else "auto"
    try:
        return float(word)
    except ValueError:
        raise ArgumentTypeError(f"must be a number, auto or none; got {text.strip()!r}") from None
