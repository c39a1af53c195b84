"""The one exception of our own."""

from __future__ import annotations

from fastdescent._base.at_top import at_top


@at_top
class TraceError(TypeError):
    """A function or formula does something that cannot become a program.

    The message names the operation, the line of the function where it stands, and what to write instead.
    """
