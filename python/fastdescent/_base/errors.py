"""The package's only exception class."""

from __future__ import annotations

from fastdescent._base.at_top import at_top


@at_top
class TraceError(TypeError):
    """A function or formula does something that cannot become a program.

    The message names the operation, its line in the function, and what to write instead.
    """
