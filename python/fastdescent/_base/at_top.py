"""The module names that pickles hold."""

from __future__ import annotations

from typing import TypeVar

Thing = TypeVar("Thing")


def at_top(thing: Thing) -> Thing:
    """Gives a class or function the module name `fastdescent`, so that pickles survive a move between modules.

    `fastdescent.__init__` must list the name, since unpickling looks there.
    """
    thing.__module__ = "fastdescent"
    return thing
