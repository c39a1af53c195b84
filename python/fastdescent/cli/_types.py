"""Readers of option values. They raise ArgumentTypeError, which argparse reports with the name of the option."""

from __future__ import annotations

from argparse import ArgumentTypeError

import numpy as np
import numpy.typing as npt


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


def axis(text: str) -> tuple[str, npt.NDArray[np.float64]]:
    """A name and its values: evenly spaced, evenly spaced logarithms, or a list.

    >>> axis("lr=0.01:1:3:log"), axis("momentum=0:1:3"), axis("a=1,4")
    (('lr', array([0.01, 0.1 , 1.  ])), ('momentum', array([0. , 0.5, 1. ])), ('a', array([1., 4.])))
    """
    name, _, values = (part.strip() for part in text.partition("="))
    try:
        if not (name and values):
            raise ValueError
        if ":" not in values:
            return name, np.array([float(v) for v in values.split(",")])
        low, high, n, *scale = values.split(":")
        if scale not in ([], ["log"]) or int(n) < 1 or (scale and not (float(low) > 0 and float(high) > 0)):
            raise ValueError
        spaced = np.geomspace if scale else np.linspace
        return name, spaced(float(low), float(high), int(n))
    except ValueError:
        like = 'NAME=LO:HI:N such as "momentum=0:0.99:512", "lr=0.001:1:512:log", both ends above 0, or "a=1,2,4"'
        raise ArgumentTypeError(f"must be {like}; got {text.strip()!r}") from None


def point(text: str) -> list[float]:
    """Coordinates.

    >>> point("1,-2.5")
    [1.0, -2.5]
    """
    try:
        return [float(v) for v in text.split(",")]
    except ValueError:
        raise ArgumentTypeError(f"must be numbers such as 1,-2.5; got {text.strip()!r}") from None


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
