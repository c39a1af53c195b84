"""Names that pickles hold."""

from __future__ import annotations

from typing import TypeVar

Thing = TypeVar("Thing")


def at_top(thing: Thing) -> Thing:
    """Makes a class or function one of `fastdescent` itself, so that no pickle names the room where it stands.

    `fastdescent.__init__` must list it, since a pickle looks it up there.
    """
    thing.__module__ = "fastdescent"
    return thing
