"""What is traced at present, by the thread that asks: NumPy's `np.zeros(3)` does not say for which graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from fastdescent._base.errors import TraceError
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node

Decide = Callable[[Node], bool]


@dataclass
class Session:
    """One run of a function on traced values."""

    builder: Builder
    decide: Decide | None = None  #: the truth of a traced condition on the way that this run takes
    refused: list[TraceError] = field(default_factory=list)  #: raised so far; the user's code may have swallowed them
    fills_all: bool = False  #: whether all arrays of numbers that NumPy makes are traced, so that they can be filled


current: ContextVar[Session | None] = ContextVar("session", default=None)


@contextmanager
def apart() -> Iterator[None]:
    """Inside, what is refused is not kept: for code of ours that tries something."""
    session = current.get()
    token = current.set(None if session is None else replace(session, refused=[]))
    try:
        yield
    finally:
        current.reset(token)
