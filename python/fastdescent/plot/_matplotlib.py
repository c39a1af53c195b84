"""The one place that says what to do where Matplotlib is missing."""

from __future__ import annotations


def required() -> None:
    """Raises ImportError, with the remedy, unless Matplotlib can be imported."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("pictures need Matplotlib: pip install 'fastdescent[plot]'") from None
