"""The context in which a function of the user's runs on traced values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.session import Decide, Session, current
from fastdescent.program.trace.source import errors_of_numpy


@contextlib.contextmanager
def tracing(builder: Builder, decide: Decide | None = None, fills_all: bool = False) -> Iterator[None]:
    """Inside, errors of NumPy become a `TraceError` with the line.

    A `TraceError` that the function swallows is raised again at the end.
    """
    session = Session(builder, decide, fills_all=fills_all)
    token = current.set(session)
    try:
        with errors_of_numpy():
            yield
    except Exception:
        if session.refused:
            raise session.refused[0] from None
        raise
    finally:
        current.reset(token)
    if session.refused:
        raise session.refused[0]
